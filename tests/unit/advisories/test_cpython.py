from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from basewise.advisories.cpython import Cpython
from basewise.errors import StoreError
from basewise.model.advisory import Advisory, FactKind
from basewise.progress import SilentProgress


def release(version: str, date: str = "2026-01-01", **more: object) -> dict[str, Any]:
    return {"version": version, "date": date, **more}


def collect(
    tmp_path: Path, releases: list[dict[str, Any]], cves: dict[str, Any], **more: object
) -> dict[tuple[str, str], Advisory]:
    path = tmp_path / "notes.json"
    path.write_text(
        json.dumps({"as_of": "2026-11-23", "releases": releases, "derived": {"cves": cves}, **more})
    )
    return {(fact.id, fact.release): fact for fact in Cpython(path).collect(SilentProgress()).advisories}


def linked(*issues: str, **more: object) -> dict[str, Any]:
    return {"links": [{"issue": issue, "how": ["named in NEWS"]} for issue in issues], **more}


def test_a_fix_is_found_in_each_branch_by_its_issue(tmp_path: Path) -> None:
    facts = collect(
        tmp_path,
        [
            release("3.12.13", "2026-03-03", security_issues=["gh-1"], cves=["CVE-2026-1000"]),
            release("3.13.11", "2025-12-05", security_issues=["gh-1"]),
            release("3.13.12", "2026-02-03", security_issues=["gh-1"]),
        ],
        {"CVE-2026-1000": linked("gh-1")},
    )
    assert facts["CVE-2026-1000", "3.12"].version == "3.12.13"
    assert facts["CVE-2026-1000", "3.13"].version == "3.13.11"
    assert facts["CVE-2026-1000", "3.13"].published == "2025-12-05"


def test_a_fix_of_the_main_line_is_inherited_by_later_branches(tmp_path: Path) -> None:
    facts = collect(
        tmp_path,
        [
            release("3.13.0a3", security_issues=["gh-1"]),
            release("3.12.2", security_issues=["gh-1"]),
            release("3.14.1"),
        ],
        {"CVE-2026-1000": linked("gh-1")},
    )
    assert facts["CVE-2026-1000", "3.14"].version == "3.13.0a3"
    assert facts["CVE-2026-1000", "3.14"].kind is FactKind.FIXED


@pytest.mark.parametrize("version", ["3.13.0b2", "3.13.0rc1", "3.13.1"])
def test_a_fix_of_a_branch_is_not_inherited(tmp_path: Path, version: str) -> None:
    facts = collect(
        tmp_path,
        [release(version, security_issues=["gh-1"]), release("3.14.1")],
        {"CVE-2026-1000": linked("gh-1")},
    )
    assert facts["CVE-2026-1000", "3.14"].kind is FactKind.UNDETERMINED
    assert facts["CVE-2026-1000", "3.14"].version == ""


def test_of_several_issues_the_last_is_the_fix(tmp_path: Path) -> None:
    facts = collect(
        tmp_path,
        [release("3.12.1", security_issues=["gh-1"]), release("3.12.2", other_issues=["gh-2"])],
        {"CVE-2026-1000": linked("gh-1", "gh-2")},
    )
    assert facts["CVE-2026-1000", "3.12"].version == "3.12.2"


def test_what_the_collection_states_holds_where_the_notes_say_nothing_or_earlier(tmp_path: Path) -> None:
    facts = collect(
        tmp_path,
        [release("3.12.1", security_issues=["gh-1"]), release("3.13.1"), release("3.14.1")],
        {
            "CVE-2026-1000": linked(
                "gh-1", first_release={"3.12": "3.12.4", "3.13": "3.13.2", "3.14": "inherited from 3.14.0a1"}
            )
        },
    )
    assert [facts["CVE-2026-1000", branch].version for branch in ("3.12", "3.13", "3.14")] == [
        "3.12.4",
        "3.13.2",
        "3.14.0a1",
    ]


def test_a_release_that_was_not_seen_leaves_the_branch_undetermined(tmp_path: Path) -> None:
    facts = collect(
        tmp_path,
        [release("3.11.13"), release("3.12.12", security_issues=["gh-1"])],
        {"CVE-2026-1000": linked("gh-1", probable_gap={"3.11": "3.11.14"})},
    )
    fact = facts["CVE-2026-1000", "3.11"]
    assert fact.kind is FactKind.UNDETERMINED
    assert fact.detail == "probably fixed in 3.11.14, whose release notes were not seen"


@pytest.mark.parametrize("field", ["cves_not_linux", "cves_suspicious", "cves_mentioned_only"])
def test_ids_that_are_no_finding_on_linux_are_skipped(tmp_path: Path, field: str) -> None:
    notes = release("3.12.1", security_issues=["gh-1"]) | {field: ["CVE-2026-1000"]}
    facts = collect(tmp_path, [notes], {"CVE-2026-1000": linked("gh-1")})
    assert ("CVE-2026-1000", "3.12") not in facts


def test_an_id_that_one_release_mentions_and_another_fixes_is_kept(tmp_path: Path) -> None:
    facts = collect(
        tmp_path,
        [
            release("3.12.1", security_issues=["gh-1"], cves=["CVE-2026-1000"]),
            release("3.12.2", cves_mentioned_only=["CVE-2026-1000"]),
        ],
        {"CVE-2026-1000": linked("gh-1")},
    )
    assert facts["CVE-2026-1000", "3.12"].version == "3.12.1"


def test_security_entries_without_a_cve_are_facts_under_their_issue(tmp_path: Path) -> None:
    windows = {"gh-3": ["CVE-2026-2000"]}
    facts = collect(
        tmp_path,
        [
            release(
                "3.12.1",
                security_issues=["gh-1", "gh-2", "gh-3"],
                cves_not_linux=["CVE-2026-2000"],
                cves_by_issue=windows,
            )
        ],
        {"CVE-2026-1000": linked("gh-1")},
    )
    assert set(facts) == {("CVE-2026-1000", "3.12"), ("gh-2", "3.12")}


def test_a_source_says_up_to_which_release_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    document = {
        "as_of": "2026-11-23",
        "releases": [release("3.11.9"), release("3.11.13"), release("3.13.18")],
        "derived": {"cves": {}},
        "coverage": {"3.11": "3.11.0 to 3.11.13", "3.13": "complete, 3.13.0a1 to 3.13.18"},
        "gaps": {"3.11.10": "not in index"},
    }
    path.write_text(json.dumps(document))
    result = Cpython(path).collect(SilentProgress())
    notes = {source.name: source.note for source in result.sources}
    assert notes["cpython 3.13"] == ""
    assert notes["cpython 3.11"] == (
        "read up to 3.11.13; not seen: 3.11.10; incomplete: releases after it were not seen"
    )
    assert ("cpython", "3.11", "cpython", "3.11.13") in result.current


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"as_of": "x", "releases": [{"version": "x", "date": ""}]}',
        '{"as_of": "x", "releases": [], "derived": {"cves": {}}}',
        '{"as_of": "2026-11-23", "more": ' + "[" * 100_000,
    ],
)
def test_a_file_of_another_shape_is_a_store_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.json"
    path.write_text(content)
    with pytest.raises(StoreError, match="cannot read"):
        Cpython(path).collect(SilentProgress())


def test_a_version_that_is_none_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a Python version"):
        collect(tmp_path, [release("three")], {})
    with pytest.raises(StoreError, match="not a Python version"):
        collect(tmp_path, [release("3.11.9")], {}, gaps={"three": "not in index"})


def test_the_real_notes_agree_with_what_their_collection_states(shared_data: Path) -> None:
    path = shared_data / "cpython" / "security_fixes.json"
    stated = json.loads(path.read_text())["derived"]["cves"]
    result = Cpython(path).collect(SilentProgress())
    facts = {(fact.id, fact.release): fact for fact in result.advisories}
    left_out = {item.what for item in result.skipped}
    assert {"CVE-2026-12345", "CVE-2024-4030", "CVE-2021-4189"} <= left_out
    differing = {
        identifier
        for identifier, tracked in stated.items()
        if identifier not in left_out
        for branch, version in tracked["first_release"].items()
        if facts[identifier, branch].version != version.removeprefix("inherited from ")
    }
    assert differing == {"CVE-2022-48566"}, "it has two issues, and the notes name the second one later"


@pytest.mark.parametrize(
    ("identifier", "branch", "version"),
    [
        ("CVE-2025-12084", "3.12", "3.12.13"),
        ("CVE-2025-12084", "3.13", "3.13.11"),
        ("CVE-2025-12084", "3.11", ""),
        ("CVE-2026-15806", "3.12", "3.12.15"),
        ("CVE-2026-114583", "3.12", ""),
        ("CVE-2023-27043", "3.14", "3.13.0a3"),
    ],
)
def test_the_real_notes_tell_the_branches_apart(
    shared_data: Path, identifier: str, branch: str, version: str
) -> None:
    result = Cpython(shared_data / "cpython" / "security_fixes.json").collect(SilentProgress())
    (fact,) = [fact for fact in result.advisories if (fact.id, fact.release) == (identifier, branch)]
    assert fact.version == version
    assert fact.kind is (FactKind.FIXED if version else FactKind.UNDETERMINED)
