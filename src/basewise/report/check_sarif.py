"""SARIF for Dockerfiles and compose files: alerts at the lines of the files, with their repairs.

Reference:
    OASIS SARIF 2.1.0 with errata 01: sections 3.27 (result), 3.30 (region), 3.49 (rule), 3.55 (fix).
    GitHub, "SARIF support for code scanning", read on 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from basewise.model.check import Check, CheckFinding, CheckSeverity, Fix, FixEdit, Rule
from basewise.report.check_facts import check_facts, fingerprints, ignored_check_sentence
from basewise.report.json_document import encode_json
from basewise.report.markdown_text import escape_markdown
from basewise.report.plain import plain_line
from basewise.report.sarif_parts import (
    MAX_RESULTS,
    SCHEMA,
    message_text,
    notification,
    relative_uri,
    sarif_text,
)
from basewise.report.short_hash import distinct_text

__all__ = ["render_check_sarif"]

MAX_RULE_ID_CHARACTERS = 120
_LISTS = ("image", "coverage:source", "coverage:not-covered", "note")
_LEVELS = {CheckSeverity.ERROR: "error", CheckSeverity.WARNING: "warning", CheckSeverity.NOTE: "note"}


def render_check_sarif(result: Check, *, width: int, color: bool) -> str:
    """Return the log in JSON; width and colour change nothing."""
    del width, color
    rules = _rules(result)
    places = {rule["id"]: place for place, rule in enumerate(rules)}
    stated = {"version": plain_line(result.version)} if result.version else {}
    marks = zip(result.findings[:MAX_RESULTS], fingerprints(result), strict=False)
    run = {
        "tool": {"driver": {"name": "basewise", **stated, "rules": rules}},
        "automationDetails": {"id": "basewise-check/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [notification(level, text) for level, text in _notices(result)],
            }
        ],
        "results": [_result(found, mark, places) for found, mark in marks],
        "columnKind": "unicodeCodePoints",
        "properties": _properties(result),
    }
    return encode_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).decode("ascii")


def _notices(check: Check) -> Iterator[tuple[str, str]]:
    for missing in check.coverage.not_covered:
        yield "warning", f"incomplete: not covered: {missing.what}: {missing.why}"
    if not check.coverage.complete and not check.coverage.not_covered:
        yield "warning", "incomplete: the evidence does not say what is missing"
    if len(check.findings) > MAX_RESULTS:
        yield (
            "warning",
            f"{len(check.findings)} findings, of which {MAX_RESULTS} are results; `--format json` has all",
        )
    for note in check.notes:
        yield "note", note
    for ignored in check.ignored:
        yield "note", ignored_check_sentence(ignored)


def _properties(check: Check) -> dict[str, object]:
    gathered: dict[str, list[str]] = {name: [] for name in _LISTS}
    for name, value in check_facts(check):
        gathered.setdefault(name, []).append(value)
    return {f"basewise:{name}": values if name in _LISTS else values[0] for name, values in gathered.items()}


def _rules(check: Check) -> list[dict[str, Any]]:
    """Return the rules that were applied, each once; one that only a finding names is described by it."""
    made: dict[str, dict[str, Any]] = {}
    for rule in (*check.rules, *(_named_by(found) for found in check.findings)):
        identifier = _rule_id(rule.id)
        if identifier not in made:
            text = sarif_text(
                f"{rule.summary}" + (f" The page `{rule.page}` explains it." if rule.page else "")
            )
            made[identifier] = {
                "id": identifier,
                "name": sarif_text(rule.name),
                "shortDescription": {"text": sarif_text(rule.summary)},
                "help": {"text": text, "markdown": escape_markdown(text)},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                "properties": {"tags": ["container", "dockerfile"]},
            }
    return list(made.values())


def _named_by(found: CheckFinding) -> Rule:
    return Rule(id=found.rule, name=found.name, severity=found.severity, summary=found.hint, page="")


def _result(found: CheckFinding, mark: str, places: Mapping[str, int]) -> dict[str, Any]:
    identifier = _rule_id(found.rule)
    uri = relative_uri(found.path, without="Dockerfile")
    evidence = {"basewise:evidence": plain_line(found.evidence)} if found.evidence else {}
    repair = {"fixes": [_fix(found.fix, uri)]} if found.fix is not None and found.fix.edits else {}
    return {
        "ruleId": identifier,
        "ruleIndex": places[identifier],
        "level": _LEVELS[found.severity],
        "message": {"text": message_text(f"{found.message}. {found.hint}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri},
                    "region": _region(found.line, found.column, found.end_line, found.end_column),
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:1", "basewise/v1": mark},
        **repair,
        "properties": {
            "basewise:image": plain_line(found.image),
            "basewise:packages": [plain_line(name) for name in found.packages],
            **evidence,
        },
    }


def _fix(fix: Fix, uri: str) -> dict[str, Any]:
    return {
        "description": {"text": message_text(fix.description)},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri}, "replacements": [_replacement(edit) for edit in fix.edits]}
        ],
    }


def _replacement(edit: FixEdit) -> dict[str, Any]:
    """Return an edit; its text is written as it is, because it becomes part of a file."""
    return {
        "deletedRegion": _region(edit.line, edit.column, edit.end_line, edit.end_column),
        "insertedContent": {"text": edit.text},
    }


def _region(line: int, column: int, end_line: int, end_column: int) -> dict[str, int]:
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _rule_id(identifier: str) -> str:
    return distinct_text(identifier, limit=MAX_RULE_ID_CHARACTERS) or "unnamed"
