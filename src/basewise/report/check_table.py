"""A check for a terminal: each finding with its place, what to do, and what could not be seen."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.check import Check, CheckFinding, CheckSeverity, CheckVerdict, IgnoredCheck
from basewise.report.plain import plain_line
from basewise.report.style import Style
from basewise.report.text_lines import Line, printed, wrapped

__all__ = ["render_check_table"]

MAX_NOT_COVERED = 12
MIN_WIDTH = 40
_STYLES = {
    CheckSeverity.ERROR: Style.BOLD,
    CheckSeverity.WARNING: Style.PLAIN,
    CheckSeverity.NOTE: Style.DIM,
}


def render_check_table(result: Check, *, width: int, color: bool) -> str:
    """Return the findings as lines of at most `width` columns, but for the place, which stays whole."""
    columns = max(MIN_WIDTH, width)
    return printed(_lines(result, columns), color=color)


def _lines(result: Check, columns: int) -> Iterator[Line]:
    for finding in result.findings:
        yield from _finding(finding, columns)
    if result.ignored:
        yield "", Style.PLAIN
        yield "Taken out by comments", Style.BOLD
        for one in result.ignored:
            yield from wrapped(_ignored(one), columns, bullet="- ")
    if result.coverage.not_covered:
        yield "", Style.PLAIN
        yield "Not covered", Style.BOLD
        for item in result.coverage.not_covered[:MAX_NOT_COVERED]:
            yield from wrapped(f"{item.what}: {item.why}", columns, bullet="- ")
        more = len(result.coverage.not_covered) - MAX_NOT_COVERED
        if more > 0:
            yield f"- and {more} more", Style.PLAIN
    for note in result.notes:
        yield from wrapped(f"note: {note}", columns)
    if result.findings or result.coverage.not_covered or result.ignored:
        yield "", Style.PLAIN
    yield _summary(result), Style.BOLD


def _finding(finding: CheckFinding, columns: int) -> Iterator[Line]:
    place = f"{finding.path}:{finding.line}:{finding.column}"
    head = f"{place} {finding.severity} {finding.rule} {finding.name}"
    yield plain_line(head), _STYLES[finding.severity]
    yield from wrapped(finding.message, columns, bullet="    ")
    yield from wrapped(f"hint: {finding.hint}", columns, bullet="    ", style=Style.DIM)
    if finding.fix is not None:
        yield from wrapped(f"fix: {finding.fix.description}", columns, bullet="    ", style=Style.DIM)


def _ignored(one: IgnoredCheck) -> str:
    finding = one.finding
    return f"{finding.path}:{finding.line} {finding.rule}: {finding.message} (line {one.line}: {one.reason})"


def _summary(result: Check) -> str:
    summary = result.summary
    counts = [
        plural(count, noun)
        for count, noun in ((summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note"))
        if count
    ]
    found = ", ".join(counts) or "nothing to say"
    if summary.ignored:
        found += f", {summary.ignored} taken out"
    fixable = f"; `--fix` repairs {summary.fixable}" if summary.fixable else ""
    ends = {
        CheckVerdict.PASSED: "passed",
        CheckVerdict.VIOLATED: f"violated (fails on {summary.fail_on})",
        CheckVerdict.INCOMPLETE: "incomplete: not everything could be seen",
    }
    return f"{plural(summary.files, 'file')}: {found}{fixable} -- {ends[summary.verdict]}"
