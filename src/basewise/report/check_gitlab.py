"""GitLab's code quality report: each finding at its line in a merge request.

Reference:
    GitLab, "Code Quality report format", read on 2026-11-27: a list of objects with `description`, `check_name`, a unique
    `fingerprint`, `severity` and `location`. The list has no head, so what was not seen is an entry of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from basewise.model.check import Check, CheckFinding, CheckSeverity
from basewise.report.check_facts import check_facts, fingerprints, summary_sentence
from basewise.report.coverage_words import missing_sentence
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.short_hash import short_hash

__all__ = ["render_check_gitlab"]

_SEVERITIES = {CheckSeverity.ERROR: "critical", CheckSeverity.WARNING: "major", CheckSeverity.NOTE: "info"}
_SUMMARY = "summary"


class _Lines(msgspec.Struct, frozen=True):
    begin: int
    end: int


class _Location(msgspec.Struct, frozen=True):
    path: str
    lines: _Lines


class _Content(msgspec.Struct, frozen=True):
    body: str


class _Issue(msgspec.Struct, frozen=True, kw_only=True):
    type: str = "issue"
    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: _Location
    content: _Content


def render_check_gitlab(result: Check, *, width: int, color: bool) -> str:
    """Return the report in JSON; width and colour change nothing."""
    del width, color
    return encode_json([*_findings(result), *_missing(result), _summary(result)]).decode("ascii")


def _findings(check: Check) -> Iterator[_Issue]:
    for found, mark in zip(check.findings, fingerprints(check), strict=True):
        yield _Issue(
            description=_text(f"{found.message}. {found.hint}"),
            check_name=_text(f"{found.rule} {found.name}"),
            fingerprint=mark,
            severity=_SEVERITIES[found.severity],
            location=_Location(_path(found.path), _Lines(found.line, found.end_line)),
            content=_Content(_text(_body(found))),
        )


def _body(found: CheckFinding) -> str:
    said = (f"image {found.image}" if found.image else "", " ".join(found.packages), found.evidence)
    return "; ".join(filter(None, said)) or found.hint


def _missing(check: Check) -> Iterator[_Issue]:
    for item in sorted(set(check.coverage.not_covered)):
        yield _about(
            check,
            f"incomplete: {missing_sentence(item)}",
            "incomplete",
            short_hash("not covered", item.what, item.why),
        )


def _summary(check: Check) -> _Issue:
    """Return the entry that says which evidence the others stand on, and how many they are."""
    facts = "; ".join(f"{name}: {value}" for name, value in check_facts(check))
    issue = _about(check, summary_sentence(check), _SUMMARY, short_hash(_SUMMARY))
    return msgspec.structs.replace(issue, content=_Content(facts))


def _about(check: Check, text: str, name: str, mark: str) -> _Issue:
    path = check.files[0].path if check.files else "."
    return _Issue(
        description=_text(text),
        check_name=f"basewise {name}",
        fingerprint=mark,
        severity="info",
        location=_Location(_path(path), _Lines(1, 1)),
        content=_Content(_text(text)),
    )


def _path(path: str) -> str:
    """Return a path as GitLab takes it: relative, without `./` before it."""
    parts = [part for part in _text(path).split("/") if part not in {"", ".", ".."}]
    return "/".join(parts) or "."


def _text(text: str) -> str:
    return plain_line(text)
