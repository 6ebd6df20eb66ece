"""Annotations of GitHub Actions: commands on stdout that show each finding at its line in a pull request.

Reference:
    GitHub, "Workflow commands for GitHub Actions", read on 2026-11-27: `error`, `warning` and `notice` with file, lines and
    title; columns only within one line; percent-encoding of `%`, CR, LF, and in properties of `:` and `,`. A step shows ten
    annotations of each kind: the gravest are written first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from basewise.model.check import Check, CheckFinding, CheckSeverity
from basewise.report.check_facts import by_gravity, check_facts, ignored_check_sentence, summary_sentence
from basewise.report.coverage_words import missing_sentence
from basewise.report.plain import plain_line

__all__ = ["render_check_github"]

_COMMANDS = {CheckSeverity.ERROR: "error", CheckSeverity.WARNING: "warning", CheckSeverity.NOTE: "notice"}
_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = _IN_MESSAGES | str.maketrans({":": "%3A", ",": "%2C"})


def render_check_github(result: Check, *, width: int, color: bool) -> str:
    """Return a command for each finding and each thing that was not seen, then the facts in plain lines.

    Width and colour change nothing.
    """
    del width, color
    return "\n".join(_lines(result)) + "\n"


def _lines(check: Check) -> Iterator[str]:
    for found in by_gravity(check):
        yield _finding(found)
    for missing in check.coverage.not_covered:
        yield _command("warning", {"title": "basewise: incomplete"}, missing_sentence(missing))
    for ignored in check.ignored:
        yield _plain(ignored_check_sentence(ignored))
    for name, value in check_facts(check):
        yield _plain(f"{name}: {value}")
    yield _plain(summary_sentence(check))


def _finding(found: CheckFinding) -> str:
    place = {"file": found.path, "line": str(found.line), "endLine": str(found.end_line)}
    if found.line == found.end_line:
        place |= {"col": str(found.column), "endColumn": str(found.end_column)}
    title = {"title": f"{found.rule} {found.name}"}
    return _command(_COMMANDS[found.severity], place | title, f"{found.message}. {found.hint}")


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    stated = ",".join(
        f"{key}={plain_line(value).translate(_IN_PROPERTIES)}" for key, value in properties.items()
    )
    return f"::{name} {stated}::{plain_line(message).translate(_IN_MESSAGES)}"


def _plain(text: str) -> str:
    """Return a line that is no command: `plain_line` leaves no double colon in it."""
    return plain_line(text)
