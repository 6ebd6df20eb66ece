from __future__ import annotations

import base64
import json
import random
import string
import tracemalloc
import zlib
from typing import Any

from basewise.report.html.long_table import FIRST_ROWS, long_table
from basewise.report.html.scan_page import render_scan_page
from basewise.report.html.table import Cell, Column, TableRow, number_cell
from basewise.testing.scans import many_findings

COLUMNS = (Column(title="name"), Column(title="n", numeric=True))


def row(name: str, number: int | None = 1) -> TableRow:
    return TableRow(cells=(Cell(content=name, link=f"https://example.org/{len(name)}"), number_cell(number)))


def unpacked(text: str) -> list[Any]:
    rows: list[Any] = json.loads(zlib.decompress(base64.b64decode(text), 31))
    return rows


def test_a_short_table_carries_nothing_else() -> None:
    made = long_table("words", COLUMNS, [row("a")] * FIRST_ROWS, name="t")
    assert made.data == {}
    assert made.markup.count("<tr") == FIRST_ROWS + 1


def test_further_rows_are_packed_with_order_and_link() -> None:
    made = long_table("words", COLUMNS, [row(f"r{n}", None if n == 201 else n) for n in range(203)], name="t")
    assert unpacked(made.data["t-more"]) == [
        [["r200", None, "https://example.org/4"], ["200", 200]],
        [["r201", None, "https://example.org/4"], "?"],
        [["r202", None, "https://example.org/4"], ["202", 202]],
    ]
    assert 'data-more="t-more"' in made.markup


def test_what_has_no_room_is_counted() -> None:
    chance = random.Random(7)  # noqa: S311 - texts that do not compress
    rows = [row("".join(chance.choices(string.ascii_letters, k=200))) for _ in range(2000)]
    made = long_table("words", COLUMNS, rows, name="t", max_bytes=40_000)
    kept = len(unpacked(made.data["t-more"]))
    assert len(base64.b64decode(made.data["t-more"])) <= 40_100
    assert made.left_out == 2000 - FIRST_ROWS - kept
    assert f"{made.left_out:,} more had no room here" in made.markup


def test_fifty_thousand_findings_take_little_memory_and_fit_into_a_page() -> None:
    scan = many_findings(50_000)
    tracemalloc.start()
    html = render_scan_page(scan)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(html) < 1_500_000
    assert peak < 40_000_000
