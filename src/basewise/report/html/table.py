"""Tables of a page: a caption, sortable columns, and cells that know how they are ordered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from basewise._internal.text import format_bytes
from basewise.report.html.markup import Child, Markup, external_link, join, tag
from basewise.report.words import UNKNOWN

__all__ = ["Cell", "Column", "TableRow", "number_cell", "size_cell", "table"]

MANY_COLUMNS = 6
"""Beyond these a table is as wide as its rows need; one with fewer wraps its sentences."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column.

    Args:
        title: Its heading.
        numeric: It holds numbers.
        help: What it means.
        choices: Its values make a filter.
        wide: It holds sentences.
    """

    title: str
    numeric: bool = False
    help: str = ""
    choices: bool = False
    wide: bool = False

    def kind(self, *, heading: bool) -> str | None:
        """Return the class of its cells; those that name the rows stay in sight."""
        kinds = ("h" if heading else "", "n" if self.numeric else "w" if self.wide else "")
        return " ".join(filter(None, kinds)) or None


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell.

    Args:
        content: What it shows.
        order: What it is sorted by; None for the text itself or, in a column of numbers, for unknown.
        link: Where the text leads to; only a plain web address becomes a link.
    """

    content: Child
    order: float | str | None = None
    link: str | None = None


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row: its cells, the word for its anchor, and a class."""

    cells: tuple[Cell, ...]
    name: str | None = None
    kind: str | None = None


def number_cell(value: float | None, shown: Child = None) -> Cell:
    """Return a cell for a number; an unknown one is a question mark, and never zero."""
    if value is None:
        return Cell(content=UNKNOWN)
    # The format `g` alone would write a count of ten million with an exponent.
    plain = str(value) if isinstance(value, int) else f"{value:g}"
    return Cell(content=plain if shown is None else shown, order=value)


def size_cell(size: int | None, *, estimated: bool = False) -> Cell:
    """Return a cell for bytes; an estimate has a tilde."""
    return number_cell(size, f"{'~' if estimated else ''}{format_bytes(size)}")


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[TableRow],
    *,
    name: str,
    heading: int = 0,
    more: str | None = None,
) -> Markup:
    """Return a table in a frame that scrolls by itself.

    Args:
        caption: What the table shows; the frame's name for a screen reader too.
        columns: From left to right.
        rows: Their cells in the order of the columns.
        name: The word for its anchor.
        heading: Index of the column whose cells name the rows.
        more: The id of the element that holds further rows for the script.
    """
    head = tag("tr", *(_head(column, heading=index == heading) for index, column in enumerate(columns)))
    body = join(_row(row, columns, heading) for row in rows)
    made = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", head),
        tag("tbody", body),
        id=name,
        class_="many" if len(columns) > MANY_COLUMNS else None,
        data_sortable=True,
        data_more=more,
        data_heading=heading or None,
    )
    return tag("div", made, class_="scroll", tabindex=0, role="group", aria_label=f"Table: {caption}")


def _head(column: Column, *, heading: bool) -> Markup:
    return tag(
        "th",
        column.title,
        scope="col",
        class_=column.kind(heading=heading),
        title=column.help or None,
        data_choices=column.choices,
    )


def _row(row: TableRow, columns: Sequence[Column], heading: int) -> Markup:
    cells = (
        tag(
            "th" if index == heading else "td",
            cell.content if cell.link is None else external_link(cell.link, cell.content),
            scope="row" if index == heading else None,
            class_=column.kind(heading=index == heading),
            data_order=cell.order,
        )
        for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True))
    )
    return tag("tr", *cells, id=row.name, class_=row.kind, tabindex=-1 if row.name else None)
