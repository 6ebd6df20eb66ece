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
from basewise.report.markdown_text import escape_markdown
from basewise.report.plain import plain_line
from basewise.report.sarif_parts import (
    MAX_RESULTS,
    coverage_notices,
    driver,
    fact_properties,
    message_text,
    partial_fingerprints,
    relative_uri,
    rule_id,
    sarif_log,
    sarif_run,
    sarif_text,
)

__all__ = ["render_check_sarif"]

_LISTS = ("image", "coverage:source", "coverage:not-covered", "note")
_LEVELS = {CheckSeverity.ERROR: "error", CheckSeverity.WARNING: "warning", CheckSeverity.NOTE: "note"}


def render_check_sarif(result: Check, *, width: int, color: bool) -> str:
    """Return the log in JSON; width and colour change nothing."""
    del width, color
    rules = _rules(result)
    places = {rule["id"]: place for place, rule in enumerate(rules)}
    marks = zip(result.findings[:MAX_RESULTS], fingerprints(result), strict=False)
    run = sarif_run(
        driver(result.version, rules),
        identity="basewise-check/",
        notices=_notices(result),
        results=[_result(found, mark, places) for found, mark in marks],
        properties=fact_properties(check_facts(result), lists=_LISTS),
    )
    return sarif_log([run])


def _notices(check: Check) -> Iterator[tuple[str, str]]:
    yield from coverage_notices(check.coverage)
    if len(check.findings) > MAX_RESULTS:
        yield (
            "warning",
            f"{len(check.findings)} findings, of which {MAX_RESULTS} are results; `--format json` has all",
        )
    for note in check.notes:
        yield "note", note
    for ignored in check.ignored:
        yield "note", ignored_check_sentence(ignored)


def _rules(check: Check) -> list[dict[str, Any]]:
    """Return the rules that were applied, each once; one that only a finding names is described by it."""
    made: dict[str, dict[str, Any]] = {}
    for rule in (*check.rules, *(_named_by(found) for found in check.findings)):
        identifier = rule_id(rule.id)
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
    identifier = rule_id(found.rule)
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
        "partialFingerprints": partial_fingerprints(mark),
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
