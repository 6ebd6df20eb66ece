"""The rows of the ranked table, and which columns a narrow terminal leaves out."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from basewise.model.choice import Choice
from basewise.report.cells import Row, row_of
from basewise.report.style import Style
from basewise.report.text_lines import Line
from basewise.report.text_table import TextColumn, text_table

__all__ = ["candidate_lines"]

_COLUMNS = (
    TextColumn("rank", ("", "#"), right=True),
    TextColumn("image", ("", "image")),
    TextColumn("verdict", ("", "verdict")),
    TextColumn("adds", ("", "adds")),
    TextColumn("download", ("down-", "load"), right=True),
    TextColumn("disk", ("", "disk"), right=True),
    TextColumn("fixable", ("fix-", "able"), right=True),
    TextColumn("open", ("", "open"), right=True),
    TextColumn("minor", ("", "minor"), right=True),
    TextColumn("undetermined", ("un-", "det."), right=True),
    TextColumn("support", ("support", "until")),
)
_LEFT_OUT_FIRST = ("adds", "download", "undetermined", "verdict", "support", "minor")


def candidate_lines(choice: Choice, columns: int) -> Iterator[Line]:
    """Yield heading, rule and one line for each admissible candidate.

    Args:
        choice: The answer.
        columns: Width of the terminal; columns of the table are left out until it fits.
    """
    covered = bool(choice.coverage.sources)
    rows = [row_of(c, counts_are_covered=covered) for c in choice.candidates if c.rank is not None]
    yield from text_table(
        _COLUMNS,
        [msgspec.structs.asdict(row) for row in rows],
        width=columns,
        left_out_first=_LEFT_OUT_FIRST,
        styles=[_style(place, row) for place, row in enumerate(rows)],
    )


def _style(place: int, row: Row) -> Style:
    if place == 0:
        return Style.FIRST
    return Style.PLAIN if row.measured else Style.DIM
