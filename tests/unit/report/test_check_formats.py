"""The forms of a check that services read: SARIF, annotations of GitHub, code quality of GitLab."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from basewise.model.check import Check, CheckFinding, CheckSeverity
from basewise.model.evidence import Coverage, NotCovered
from basewise.report.check_github import render_check_github
from basewise.report.check_gitlab import render_check_gitlab
from basewise.report.check_sarif import render_check_sarif
from basewise.testing.checks import check_finding, check_of, checked
from basewise.testing.scan_documents import problems_of
from basewise.testing.scans import scan_coverage

WRITERS = {"sarif": render_check_sarif, "github": render_check_github, "gitlab": render_check_gitlab}
HOSTILE = "\x1b]0;x\x07\u202e|[x](javascript:1)<script>\r\n::error file=x::y%0A::stop-commands::x\n##[error]z,a:b\x00\ud800😀"
COMMAND = re.compile(r"::(error|warning|notice) ((?:[A-Za-z]+=[^,:]*)(?:,[A-Za-z]+=[^,:]*)*)::(.*)")


def rendered(check: Check, form: str) -> str:
    return WRITERS[form](check, width=100, color=False)


def sarif(check: Check) -> Any:  # noqa: ANN401 - any JSON document
    text = rendered(check, "sarif")
    assert problems_of("sarif", text) == []
    return json.loads(text)["runs"][0]


def gitlab(check: Check) -> list[Any]:
    issues: list[Any] = json.loads(rendered(check, "gitlab"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue in issues:
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("/", "./", ".."))
        assert issue["description"]
        assert issue["check_name"]
    return issues


def commands(check: Check) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in rendered(check, "github").splitlines():
        if "::" in line:
            matched = COMMAND.fullmatch(line)
            assert matched is not None, line
            stated = dict(part.split("=", 1) for part in matched[2].split(","))
            found.append(
                (matched[1], {name: unquote(value) for name, value in stated.items()}, unquote(matched[3]))
            )
    return found


def hostile() -> Check:
    found = check_finding(
        HOSTILE, name=HOSTILE, path=HOSTILE, image=HOSTILE, message=HOSTILE, hint=HOSTILE, evidence=HOSTILE, packages=(HOSTILE,)
    )  # fmt: skip
    return check_of(
        found,
        found,
        notes=(HOSTILE,),
        coverage=Coverage(complete=False, not_covered=(NotCovered(HOSTILE, HOSTILE),)),
    )


@pytest.mark.parametrize("form", WRITERS)
def test_every_form_says_tool_verdict_evidence_and_what_was_not_seen(form: str) -> None:
    text = rendered(checked(), form)
    for said in (
        "basewise", "1.2", "linux/amd64", "violated", "debian_archive bookworm", "2026-11-22", "not verified by signature",
        "conda packages: no source covers them", "`web` is built elsewhere", "no digest",
    ):  # fmt: skip
        assert said in text, said


def test_counts_in_the_summary_are_the_rows() -> None:
    whole = checked()
    count = whole.summary.errors + whole.summary.warnings + whole.summary.notes
    assert len(sarif(whole)["results"]) == count == len(whole.findings)
    assert len([one for one in commands(whole) if one[1]["title"] != "basewise: incomplete"]) == count
    assert sum(not issue["check_name"].startswith("basewise ") for issue in gitlab(whole)) == count
    for form in WRITERS:
        assert re.search(rf"count:findings(\"?): \"?{count}\b", rendered(whole, form)), form


@pytest.mark.parametrize("form", WRITERS)
def test_nothing_from_a_file_can_command_a_build_service(form: str) -> None:
    text = rendered(hostile(), form)
    assert set(text) <= {"\n", "😀", *map(chr, range(32, 127))}
    assert "##[error]" not in text
    if form == "github":
        assert [(name, sorted(stated)) for name, stated, _ in commands(hostile())] == [
            ("error", ["col", "endColumn", "endLine", "file", "line", "title"]),
            ("error", ["col", "endColumn", "endLine", "file", "line", "title"]),
            ("warning", ["title"]),
        ]
    elif form == "sarif":
        assert sarif(hostile())["results"] != []
    else:
        assert len(gitlab(hostile())) == 4


def test_a_result_stands_at_its_place_with_its_repair() -> None:
    results = sarif(checked())["results"]
    (place,) = results[4]["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/Dockerfile"},
        "region": {"startLine": 4, "startColumn": 6, "endLine": 6, "endColumn": 3},
    }
    assert [result["level"] for result in results] == ["note", "warning", "error", "error", "error"]
    (fix,) = results[1]["fixes"]
    assert fix["description"]["text"] == "pin the digest"
    (change,) = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 1, "startColumn": 12, "endLine": 1, "endColumn": 12},
            "insertedContent": {"text": "@sha256:" + "a" * 64},
        }
    ]
    assert "fixes" not in results[0]


def test_every_applied_rule_is_described_once_with_its_page() -> None:
    rules = sarif(checked())["tool"]["driver"]["rules"]
    assert sorted(rule["id"] for rule in rules) == ["BW001", "BW002", "BW003", "BW010"]
    assert "docs/reference/rules/BW001.md" in {rule["id"]: rule["help"]["text"] for rule in rules}["BW001"]
    bare = msgspec.structs.replace(checked(), rules=())
    assert len(sarif(bare)["tool"]["driver"]["rules"]) == 4


def test_an_alert_outlives_moved_lines_and_two_alike_are_told_apart() -> None:
    def moved(found: CheckFinding) -> CheckFinding:
        return msgspec.structs.replace(found, line=found.line + 7, end_line=found.end_line + 7)

    later = msgspec.structs.replace(checked(), findings=tuple(map(moved, checked().findings)))
    for before, after in ((sarif(checked()), sarif(later)),):
        marks = [[each["partialFingerprints"] for each in run["results"]] for run in (before, after)]
        assert marks[0] == marks[1]
        assert len({str(mark) for mark in marks[0]}) == 5
    assert [each["fingerprint"] for each in gitlab(checked())] == [
        each["fingerprint"] for each in gitlab(later)
    ]


def test_annotations_come_gravest_first_and_name_columns_only_within_a_line() -> None:
    made = commands(checked())
    assert [name for name, _, _ in made] == ["error", "error", "error", "warning", "notice", "warning"]
    first, long = made[0][1], made[2][1]
    assert first == {
        "file": "deploy/Dockerfile",
        "line": "1",
        "endLine": "1",
        "col": "6",
        "endColumn": "12",
        "title": "BW001 image-without-tag",
    }
    assert (long["line"], long["endLine"]) == ("4", "6")
    assert "col" not in long
    assert made[-1][2] == "not covered: conda packages: no source covers them"


def test_percent_signs_colons_and_commas_reach_the_reader_as_they_are() -> None:
    (made, *_) = commands(check_of(check_finding(path="a,b:c/100%.Dockerfile", message="100%0A: a, b")))
    assert made[1]["file"] == "a,b:c/100%.Dockerfile"
    assert made[2].startswith("100%0A: a, b. ")


def test_a_clean_check_still_says_what_it_stands_on() -> None:
    clean = check_of(coverage=scan_coverage(complete=True))
    assert sarif(clean)["results"] == []
    (summary,) = gitlab(clean)
    assert summary["severity"] == "info"
    assert summary["description"] == "passed: 0 errors, 0 warnings, 0 notes, 0 ignored in 1 file"
    assert commands(clean) == []
    assert rendered(clean, "github").splitlines()[-1] == summary["description"]


def test_an_ignored_finding_is_no_row_and_keeps_its_reason() -> None:
    sentence = "deploy/Dockerfile:2: BW004 image-without-tag is ignored in line 1: the mirror keeps it"
    said = [
        each["message"]["text"] for each in sarif(checked())["invocations"][0]["toolExecutionNotifications"]
    ]
    assert sentence in said
    assert sentence in rendered(checked(), "github").splitlines()
    assert not any("BW004" in issue["check_name"] for issue in gitlab(checked()))


@pytest.mark.parametrize("form", WRITERS)
def test_many_findings_are_written(form: str) -> None:
    many = check_of(*(check_finding(line=at, end_line=at) for at in range(1, 5001)))
    text = rendered(many, form)
    if form == "sarif":
        assert len(json.loads(text)["runs"][0]["results"]) == 5000
    elif form == "gitlab":
        assert len(gitlab(many)) == 5002
    else:
        assert text.count("::error ") == 5000


def test_severities_are_all_told_apart() -> None:
    assert {found.severity for found in checked().findings} == set(CheckSeverity)
