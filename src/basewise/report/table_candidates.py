"""The rows of the ranked table, and which columns a narrow terminal leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from basewise.model.choice import Choice
from basewise.report.cells import Row, row_of
from basewise.report.plain import plain_line
from basewise.report.style import Style

__all__ = ["candidate_lines"]

MAX_CELL_CHARACTERS = 60


class _Column(msgspec.Struct, frozen=True):
    """A column: field of `Row`, heading in one or two lines, numbers to the right."""

    field: str
    heading: tuple[str, str]
    right: bool = False


_COLUMNS = (
    _Column("rank", ("", "#"), right=True),
    _Column("image", ("", "image")),
    _Column("verdict", ("", "verdict")),
    _Column("adds", ("", "adds")),
    _Column("download", ("down-", "load"), right=True),
    _Column("disk", ("", "disk"), right=True),
    _Column("fixable", ("fix-", "able"), right=True),
    _Column("open", ("", "open"), right=True),
    _Column("minor", ("", "minor"), right=True),
    _Column("undetermined", ("un-", "det."), right=True),
    _Column("support", ("support", "until")),
)
_LEFT_OUT_FIRST = ("adds", "download", "undetermined", "verdict", "support", "minor")


def candidate_lines(choice: Choice, columns: int) -> Iterator[tuple[str, Style]]:
    """Yield heading, rule and one line for each admissible candidate.

    Args:
        choice: The answer.
        columns: Width of the terminal; columns of the table are left out until it fits.
    """
    covered = bool(choice.coverage.sources)
    rows = [row_of(c, counts_are_covered=covered) for c in choice.candidates if c.rank is not None]
    shown = _fitting(columns, rows)
    widths = _widths(shown, rows)
    for place in (0, 1):
        yield _line([column.heading[place] for column in shown], shown, widths), Style.BOLD
    yield "-" * (sum(widths) + len(widths) - 1), Style.PLAIN
    for place, row in enumerate(rows):
        yield _line([_cell(row, column) for column in shown], shown, widths), _style(place, row)


def _fitting(columns: int, rows: Sequence[Row]) -> list[_Column]:
    """Leave columns out, the least needed first, until the rest fits."""
    shown = list(_COLUMNS)
    for name in _LEFT_OUT_FIRST:
        if sum(_widths(shown, rows)) + len(shown) - 1 <= columns:
            break
        shown = [column for column in shown if column.field != name]
    return shown


def _widths(shown: Sequence[_Column], rows: Sequence[Row]) -> list[int]:
    return [max(len(text) for text in (*c.heading, *(_cell(row, c) for row in rows))) for c in shown]


def _cell(row: Row, column: _Column) -> str:
    return plain_line(getattr(row, column.field), limit=MAX_CELL_CHARACTERS)


def _line(cells: Sequence[str], shown: Sequence[_Column], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, column, width in zip(cells, shown, widths, strict=True)
    )
    return " ".join(padded).rstrip()


def _style(place: int, row: Row) -> Style:
    if place == 0:
        return Style.FIRST
    return Style.PLAIN if row.measured else Style.DIM
