"""What is done with the first candidate: the plan, the files, and what is said about age and totals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from basewise.errors import OutputError, UsageError
from basewise.model.choice import Recommendation, Uncounted
from basewise.model.finding import Finding, Severity, State, Vulnerabilities
from basewise.model.package import Package, PackageType
from basewise.model.requirement import Application, Manifest
from basewise.model.verdict import AddedPackage, Fit, Swap, Verdict
from basewise.operations.candidate_evidence import (
    Findings,
    build_candidate,
    fixes_since,
    size_of,
    sources_to_upgrade,
    uncounted_groups,
)
from basewise.operations.recommendation import LOCK_NAME, recommend, refresh_reason
from basewise.operations.write_dockerfile import write_dockerfile
from basewise.testing.candidates import candidate, counts
from basewise.testing.fits import application, base_image


def finding(
    name: str = "CVE-2026-1",
    *,
    source: str = "openssl",
    state: State = State.FIXED,
    fixed_on: str | None = "2026-10-01",
    binaries: tuple[str, ...] = ("libssl3t64", "openssl"),
    kind: PackageType = PackageType.DEB,
) -> Finding:
    package = Package(type=kind, name=binaries[0], version="1", source=source, source_version="1")
    return Finding(
        id=name,
        package=package,
        binaries=binaries,
        state=state,
        fixed_version="2" if state is State.FIXED else None,
        fixed_on=fixed_on,
        severity=Severity.UNKNOWN,
    )


def found(*findings: Finding, uncounted: tuple[Finding, ...] = ()) -> Findings:
    return Findings(findings=findings, uncounted=uncounted, counts=Vulnerabilities(), measured=True)


def app_in(folder: Path) -> Application:
    (folder / "requirements.txt").write_text("idna\n")
    manifest = Manifest(path="requirements.txt", format="requirements", role="requirements")
    return msgspec.structs.replace(application(), path=str(folder), manifests=(manifest,))


def advice(folder: Path, *, lock: str | None = "idna==3 --hash=sha256:00\n") -> Recommendation:
    app = app_in(folder)
    image = base_image("trixie", python="3.14.7")
    fit = Fit(verdict=Verdict.FITS)
    first = build_candidate(image, fit, found(), now=datetime(2026, 11, 23, tzinfo=UTC))
    return recommend(app, image, first, fit, found=found(finding()), lock=lock, why=("because",))


def test_only_fixes_published_after_the_build_count_as_new() -> None:
    findings = [
        finding("CVE-1", fixed_on="2026-08-31"),
        finding("CVE-2", fixed_on="2026-09-02"),
        finding("CVE-3", fixed_on=None),
        finding("CVE-4", state=State.OPEN, fixed_on=None),
    ]
    assert fixes_since(findings, date(2026, 9, 1)) == ("CVE-2",)


def test_packages_with_a_fix_are_upgraded_by_name_but_not_what_comes_fixed_anyway() -> None:
    added = AddedPackage(
        manager="apt", name="openssl", version="2", why=(), download_bytes=1, installed_bytes=1
    )
    interpreter = finding("CVE-9", source="", binaries=("cpython",), kind=PackageType.CPYTHON)
    assert sources_to_upgrade([finding(), interpreter], [added]) == ("libssl3t64",)
    assert sources_to_upgrade([finding(state=State.OPEN)], []) == ()


def test_kernel_headers_and_entries_without_a_cve_are_grouped_beside_the_count() -> None:
    headers = [finding(f"CVE-{number}", source="linux", binaries=("linux-libc-dev",)) for number in range(60)]
    entry = finding("gh-1", source="", binaries=("cpython",), kind=PackageType.CPYTHON)
    assert uncounted_groups([*headers, entry]) == (
        Uncounted(what="kernel headers", count=60, fixable=60),
        Uncounted(what="security entries without a CVE", count=1, fixable=1, ids=("gh-1",)),
    )


def test_an_unknown_part_makes_the_total_unknown_and_never_smaller() -> None:
    fit = Fit(verdict=Verdict.FITS, wheels_disk_bytes=None, wheels_download_bytes=7)
    size = size_of(base_image(), fit)
    assert (size.disk_bytes, size.basis, size.download_bytes) == (None, "unknown", 8)


def test_what_brings_each_fix_is_said() -> None:
    interpreter = finding("CVE-9", source="", binaries=("cpython",), kind=PackageType.CPYTHON)
    aged = candidate(age_days=83, fixes_since_build=("CVE-2026-1", "CVE-9"), vulnerabilities=counts(2, 0, 0))
    sentence = refresh_reason(aged, [finding(), interpreter])
    assert "83 days ago" in sentence
    assert "2 known fixes" in sentence
    assert "the Dockerfile installs 1 of them" in sentence
    assert "1 in CPython" in sentence


def test_an_unmeasured_image_says_that_its_fixes_are_not_known() -> None:
    unmeasured = candidate(vulnerabilities=Vulnerabilities())
    assert "not known" in refresh_reason(unmeasured, [])


def test_the_dockerfile_upgrades_and_installs_from_the_lock(tmp_path: Path) -> None:
    recommendation = advice(tmp_path)
    assert "libssl3t64" in recommendation.dockerfile
    assert f"--requirement={LOCK_NAME}" in recommendation.dockerfile
    assert recommendation.lock is not None
    assert recommendation.lock.startswith("# Written by basewise")
    assert recommendation.dockerignore is not None


def test_both_totals_are_given_where_nobody_said_what_it_computes_on(tmp_path: Path) -> None:
    swap = Swap(
        replace="torch", with_="torch (CPU wheels)", saves_download_bytes=400, saves_disk_bytes=600, why=""
    )
    fit = Fit(verdict=Verdict.FITS, swaps=(swap,), wheels_disk_bytes=1000, wheels_download_bytes=500)
    app = app_in(tmp_path)
    image = base_image("trixie")
    first = build_candidate(image, fit, found(), now=datetime(2026, 11, 23, tzinfo=UTC))
    why = recommend(app, image, first, fit, found=found(), lock=None, why=()).why
    assert any("with the GPU wheels" in sentence and "401 B" in sentence for sentence in why)


def test_files_are_written_once_and_again_but_never_over_somebody_elses(tmp_path: Path) -> None:
    recommendation = advice(tmp_path)
    place = tmp_path / "Dockerfile"
    written = write_dockerfile(recommendation, place, tmp_path)
    assert [path.name for path in written] == [LOCK_NAME, ".dockerignore", "Dockerfile"]
    write_dockerfile(recommendation, place, tmp_path)
    place.write_text("FROM scratch\n")
    with pytest.raises(UsageError, match="did not write it"):
        write_dockerfile(recommendation, place, tmp_path)
    assert place.read_text() == "FROM scratch\n"
    write_dockerfile(recommendation, place, tmp_path, force=True)
    assert place.read_text() == recommendation.dockerfile


def test_a_place_that_cannot_be_written_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    recommendation = advice(tmp_path)
    (tmp_path / "Dockerfile").mkdir()
    with pytest.raises(OutputError):
        write_dockerfile(recommendation, tmp_path / "Dockerfile", tmp_path)
    assert not (tmp_path / LOCK_NAME).exists()
