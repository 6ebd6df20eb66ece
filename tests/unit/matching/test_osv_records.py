"""From a record as OSV publishes it to a finding, in every ecosystem: what a record names is what is judged."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from basewise.advisories.content import gather
from basewise.advisories.osv import Osv
from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.distro import Distro
from basewise.model.finding import Severity, State
from basewise.model.package import Package, PackageType
from basewise.progress import SilentProgress

FIRST, SECOND = "CVE-2026-0001", "CVE-2026-0002"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def affected(ecosystem: str, name: str, *events: dict[str, str], **more: object) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *events]}]
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **more}


def record(identifier: str, *parts: dict[str, Any], **more: object) -> dict[str, Any]:
    dates = {"modified": "2026-11-20T00:00:00Z", "published": "2026-10-01T00:00:00Z"}
    return {"schema_version": "1.7.0", "id": identifier, **dates, "affected": list(parts), **more}


def judged(
    folder: Path,
    ecosystem: str,
    records: list[dict[str, Any]],
    packages: list[Package],
    distro: Distro | None,
) -> MatchResult:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for item in records:
            archive.writestr(f"{item['id']}.json", json.dumps(item))
    feed = Osv(path, ecosystem)
    content = gather([(feed.name, feed.collect(SilentProgress()))])
    with Store.open_bytes(encode_store(content), "of a test") as store:
        return match(packages, distro, store)


def package(kind: PackageType, name: str, version: str, source: str | None = None) -> Package:
    return Package(
        type=kind, name=name, version=version, source=source, source_version=version if source else None
    )


DEB, APK, RPM, PYPI = PackageType.DEB, PackageType.APK, PackageType.RPM, PackageType.PYPI

# Ecosystem of OSV, records, installed package, distribution; and the finding: id, state, fixed version, severity.
CASES: dict[str, tuple[str, list[dict[str, Any]], Package, Distro | None, tuple[str, State, str | None, Severity]]] = {
    "PyPI, three records of one vulnerability": (
        "PyPI",
        [
            record("PYSEC-2026-1", affected("PyPI", "Pillow", {"fixed": "10.1"}), aliases=["GHSA-aaaa-bbbb-cccc"]),
            record(
                "GHSA-aaaa-bbbb-cccc", affected("PyPI", "pillow", {"fixed": "10.2"}), aliases=[FIRST],
                severity=[{"type": "CVSS_V3", "score": VECTOR}], database_specific={"severity": "MODERATE"},
            ),
            record("GHSA-dddd-eeee-ffff", affected("PyPI", "pillow"), aliases=[SECOND], withdrawn="2026-10-02T00:00:00Z"),
        ],
        package(PYPI, "Pillow", "10.0"),
        None,
        (FIRST, State.FIXED, "10.2", Severity.MEDIUM),
    ),
    "Debian, its view of a CVE": (
        "Debian",
        [record("DEBIAN-CVE-2026-0001", affected("Debian:12", "openssl", {"fixed": "3.0.18-1"}), upstream=[FIRST])],
        package(DEB, "libssl3", "3.0.17-1", "openssl"),
        Distro("debian", "12", "bookworm"),
        (FIRST, State.FIXED, "3.0.18-1", Severity.UNKNOWN),
    ),
    "Ubuntu, no fix yet": (
        "Ubuntu",
        [
            record(
                "UBUNTU-CVE-2026-0001", affected("Ubuntu:24.04:LTS", "openssl"), upstream=[FIRST],
                severity=[{"type": "Ubuntu", "score": "low"}, {"type": "CVSS_V3", "score": VECTOR}],
            )
        ],
        package(DEB, "libssl3t64", "3.0.13-0ubuntu3", "openssl"),
        Distro("ubuntu", "24.04", "noble"),
        (FIRST, State.OPEN, None, Severity.LOW),
    ),
    "Alpine, by origin": (
        "Alpine",
        [record("ALPINE-CVE-2026-0001", affected("Alpine:v3.20", "openssl", {"fixed": "3.3.2-r0"}), upstream=[FIRST])],
        package(APK, "libssl3", "3.3.1-r0", "openssl"),
        Distro("alpine", "3.20"),
        (FIRST, State.FIXED, "3.3.2-r0", Severity.UNKNOWN),
    ),
    "Wolfi, an id of its own with aliases": (
        "Wolfi",
        [record("CGA-aaaa-bbbb-cccc", affected("Wolfi", "openssl", {"fixed": "3.3.2-r0"}), upstream=[FIRST])],
        package(APK, "libssl3", "3.3.1-r0", "openssl"),
        Distro("wolfi", "20230201"),
        (FIRST, State.FIXED, "3.3.2-r0", Severity.UNKNOWN),
    ),
    "Red Hat, a binary package of the distribution alone": (
        "Red Hat",
        [
            record(
                "RHSA-2026:0001",
                affected("Red Hat:enterprise_linux:9::baseos", "openssl-libs", {"fixed": "1:3.0.7-25.el9_3"}),
                affected("Red Hat:rhel_eus:9.2::baseos", "openssl-libs", {"fixed": "1:3.0.7-99.el9_2"}),
                upstream=[FIRST],
                summary="Red Hat Security Advisory: openssl security update",
            )
        ],
        package(RPM, "openssl-libs", "1:3.0.7-24.el9", "openssl"),
        Distro("rhel", "9.4"),
        (FIRST, State.FIXED, "1:3.0.7-25.el9_3", Severity.UNKNOWN),
    ),
    "Rocky Linux, the source package": (
        "Rocky Linux",
        [
            record(
                "RLSA-2026:0001", affected("Rocky Linux:8", "openssl", {"fixed": "1:1.1.1k-12.el8_9"}), upstream=[FIRST],
                summary="Important: openssl security update",
            )
        ],
        package(RPM, "openssl-libs", "1:1.1.1k-9.el8", "openssl"),
        Distro("rocky", "8.9"),
        (FIRST, State.FIXED, "1:1.1.1k-12.el8_9", Severity.HIGH),
    ),
    "AlmaLinux, a binary package and a related CVE": (
        "AlmaLinux",
        [
            record(
                "ALSA-2026:0001", affected("AlmaLinux:9", "openssl-libs", {"fixed": "1:3.0.7-25.el9_3"}), related=[FIRST],
                summary="Moderate: openssl security update",
            ),
            record(
                "ALBA-2026:0002", affected("AlmaLinux:9", "openssl-libs", {"fixed": "1:3.0.7-26.el9_3"}),
                summary="openssl bug fix and enhancement update",
            ),
        ],
        package(RPM, "openssl-libs", "1:3.0.7-24.el9", "openssl"),
        Distro("almalinux", "9.4"),
        (FIRST, State.FIXED, "1:3.0.7-25.el9_3", Severity.MEDIUM),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_record_gives_one_finding(
    tmp_path: Path,
    case: tuple[str, list[dict[str, Any]], Package, Distro | None, tuple[str, State, str | None, Severity]],
) -> None:
    ecosystem, records, installed, distro, expected = case
    result = judged(tmp_path, ecosystem, records, [installed], distro)
    assert result.measured
    assert [(one.id, one.state, one.fixed_version, one.severity) for one in result.findings] == [expected]


def test_a_release_that_debian_no_longer_looks_after_leaves_a_vulnerability_undetermined(
    tmp_path: Path,
) -> None:
    ended = record(
        "DEBIAN-CVE-2026-0001",
        affected("Debian:11", "openssl", ecosystem_specific={"urgency": "end-of-life"}),
        upstream=[FIRST],
    )
    fixed = record("DLA-1-1", affected("Debian:11", "openssl", {"fixed": "1.1.1w-2"}), upstream=[FIRST])
    old, new = (package(DEB, "libssl1.1", version, "openssl") for version in ("1.1.1w-1", "1.1.1w-2"))
    bullseye = Distro("debian", "11", "bullseye")

    def states(records: list[dict[str, Any]], installed: Package) -> list[State]:
        return [one.state for one in judged(tmp_path, "Debian", records, [installed], bullseye).findings]

    assert states([ended], old) == [State.UNDETERMINED]
    assert states([ended, fixed], old) == [State.FIXED]
    assert states([ended, fixed], new) == []


def test_an_erratum_that_fixes_several_vulnerabilities_is_several_findings(tmp_path: Path) -> None:
    erratum = record(
        "RHSA-2026:0001",
        affected("Red Hat:enterprise_linux:9::baseos", "openssl-libs", {"fixed": "1:3.0.7-25.el9_3"}),
        upstream=[FIRST, SECOND],
    )
    installed = package(RPM, "openssl-libs", "1:3.0.7-24.el9", "openssl")
    result = judged(tmp_path, "Red Hat", [erratum], [installed], Distro("rhel", "9.4"))
    erratum_id = ("RHSA-2026:0001",)
    assert [(one.id, one.aliases) for one in result.findings] == [(FIRST, erratum_id), (SECOND, erratum_id)]
    assert {one.detail for one in result.findings} == {"fixed in 1:3.0.7-25.el9_3 (RHSA-2026:0001)"}
    assert {one.fixed_on for one in result.findings} == {"2026-10-01"}


def test_a_version_at_its_fix_has_no_finding_in_any_ecosystem(tmp_path: Path) -> None:
    for number, (ecosystem, records, installed, distro, expected) in enumerate(CASES.values()):
        fixed = expected[2]
        if fixed is None:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        raised = package(installed.type, installed.name, fixed, installed.source)
        assert judged(folder, ecosystem, records, [raised], distro).findings == (), ecosystem
