"""The columns of vulnerability counts that the tables of `choose` and `compare` share."""

from __future__ import annotations

from collections.abc import Iterator

from basewise.model.finding import Vulnerabilities
from basewise.report.html.table import Cell, Column, number_cell

__all__ = ["COUNT_COLUMNS", "count_cells"]

COUNT_COLUMNS = (
    Column(title="as pulled", numeric=True, help="fixed + open + won't fix + minor"),
    Column(title="fixable", numeric=True, help="a fixed version is published"),
    Column(title="after a rebuild", numeric=True),
    Column(title="minor", numeric=True, help="the tracker calls it minor"),
    Column(title="undetermined", numeric=True, help="beside the rest, weighing nothing"),
    Column(title="exploited", numeric=True, help="known to be exploited"),
)


def count_cells(counts: Vulnerabilities) -> Iterator[Cell]:
    """Yield a cell for each of `COUNT_COLUMNS`."""
    yield number_cell(counts.total)
    yield number_cell(counts.fixable)
    yield number_cell(counts.after_rebuild)
    yield number_cell(counts.by_state.minor)
    yield number_cell(counts.undetermined)
    yield number_cell(counts.exploited)
