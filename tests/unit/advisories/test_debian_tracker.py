from __future__ import annotations

import json
from pathlib import Path

import pytest

from basewise.advisories.debian_tracker import DebianTracker, normalise
from basewise.advisories.tracker_lines import TrackerLine, read_annotations, read_tracker
from basewise.errors import StoreError
from basewise.model.advisory import FactKind
from basewise.progress import SilentProgress


def line(
    release: str, status: str, version: str = "", *, urgency: str = "", advisories: tuple[str, ...] = ()
) -> TrackerLine:
    return TrackerLine(
        id="CVE-2026-1",
        package="zlib",
        release=release,
        status=status,
        version=version,
        urgency=urgency,
        advisories=advisories,
    )


def states(*lines: TrackerLine) -> dict[str, tuple[FactKind, str]]:
    return {
        fact.release: (fact.kind, fact.version)
        for fact in normalise(lines, ("bullseye", "bookworm", "trixie"))
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("unfixed", FactKind.OPEN),
        ("not-affected", FactKind.NOT_AFFECTED),
        ("no-dsa", FactKind.NO_DSA),
        ("postponed", FactKind.POSTPONED),
        ("ignored", FactKind.IGNORED),
        ("end-of-life", FactKind.END_OF_LIFE),
        ("undetermined", FactKind.UNDETERMINED),
        ("removed", FactKind.UNDETERMINED),
        ("fixed", FactKind.FIXED),
    ],
)
def test_a_release_with_its_own_line_gets_its_state(status: str, expected: FactKind) -> None:
    assert states(line("bookworm", status))["bookworm"][0] is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("fixed", FactKind.FIXED_ELSEWHERE),
        ("unfixed", FactKind.OPEN),
        ("not-affected", FactKind.NOT_AFFECTED),
        ("removed", FactKind.UNDETERMINED),
    ],
)
def test_a_release_without_a_line_gets_what_unstable_means_for_it(status: str, expected: FactKind) -> None:
    found = states(line("", status), line("bookworm", "no-dsa"))
    assert found["trixie"][0] is expected
    assert found["bullseye"][0] is expected
    assert found["bookworm"][0] is FactKind.NO_DSA


def test_a_release_without_any_line_gets_no_fact() -> None:
    assert set(states(line("bookworm", "no-dsa"))) == {"bookworm"}


def test_an_advisory_without_its_version_leaves_the_release_undetermined() -> None:
    found = states(line("", "fixed", "1.3-1", advisories=("DSA-1-1",)), line("bookworm", "not-affected"))
    assert found["trixie"] == (FactKind.UNDETERMINED, "1.3-1")
    assert found["bookworm"][0] is FactKind.NOT_AFFECTED


def test_an_unimportant_vulnerability_is_minor_in_every_release() -> None:
    found = states(line("", "fixed", "1.3-1", urgency="unimportant"), line("bookworm", "unfixed"))
    assert found["trixie"] == (FactKind.UNIMPORTANT, "1.3-1")
    assert found["bookworm"][0] is FactKind.UNIMPORTANT


def test_an_urgency_becomes_a_severity() -> None:
    (fact, *_) = normalise([line("bookworm", "unfixed", urgency="low")], ("bookworm",))
    assert fact.severity == "low"


def test_an_unknown_status_is_kept_as_such_and_named() -> None:
    lines, odd, bad, entries = read_annotations(
        {
            "CVE-2026-1": {
                "annotations": [{"package": "zlib", "kind": "mystery", "release": None, "severity": "dire"}]
            },
            "CVE-2026-2": {"annotations": "none"},
            "CVE-2026-3": {"annotations": [{"package": "zlib", "kind": "fixed", "release": "experimental"}]},
            "CVE-2026-4": {"annotations": [{"package": "newpackage", "kind": "itp", "release": None}]},
        }
    )
    assert [(item.id, item.status, item.urgency) for item in lines] == [("CVE-2026-1", "unknown", "")]
    assert [(item.what, item.why) for item in odd] == [
        ("CVE-2026-1 zlib", "unknown status `mystery`"),
        ("CVE-2026-1 zlib", "unknown urgency `dire`"),
    ]
    assert [item.what for item in bad] == ["CVE-2026-2"]
    assert entries == 4


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_an_unknown_status_is_never_taken_for_safe(release: str) -> None:
    (fact,) = [f for f in normalise([line(release, "unknown")], (release,)) if f.release == release]
    assert fact.kind is FactKind.UNDETERMINED
    assert fact.detail == "the tracker has a status that is not known here"
    inherited = states(line("", "unknown"))
    assert {kind for kind, _ in inherited.values()} == {FactKind.UNDETERMINED}


def test_the_stars_of_older_copies_are_no_part_of_an_urgency() -> None:
    releases = {"bookworm": {"status": "open", "urgency": "low**"}}
    lines, odd, bad, _ = read_tracker({"zlib": {"CVE-2026-1": {"releases": releases}}})
    assert [item.urgency for item in lines] == ["low"]
    assert (odd, bad) == ([], [])


def test_lines_about_a_release_that_is_not_read_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "tracker.json"
    releases = {
        "bookworm": {"status": "open"},
        "mystery": {"status": "resolved", "fixed_version": "1"},
        "sid": {"status": "open"},
    }
    path.write_text(json.dumps({"zlib": {"CVE-2026-1": {"releases": releases}}}))
    result = DebianTracker(path, as_of="2026-11-01").collect(SilentProgress())
    assert [(item.what, item.why) for item in result.skipped] == [
        ("1 lines", "about release `mystery`, which is not read")
    ]
    assert "mystery" not in {fact.release for fact in result.advisories}


TRACKER = {
    "zlib": {
        "CVE-2026-1": {
            "releases": {
                "bookworm": {
                    "status": "resolved",
                    "fixed_version": "1:1.2.13-2",
                    "urgency": "not yet assigned",
                },
                "trixie": {"status": "resolved", "fixed_version": "0", "urgency": "not yet assigned"},
                "sid": {"status": "open", "urgency": "unimportant"},
            }
        },
        "CVE-2026-2": {
            "releases": {
                "bullseye": {"status": "open", "urgency": "end-of-life"},
                "bookworm": {"status": "open", "urgency": "low", "nodsa": "x", "nodsa_reason": ""},
                "trixie": {"status": "open", "urgency": "low", "nodsa": "x", "nodsa_reason": "ignored"},
                "sid": {"status": "open", "urgency": "low", "nodsa": "x", "nodsa_reason": "postponed"},
            }
        },
        "CVE-2026-3": {"releases": {"trixie": {"status": "undetermined"}, "sid": {"status": "mystery"}}},
    },
}


def test_the_trackers_own_json_gives_the_same_lines() -> None:
    lines, odd, bad, entries = read_tracker(TRACKER | {"broken": []})
    assert {(item.id[-1], item.release, item.status, item.version) for item in lines} == {
        ("1", "bookworm", "fixed", "1:1.2.13-2"),
        ("1", "trixie", "not-affected", ""),
        ("1", "", "unfixed", ""),
        ("2", "bullseye", "end-of-life", ""),
        ("2", "bookworm", "no-dsa", ""),
        ("2", "trixie", "ignored", ""),
        ("2", "", "postponed", ""),
        ("3", "trixie", "undetermined", ""),
        ("3", "", "unknown", ""),
    }
    assert [item.what for item in odd] == ["CVE-2026-3 zlib sid"]
    assert ([item.what for item in bad], entries) == (["broken"], 4)


def test_a_file_with_many_entries_of_another_shape_is_refused(tmp_path: Path) -> None:
    good = {"releases": {"bookworm": {"status": "open"}}}
    changed = {
        "releases": {"bookworm": {"status": "open"}, "sid": {"status": "resolved", "fixed_version": None}}
    }
    path = tmp_path / "tracker.json"
    path.write_text(json.dumps({"zlib": {f"CVE-2026-{number}": good for number in range(1_000, 2_999)}}))
    assert len(DebianTracker(path, as_of="2026-11-01").collect(SilentProgress()).advisories) > 0
    path.write_text(json.dumps({"zlib": {"CVE-2026-1": changed, "CVE-2026-2": good}}))
    with pytest.raises(StoreError, match="1 of 2 records cannot be read"):
        DebianTracker(path, as_of="2026-11-01").collect(SilentProgress())


def test_both_shapes_are_read_by_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "tracker.json"
    path.write_text(json.dumps(TRACKER))
    result = DebianTracker(path, as_of="2026-11-01").collect(SilentProgress())
    assert result.sources[0].as_of == "2026-11-01"
    assert ("debian", "bookworm", "zlib") in result.covered
    with pytest.raises(StoreError, match="carries no date"):
        DebianTracker(path).collect(SilentProgress())


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '"text"', "[" * 100_000])
def test_a_file_of_another_shape_is_a_store_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tracker.json"
    path.write_text(content)
    with pytest.raises(StoreError, match="cannot read"):
        DebianTracker(path, as_of="2026-11-01").collect(SilentProgress())


def test_a_missing_file_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        DebianTracker(tmp_path / "none.json").collect(SilentProgress())


def test_the_real_collection_gives_facts_and_no_prose(shared_data: Path) -> None:
    path = shared_data / "debian-tracker" / "annotations.json"
    result = DebianTracker(path).collect(SilentProgress())
    assert [item.why for item in result.skipped] == ["about release `buster`, which is not read"]
    assert {fact.release for fact in result.advisories} == {"bullseye", "bookworm", "trixie", "sid"}
    found = {(fact.id, fact.release, fact.package): fact for fact in result.advisories}
    assert found["CVE-2023-45853", "bookworm", "zlib"].kind is FactKind.IGNORED
    assert found["CVE-2024-10041", "bullseye", "pam"].kind is FactKind.POSTPONED
    assert "minizip" not in " ".join(fact.detail for fact in result.advisories)
    assert "90 vulnerabilities only" in result.sources[0].note
