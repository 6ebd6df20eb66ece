"""Tables that may have tens of thousands of rows: the first as HTML, the rest packed for the script, all within a bound."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from basewise._internal.text import safe_text
from basewise.report.html.markup import Markup, tag
from basewise.report.html.table import Cell, Column, TableRow, table

__all__ = ["FIRST_ROWS", "LongTable", "long_table"]

FIRST_ROWS = 200
MAX_PACKED_BYTES = 750_000
"""Of one table, before the fourth more that Base64 makes of it: a page stays under 1.5 MB."""
MAX_CELL_CHARACTERS = 300
_ROWS_AT_ONCE = 200


class LongTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table and what the page must carry for it.

    Args:
        markup: The table with its first rows.
        data: Packed rows by the id of the element that holds them; empty where the first rows are all.
        left_out: Rows that had no room.
    """

    markup: Markup
    data: dict[str, str]
    left_out: int


def long_table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[TableRow],
    *,
    name: str,
    heading: int = 0,
    max_bytes: int = MAX_PACKED_BYTES,
    first_rows: int = FIRST_ROWS,
) -> LongTable:
    """Return a table of any length; see `table` for the arguments.

    Rows beyond the first show without their names and classes, and nothing but text and links.

    Args:
        caption: What the table shows.
        columns: From left to right.
        rows: Taken one after another, never held together.
        name: The word for its anchor.
        heading: Index of the column whose cells name the rows.
        max_bytes: What the packed rows may have.
        first_rows: How many rows stand in the page as they are.
    """
    rest = iter(rows)
    first = list(islice(rest, first_rows))
    packed, kept, left_out = _pack(rest, max_bytes)
    holder = f"{name}-more" if kept else None
    markup = table(caption, columns, first, name=name, heading=heading, more=holder)
    if left_out:
        sentence = f"{left_out:,} more had no room here; `--format json` has all of them."
        markup = Markup(markup + tag("p", sentence, class_="dim"))
    if kept:
        shown = f"Without its script the page shows the first {len(first)} rows."
        markup = Markup(markup + tag("noscript", tag("p", shown, class_="dim")))
    data = {holder: base64.b64encode(packed).decode()} if holder else {}
    return LongTable(markup=markup, data=data, left_out=left_out)


def _pack(rows: Iterator[TableRow], max_bytes: int) -> tuple[bytes, int, int]:
    """Compress rows until the bound is near; return the bytes, how many they hold, and how many are left out."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = bytearray(stream.compress(b"["))
    kept = 0
    while some := [_plain(row) for row in islice(rows, _ROWS_AT_ONCE)]:
        text = msgspec.json.encode(some)[1:-1]
        with_these = stream.copy()
        part = with_these.compress((b"," if kept else b"") + text) + with_these.flush(zlib.Z_SYNC_FLUSH)
        if len(packed) + len(part) > max_bytes:
            left_out = len(some) + sum(1 for _ in rows)
            return bytes(packed + stream.compress(b"]") + stream.flush()), kept, left_out
        stream = with_these
        packed += part
        kept += len(some)
    return bytes(packed + stream.compress(b"]") + stream.flush()), kept, 0


def _plain(row: TableRow) -> list[object]:
    return [_cell(cell) for cell in row.cells]


def _cell(cell: Cell) -> object:
    """Return a text, or a list of text, order and link where it has them."""
    text = safe_text(str(cell.content), limit=MAX_CELL_CHARACTERS)
    if cell.link is not None:
        return [text, cell.order, cell.link]
    return text if cell.order is None else [text, cell.order]
