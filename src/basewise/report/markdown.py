"""The answer as Markdown, for a pull request or a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from basewise.model.choice import Choice
from basewise.report.cells import row_of
from basewise.report.plain import plain_line, plain_lines
from basewise.report.sections import app_lines, from_line, legend, sections_of

__all__ = ["escape_markdown", "fenced", "render_markdown"]

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]|:(?=//)")
_NUMBERED = re.compile(r"\A(\d+)([.)])")
_CODE = re.compile(r"`([A-Za-z0-9 ._:/@=+,'{}#%()^-]+)`")
_COLUMNS = (
    ("#", "rank"),
    ("image", "image"),
    ("verdict", "verdict"),
    ("adds", "adds"),
    ("download", "download"),
    ("disk", "disk"),
    ("fixable", "fixable"),
    ("open", "open"),
    ("minor", "minor"),
    ("undet.", "undetermined"),
    ("support until", "support"),
)
_LEFT = frozenset({"image", "verdict", "adds", "support"})


def render_markdown(choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
    """Return a document with headings, a table, lists and the Dockerfile; width and color change nothing."""
    del width, color
    return "\n".join(_lines(choice, with_dockerfile=with_dockerfile)) + "\n"


def escape_markdown(text: str) -> str:
    """Return one line in which nothing from elsewhere is markup; plain text in backticks stays code."""
    shown = plain_line(text)
    pieces = _CODE.split(shown)
    # Outside code at even places, inside at odd ones.
    written = [
        f"`{piece}`" if place % 2 else _SPECIAL.sub(lambda found: f"\\{found[0]}", piece)
        for place, piece in enumerate(pieces)
    ]
    return "".join(written)


def fenced(text: str, language: str) -> str:
    """Return a code block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *plain_lines(text), fence])


def _item(line: str) -> str:
    """Return a list item whose text does not begin another block."""
    text = escape_markdown(line)
    if text[:1] in {"#", "+", "-", "="}:
        text = f"\\{text}"
    return "- " + _NUMBERED.sub(r"\1\\\2", text)


def _lines(choice: Choice, *, with_dockerfile: bool) -> Iterator[str]:
    yield "# Base images for this application"
    yield ""
    yield from (_item(line) for line in app_lines(choice.app))
    line = from_line(choice)
    if line is not None:
        yield from ("", "## Recommendation", "", fenced(line, "dockerfile"))
    yield from _table(choice)
    for section in sections_of(choice):
        yield from ("", f"## {escape_markdown(section.title)}", "")
        yield from (_item(sentence) for sentence in section.sentences)
    if choice.recommendation is not None and with_dockerfile:
        yield from ("", "## Dockerfile", "", fenced(choice.recommendation.dockerfile, "dockerfile"))
    yield from ("", f"Written {escape_markdown(choice.generated_at)} by basewise.")


def _table(choice: Choice) -> Iterator[str]:
    covered = bool(choice.coverage.sources)
    rows = [row_of(c, counts_are_covered=covered) for c in choice.candidates if c.rank is not None]
    if not rows:
        return
    yield from ("", "## Ranked candidates", "")
    yield _row([heading for heading, _ in _COLUMNS])
    yield _row([":--" if field in _LEFT else "--:" for _, field in _COLUMNS])
    for row in rows:
        yield _row([escape_markdown(getattr(row, field)) for _, field in _COLUMNS])
    yield ""
    for line in legend(choice):
        yield _item(line)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
