"""A table for a terminal: as many columns as fit, a rule, and a line a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from basewise.report.plain import plain_line
from basewise.report.style import Style
from basewise.report.text_lines import Line

__all__ = ["TextColumn", "text_table"]

MAX_CELL_CHARACTERS = 60

Cells = Mapping[str, str]


class TextColumn(msgspec.Struct, frozen=True):
    """A column.

    Args:
        field: Name of its cells.
        heading: Its lines, as many as every column of the table has.
        right: It holds numbers, which end below each other.
    """

    field: str
    heading: tuple[str, ...]
    right: bool = False


def text_table(
    columns: Sequence[TextColumn],
    rows: Sequence[Cells],
    *,
    width: int | None = None,
    left_out_first: Sequence[str] = (),
    styles: Sequence[Style] | None = None,
) -> Iterator[Line]:
    """Yield the headings, a rule and the rows.

    Args:
        columns: From left to right, at least one.
        rows: A text for each column's field; control characters go, and long ones are cut.
        width: Of the terminal in columns; None where nothing limits it.
        left_out_first: Fields of the columns that may be left out until the rest fits, the least needed first.
        styles: Of the rows, plain where None.
    """
    plain = [
        {column.field: plain_line(row[column.field], limit=MAX_CELL_CHARACTERS) for column in columns}
        for row in rows
    ]
    shown, widths = _fitting(columns, plain, width, left_out_first)
    for heading in zip(*(column.heading for column in shown), strict=True):
        yield _line(heading, shown, widths), Style.BOLD
    yield "-" * _length(widths), Style.PLAIN
    for row, style in zip(plain, styles or [Style.PLAIN] * len(plain), strict=True):
        yield _line([row[column.field] for column in shown], shown, widths), style


def _fitting(
    columns: Sequence[TextColumn], rows: Sequence[Cells], width: int | None, left_out_first: Sequence[str]
) -> tuple[list[TextColumn], list[int]]:
    shown = list(columns)
    widths = _widths(shown, rows)
    for name in left_out_first:
        if width is None or _length(widths) <= width:
            break
        shown = [column for column in shown if column.field != name]
        widths = _widths(shown, rows)
    return shown, widths


def _widths(shown: Sequence[TextColumn], rows: Sequence[Cells]) -> list[int]:
    return [
        max(len(text) for text in (*column.heading, *(row[column.field] for row in rows))) for column in shown
    ]


def _length(widths: Sequence[int]) -> int:
    """Return how long a line is: the columns with a blank between two."""
    return sum(widths) + len(widths) - 1


def _line(cells: Sequence[str], shown: Sequence[TextColumn], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, column, width in zip(cells, shown, widths, strict=True)
    )
    return " ".join(padded).rstrip()
