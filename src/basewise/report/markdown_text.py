"""Text from elsewhere on its way into Markdown: nothing of it is markup, a link, or a call to somebody."""

from __future__ import annotations

import re

from basewise.report.plain import MAX_CHARACTERS, plain_line, plain_lines

__all__ = ["escape_markdown", "fenced", "list_item", "table_row"]

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]|:(?=//)|(?<=www)\.")
_CALL = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])|#(?=\d)")
_NUMBERED = re.compile(r"\A(\d+)([.)])")
_CODE = re.compile(r"`([A-Za-z0-9 ._:/@=+,'{}#%()^-]+)`")


def escape_markdown(text: str, *, limit: int = MAX_CHARACTERS) -> str:
    """Return one line in which nothing from elsewhere is markup; plain text in backticks stays code.

    `@name` and `#1` would call a person or another issue on a code host; an empty comment parts them.
    """
    shown = plain_line(text, limit=limit)
    pieces = _CODE.split(shown)
    # Outside code at even places, inside at odd ones.
    written = [f"`{piece}`" if place % 2 else _inert(piece) for place, piece in enumerate(pieces)]
    return "".join(written)


def fenced(text: str, language: str) -> str:
    """Return a code block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *plain_lines(text), fence])


def list_item(line: str, *, limit: int = MAX_CHARACTERS) -> str:
    """Return a list item whose text does not begin another block."""
    text = escape_markdown(line, limit=limit)
    if text[:1] in {"#", "+", "-", "="}:
        text = f"\\{text}"
    return "- " + _NUMBERED.sub(r"\1\\\2", text)


def table_row(cells: list[str]) -> str:
    """Return a row of a table; its cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def _inert(text: str) -> str:
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
    return _CALL.sub(lambda found: f"{found[0]}<!-- -->", escaped)
