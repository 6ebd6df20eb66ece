"""Comparing images: catalogue and read ones side by side, what changes between two, and what counts as worse."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.candidates.catalogue import load_catalogue
from basewise.errors import ImageError, UsageError
from basewise.model.advisory import Advisory, FactKind
from basewise.model.compare import Compare, Provenance
from basewise.model.finding import State, Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.operations.compare import CompareOptions, compare
from basewise.operations.read_image import ImageAccess
from basewise.operations.scan import scan
from basewise.policy.worse import judge_worse
from basewise.report.json_document import encode_json
from basewise.testing.feeds import fact
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.python_images import SECRET, python_image
from basewise.testing.whole_stores import whole_store_content

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OFFLINE = ImageAccess(offline=True)
OLD = (("libssl3", "3.0.9-1", "openssl"), ("zlib1g", "1:1.2.13.dfsg-1", "zlib"), ("less", "590-2", "less"))
NEW = (("libssl3", "3.0.12-1", "openssl"), ("zlib1g", "1:1.2.13.dfsg-1", "zlib"), ("perl", "5.36", "perl"))
FIXED = fact("CVE-2023-1", FactKind.FIXED, "3.0.11-1", severity="high")
OPEN = fact("CVE-2023-2", FactKind.OPEN, package="zlib", origin="debian_tracker", severity="low")
PERL = fact("CVE-2023-3", FactKind.OPEN, package="perl", origin="debian_tracker", severity="critical")


def opened(*facts: Advisory) -> Store:
    return Store.open_bytes(encode_store(whole_store_content(*facts)), "of a test")


FILLER = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(200))


def image(
    packages: tuple[tuple[str, str, str], ...] = OLD,
    python: str = "3.12.11",
    more: Mapping[str, str | bytes] | None = None,
) -> ImageBuilder:
    """Build an image that is so large that a few files more are less than a tenth."""
    return python_image(
        python, codename="bookworm", packages=packages, further={"srv/model.bin": FILLER, **(more or {})}
    )


def layout(folder: Path, builder: ImageBuilder) -> str:
    return f"oci:{builder.write_layout(folder)}"


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    after = image(NEW, more={"usr/lib/x86_64-linux-gnu/libnew.so.1": "\x7fELF"})
    after.configure(Env=["PATH=/usr/bin", "MODEL=small"], User="app", Labels={"team": "blue", "kept": "yes"})
    before = image().configure(User="root", Labels={"team": "red", "gone": "1", "kept": "yes"})
    return [layout(tmp_path / "before", before), layout(tmp_path / "after", after)]


@pytest.fixture
def covered(tmp_path: Path) -> list[str]:
    """Return two images of which the store of a test knows everything."""
    return [
        layout(tmp_path / name, image(packages[:2], python=""))
        for name, packages in (("covered-before", OLD), ("covered-after", NEW))
    ]


def compared(images: list[str], *facts: Advisory, **options: object) -> Compare:
    wishes = CompareOptions(access=OFFLINE, **options)  # type: ignore[arg-type]  # named as the options are
    with opened(*facts) as store:
        return compare(images, wishes, now=NOW, store=store)


def test_two_images_say_what_changes(pair: list[str]) -> None:
    changes = compared(pair, FIXED, OPEN, PERL).changes
    assert changes is not None
    assert changes.packages is not None
    assert [(each.name, each.version) for each in changes.packages.added] == [("perl", "5.36")]
    assert [each.name for each in changes.packages.removed] == ["less"]
    (openssl,) = changes.packages.changed
    assert (openssl.name, openssl.before, openssl.after) == ("libssl3", "3.0.9-1", "3.0.12-1")
    assert changes.findings is not None
    assert [(each.id, each.package) for each in changes.findings.gained] == [("CVE-2023-3", "perl")]
    assert [(each.id, each.package) for each in changes.findings.lost] == [("CVE-2023-1", "openssl")]
    assert changes.libraries is not None
    assert changes.libraries.added == ("libnew.so.1",)
    assert changes.user == ("root", "app")


def test_names_of_variables_and_labels_change_and_no_value_is_written(pair: list[str]) -> None:
    found = compared(pair, FIXED)
    changes = found.changes
    assert changes is not None
    assert changes.environment is not None
    assert changes.environment.added == ("MODEL",)
    assert changes.environment.removed == ("PYTHON_VERSION", "TOKEN")
    assert changes.environment.changed == ("PATH",)
    assert changes.labels is not None
    assert changes.labels.added == ()
    assert changes.labels.removed == ("gone",)
    assert changes.labels.changed == ("team",)
    written = encode_json(found)
    assert SECRET.encode() not in written
    assert b"blue" not in written


def test_a_read_image_counts_like_its_scan(pair: list[str]) -> None:
    with opened(FIXED, OPEN, PERL) as store:
        scanned = [scan(each, now=NOW, store=store) for each in pair]
        rows = compare(pair, now=NOW, store=store).images
    assert [row.vulnerabilities for row in rows] == [each.summary.vulnerabilities for each in scanned]
    assert [row.provenance for row in rows] == [Provenance.READ] * 2
    for row, each in zip(rows, scanned, strict=True):
        assert row.findings is not None
        assert {(found.id, found.package) for found in row.findings} == {
            (found.id, found.package.source) for found in each.findings
        }


def test_names_patterns_and_the_catalogue_are_each_compared_once() -> None:
    known = [each.name for each in load_catalogue().images]
    of_minor = [name for name in known if name.startswith("python:3.13-slim")]
    found = compare(
        ["python:3.13-slim-*", of_minor[0], "python:3.13-slim"], CompareOptions(access=OFFLINE), now=NOW
    )
    assert [each.image for each in found.images] == of_minor
    assert {each.provenance for each in found.images} == {Provenance.CATALOGUE}
    whole = compare([], CompareOptions(access=OFFLINE, whole_catalogue=True), now=NOW)
    assert [each.image for each in whole.images] == known
    assert whole.changes is None
    assert all(each.findings is None for each in whole.images)


def test_an_image_of_the_catalogue_beside_a_read_one_compares_what_both_lists_hold(tmp_path: Path) -> None:
    own = layout(tmp_path / "own", image(more={"usr/local/lib/python3.12/site-packages/x-1.dist-info/METADATA": "Name: x\nVersion: 1\n"}))  # fmt: skip
    found = compare(["python:3.12-slim-bookworm", own], CompareOptions(access=OFFLINE), now=NOW)
    assert found.changes is not None
    assert found.changes.packages is not None
    assert "pypi" not in found.changes.packages.types
    assert found.changes.environment is None
    assert any(
        "Python packages inside images of the catalogue" in gap.what for gap in found.coverage.not_covered
    )


def test_an_image_that_cannot_be_had_stops_none_of_the_others(pair: list[str]) -> None:
    found = compared([*pair, "registry.example/none:1"], FIXED)
    assert len(found.images) == 2
    assert found.failed[0].startswith("registry.example/none:1: ")


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {}, "two images are the least"),
        (["python:3.12-slim-trixie"], {}, "two images are the least"),
        (["python:9.9-*"], {}, "no image of the catalogue matches"),
        ([f"registry.example/x:{number}" for number in range(51)], {}, "at most 50"),
    ],
)
def test_too_few_and_too_many_are_wrong_usage(
    images: list[str], options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        compare(images, CompareOptions(access=OFFLINE, **options), now=NOW)  # type: ignore[arg-type]  # as above


def test_nothing_to_compare_is_an_image_that_could_not_be_read() -> None:
    with pytest.raises(ImageError, match=r"registry\.example/b"):
        compare(["python:3.13-slim", "registry.example/b:1"], CompareOptions(access=OFFLINE), now=NOW)


def test_more_findings_are_worse_and_named(pair: list[str]) -> None:
    gate = compared(pair, OPEN, PERL, fail_on_worse=True).gate
    assert gate is not None
    assert gate.passed is False
    assert {(each.what, each.before, each.after, each.ids) for each in gate.worse} == {
        ("critical", "0", "1", ("CVE-2023-3",)),
        ("total", "1", "2", ("CVE-2023-3",)),
    }


def test_fewer_findings_pass(covered: list[str]) -> None:
    gate = compared(covered, FIXED, OPEN, fail_on_worse=True).gate
    assert gate is not None
    assert (gate.worse, gate.unknown, gate.passed) == ((), (), True)


def test_what_is_not_measured_does_not_pass(tmp_path: Path) -> None:
    alpine = image().layer({"etc/os-release": "ID=weird\nVERSION_ID=1\n"})
    pair = [layout(tmp_path / "a", image()), layout(tmp_path / "b", alpine)]
    gate = compared(pair, OPEN, fail_on_worse=True).gate
    assert gate is not None
    assert gate.passed is None
    assert "not measured" in gate.unknown[0]


def test_a_new_finding_without_severity_may_be_critical(pair: list[str]) -> None:
    unrated = msgspec.structs.replace(PERL, severity="")
    gate = compared(pair, FIXED, unrated, fail_on_worse=True).gate
    assert gate is not None
    assert gate.passed is None
    assert "not every vulnerability" in gate.unknown[0]


def test_a_new_finding_that_is_undetermined_may_be_a_vulnerability(covered: list[str]) -> None:
    elsewhere = fact("CVE-2023-9", FactKind.FIXED_ELSEWHERE, "3.0.11-1", detail="trixie")
    older, newer = covered
    gate = compared([newer, older], elsewhere, fail_on_worse=True).gate
    assert gate is not None
    assert (gate.worse, gate.passed) == ((), None)
    assert "undetermined" in gate.unknown[0]
    gate = compared([older, newer], elsewhere, fail_on_worse=True).gate
    assert gate is not None
    assert gate.passed is True


def test_where_the_finished_application_is_not_measured_the_images_are_compared(covered: list[str]) -> None:
    older, newer = compared(covered, FIXED, OPEN).images
    unmeasured = msgspec.structs.replace(older, finished_vulnerabilities=Vulnerabilities())
    finished = msgspec.structs.replace(newer, finished_vulnerabilities=newer.vulnerabilities)
    gate = judge_worse(finished, [unmeasured], complete=True)
    assert {each.what for each in gate.worse} == {"high", "total"}
    gate = judge_worse(unmeasured, [finished], complete=True)
    assert gate.passed is None
    assert "with what the application adds" in gate.unknown[0]


def test_a_user_that_becomes_root_and_a_size_that_grows_are_worse(tmp_path: Path) -> None:
    small = layout(tmp_path / "small", image().configure(User="app"))
    large = layout(tmp_path / "large", image(more={"srv/further.bin": FILLER}).configure(User="0:0"))
    gate = compared([small, large], fail_on_worse=True).gate
    assert gate is not None
    assert {"root", "disk"} <= {each.what for each in gate.worse}


def test_a_baseline_is_an_image_of_its_own(pair: list[str]) -> None:
    before, after = pair
    found = compared([after], OPEN, PERL, fail_on_worse=True, baseline=before)
    assert found.gate is not None
    assert found.gate.baseline == before
    assert found.gate.passed is False


def test_a_baseline_comes_first_whatever_else_is_named() -> None:
    name = "python:3.13-slim-trixie"
    options = CompareOptions(access=OFFLINE, whole_catalogue=True, fail_on_worse=True, baseline=name)
    found = compare([], options, now=NOW)
    assert [found.images[0].image, found.gate.baseline if found.gate else ""] == [name, name]
    assert len({each.image for each in found.images}) == len(found.images)
    assert found.gate is not None
    assert all(each.image != name for each in found.gate.worse)


@pytest.mark.parametrize("baseline", [None, "python:3.13-*"])
def test_a_baseline_of_the_whole_catalogue_is_one_image(baseline: str | None) -> None:
    options = CompareOptions(access=OFFLINE, whole_catalogue=True, fail_on_worse=True, baseline=baseline)
    with pytest.raises(UsageError, match=r"baseline|first image"):
        compare([], options, now=NOW)


@pytest.mark.parametrize("kind", ["scan", "compare"])
def test_a_saved_report_is_a_baseline(covered: list[str], tmp_path: Path, kind: str) -> None:
    after, before = covered
    file = tmp_path / "saved.json"
    with opened(FIXED, OPEN) as store:
        saved = (
            scan(before, now=NOW, store=store) if kind == "scan" else compare(covered, now=NOW, store=store)
        )
        file.write_bytes(encode_json(saved))
        options = CompareOptions(access=OFFLINE, fail_on_worse=True, baseline=str(file))
        same = compare([before], options, now=NOW, store=store).gate
        worse = compare([after], options, now=NOW, store=store).gate
    assert same is not None
    assert worse is not None
    assert same.passed is True
    # A saved comparison has the image itself, and it is not worse than itself.
    assert worse.passed is (kind == "compare")


@pytest.mark.parametrize(
    "content", ['{"schema":"basewise.sbom/1"}', "{", '{"schema":"basewise.scan/1"}', "{}", '{"schema":1}']
)
def test_a_baseline_that_is_no_report_is_refused(pair: list[str], tmp_path: Path, content: str) -> None:
    file = tmp_path / "saved.json"
    file.write_text(content)
    with pytest.raises(ImageError, match="baseline"):
        compared(pair, fail_on_worse=True, baseline=str(file))


def test_an_application_gets_its_totals_on_each_image(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "requirements.txt").write_text("")
    own = layout(tmp_path / "own", image(OLD, python=""))
    found = compare(
        ["python:3.13-slim-trixie", "python:3.13-alpine3.24", own], CompareOptions(access=OFFLINE, app=app), now=NOW
    )  # fmt: skip
    slim, _, without = found.images
    assert found.app is not None
    assert slim.verdict is Verdict.FITS
    assert slim.finished_vulnerabilities == slim.vulnerabilities
    assert slim.size.disk_bytes == slim.size.base_disk_bytes
    assert (without.verdict, without.finished_vulnerabilities) == (None, None)
    assert "no Python" in without.reasons[0].sentence


def test_a_finding_that_becomes_undetermined_is_neither_gained_nor_lost(pair: list[str]) -> None:
    changes = compare(["python:3.12-slim-bookworm", "python:3.13-slim-trixie"], CompareOptions(access=OFFLINE), now=NOW).changes  # fmt: skip
    assert changes is not None
    assert changes.findings is not None
    for group in (changes.findings.gained, changes.findings.lost):
        assert all(each.state is not State.UNDETERMINED for each in group)
    assert pair


def test_unmeasured_is_null_in_the_document() -> None:
    found = compare(
        ["python:3.10-slim-buster", "python:3.13-slim-trixie"], CompareOptions(access=OFFLINE), now=NOW
    )
    buster = found.images[0]
    assert buster.vulnerabilities == Vulnerabilities()
    assert buster.packages is None
    assert found.changes is not None
    assert (found.changes.packages, found.changes.findings) == (None, None)
