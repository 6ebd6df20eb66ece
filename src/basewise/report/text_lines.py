"""The lines of a report for a terminal: text with a style, wrapped to its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from basewise.report.plain import MAX_CHARACTERS, plain_line
from basewise.report.style import Style, styled

__all__ = ["HANGING", "Line", "heading", "more_lines", "printed", "section_lines", "wrapped"]

HANGING = 2
"""The usual indent of further lines of a sentence that has no bullet."""
Line = tuple[str, Style]


def wrapped(
    text: str,
    columns: int,
    *,
    bullet: str = "",
    hanging: int = 0,
    style: Style = Style.PLAIN,
    limit: int = MAX_CHARACTERS,
) -> Iterator[Line]:
    """Yield the lines of one sentence; none for an empty one.

    Args:
        text: From anywhere; control characters go.
        columns: The longest line.
        bullet: What stands before the first line; further lines begin below the text.
        hanging: By how many columns further lines are indented more than that.
        style: Of every line.
        limit: How many characters are shown at most.
    """
    lines = wrap(
        plain_line(text, limit=limit),
        columns,
        initial_indent=bullet,
        subsequent_indent=" " * (len(bullet) + hanging),
        break_on_hyphens=False,
    )
    for line in lines:
        yield line, style


def section_lines(title: str, sentences: Sequence[str], columns: int, *, more: int = 0) -> Iterator[Line]:
    """Yield a title and its sentences, nothing where there are none.

    Args:
        title: Of the part.
        sentences: Those that are shown.
        columns: The longest line.
        more: How many more there are than are shown.
    """
    if not sentences:
        return
    yield from heading(title, columns)
    for sentence in sentences:
        yield from wrapped(sentence, columns, bullet="- ")
    yield from more_lines(more, columns)


def more_lines(count: int, columns: int) -> Iterator[Line]:
    """Yield how many more there are than are shown, where there are."""
    if count > 0:
        yield from wrapped(f"{count} more: `--format json` has all of them", columns, bullet="- ")


def heading(title: str, columns: int) -> Iterator[Line]:
    """Yield an empty line and the title of a part."""
    yield "", Style.PLAIN
    yield from wrapped(title, columns, hanging=HANGING, style=Style.BOLD)


def printed(lines: Iterable[Line], *, color: bool) -> str:
    """Return lines as text that ends with a line end, styled where color is allowed."""
    return "".join(f"{styled(text, style) if color else text}\n" for text, style in lines)
