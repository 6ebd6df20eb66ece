"""Comments that take a finding out: `# basewise: ignore[BW003] the registry keeps this build for us`.

The comment stands above the instruction, or inside of it; `ignore-file[…]` holds for the whole file. A reason is
required, and `until 2027-01-31` before it lets it end. A comment that does not count is itself a finding.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from basewise._internal.text import safe_text
from basewise.dockerfile.model import Part
from basewise.model.check import CheckSeverity
from basewise.rules.described import described
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["IGNORE_COMMENT", "Ignore", "read_ignores"]

ALL = "*"
_COMMENT = re.compile(
    r"(?P<before>[^#\n]*)#[ \t]*basewise:[ \t]*ignore(?P<file>-file)?"
    r"(?:[ \t]*\[(?P<ids>[^\]\n]*)\])?[ \t:]*(?:until[ \t]+(?P<until>\d{4}-\d\d-\d\d)\b[ \t:]*)?(?P<reason>[^\r\n]*)",
    re.IGNORECASE,
)


class Ignore(msgspec.Struct, frozen=True, kw_only=True):
    """One comment.

    Args:
        line: Its line.
        start: Where it begins in the file.
        end: Where it ends.
        rules: Ids or names that it takes out; `*` for all, () when it says none.
        first: First line that it holds for; 1 for the whole file.
        last: Last line.
        until: Last day on which it holds, None for no end.
        reason: Why.
        problem: Why it does not count, "" when it does.
    """

    line: int
    start: int
    end: int
    rules: tuple[str, ...]
    first: int
    last: int
    until: date | None
    reason: str
    problem: str

    def covers(self, rule: str, name: str, line: int) -> bool:
        """Tell whether it takes out a finding of a rule at a line."""
        wanted = {each.lower() for each in self.rules}
        return (
            not self.problem
            and self.first <= line <= self.last
            and bool(wanted & {ALL, rule.lower(), name.lower()})
        )


def read_ignores(context: Context) -> tuple[Ignore, ...]:
    """Return the comments of a file."""
    found = []
    at = 0
    lines = context.text.split("\n")
    instructions = context.dockerfile.instructions
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.match(line)
        if match is not None and (not match["before"].strip() or not context.dockerfile.parts):
            found.append(_ignore(context, match, number, at, lines=lines, instructions=instructions))
        at += len(line) + 1
    return tuple(found)


def _ignore(
    context: Context,
    match: re.Match[str],
    number: int,
    at: int,
    *,
    lines: list[str],
    instructions: tuple[Part, ...],
) -> Ignore:
    rules = tuple(word for word in re.split(r"[,\s]+", match["ids"] or "") if word)
    until, problem = _until(match["until"])
    reason = match["reason"].strip()
    if not rules:
        problem = "it names no rule: write `ignore[BW003] reason`"
    elif not reason:
        problem = "it gives no reason"
    elif until is not None and context.today > until:
        problem = f"it ended on {until}"
    first, last = (
        (1, len(lines)) if match["file"] else _lines_below(context, number, match, lines, instructions)
    )
    return Ignore(
        line=number,
        start=at + len(match["before"]),
        end=at + len(lines[number - 1].rstrip("\r")),
        rules=rules,
        first=first,
        last=last,
        until=until,
        reason=reason,
        problem=problem,
    )


def _until(text: str | None) -> tuple[date | None, str]:
    if text is None:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, f"`{text}` is no date"


def _lines_below(
    context: Context, number: int, match: re.Match[str], lines: list[str], instructions: tuple[Part, ...]
) -> tuple[int, int]:
    """Return the lines that a comment holds for: the instruction around it, or the next one below."""
    if not context.dockerfile.parts:
        if match["before"].strip():
            return number, number
        below = (
            at
            for at in range(number, len(lines))
            if lines[at].strip() and not lines[at].lstrip().startswith("#")
        )
        line = next(below, number - 1) + 1
        return line, line
    return _instruction_lines(instructions, number)


def _instruction_lines(instructions: tuple[Part, ...], number: int) -> tuple[int, int]:
    index = bisect_left(instructions, number, key=lambda part: part.last_line)
    if index == len(instructions):
        return number, number
    return instructions[index].line, instructions[index].last_line


def _ignore_comment(context: Context) -> Iterator[Found]:
    for ignore in read_ignores(context):
        if ignore.problem:
            yield Found(
                start=ignore.start,
                end=ignore.end,
                message=f"the comment takes nothing out: {safe_text(ignore.problem)}",
                hint="write `# basewise: ignore[BW003] reason`, or remove it",
            )


def unused(ignores: Iterable[Ignore], used: frozenset[Ignore], known: frozenset[str]) -> Iterator[Found]:
    """Yield a note for each comment that takes nothing out, and for each rule in one that there is not."""
    for ignore in ignores:
        strange = [name for name in ignore.rules if name != ALL and name.lower() not in known]
        if strange:
            message = f"no rule is called {', '.join(f'`{safe_text(name, limit=40)}`' for name in strange)}"
        elif ignore not in used and not ignore.problem:
            message = "the comment takes nothing out: nothing here violates what it names"
        else:
            continue
        yield Found(
            start=ignore.start, end=ignore.end, severity=CheckSeverity.NOTE, message=message, hint="remove it"
        )


IGNORE_COMMENT = RuleCheck(
    described(
        "BW090",
        "ignore-comment",
        CheckSeverity.WARNING,
        "A comment that takes a finding out says why, and is needed.",
    ),
    _ignore_comment,
)
