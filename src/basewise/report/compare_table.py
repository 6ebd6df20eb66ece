"""A comparison for a terminal: few images side by side with all that is known, many as a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

import msgspec

from basewise.model.compare import Compare
from basewise.report.compare_cells import CompareRow, compare_row, facts_of, severities_known
from basewise.report.compare_sections import (
    LEGEND,
    MAX_SENTENCE_CHARACTERS,
    compare_sections,
    counted_sentence,
)
from basewise.report.plain import plain_line
from basewise.report.style import Style
from basewise.report.text_lines import Line, printed, wrapped

__all__ = ["render_compare_table"]

MIN_WIDTH = 60
MAX_SIDE_BY_SIDE = 4
LEAST_COLUMN = 16
MAX_CELL = 60
_LABEL = 20


class _Column(msgspec.Struct, frozen=True):
    field: str
    heading: str
    right: bool = True


_COLUMNS = (
    _Column("image", "image", right=False),
    _Column("verdict", "application", right=False),
    _Column("download", "download"),
    _Column("disk", "disk"),
    _Column("app_disk", "app disk"),
    _Column("packages", "pkgs"),
    _Column("total", "vulns"),
    _Column("severe", "crit/high"),
    _Column("fixable", "fixable"),
    _Column("after", "after"),
    _Column("undetermined", "undet."),
    _Column("support", "support until", right=False),
    _Column("age", "days old"),
)
_LEFT_OUT_FIRST = ("age", "download", "undetermined", "packages", "verdict", "support", "severe")


def render_compare_table(compare: Compare, *, width: int, color: bool) -> str:
    """Return the comparison as lines of at most `width` columns; only a digest may be longer."""
    columns = max(MIN_WIDTH, width)
    lines = [*_lines(compare, columns)]
    return printed(lines, color=color)


def _lines(compare: Compare, columns: int) -> Iterator[Line]:
    if compare.app is not None:
        yield from wrapped(
            f"application: {compare.app.path}, {len(compare.app.requirements)} requirements", columns
        )
        yield "", Style.PLAIN
    room = (columns - _LABEL) // max(1, len(compare.images)) - 1
    if len(compare.images) <= MAX_SIDE_BY_SIDE and room >= LEAST_COLUMN:
        yield from _side_by_side(compare, room)
    else:
        yield from _one_line_each(compare, columns)
    yield from wrapped(counted_sentence(compare), columns, style=Style.DIM)
    yield from wrapped(LEGEND, columns, style=Style.DIM)
    for section in compare_sections(compare):
        yield "", Style.PLAIN
        yield from wrapped(section.title, columns, style=Style.BOLD)
        for sentence in section.sentences:
            yield from wrapped(sentence, columns, bullet="- ", limit=MAX_SENTENCE_CHARACTERS)


def _side_by_side(compare: Compare, room: int) -> Iterator[Line]:
    facts = [dict(facts_of(image, with_app=compare.app is not None)) for image in compare.images]
    names = [wrap(plain_line(image.image, limit=200), room) or [""] for image in compare.images]
    for at in range(max(len(name) for name in names)):
        cells = [name[at] if at < len(name) else "" for name in names]
        yield _joined("", cells, room), Style.BOLD
    yield "-" * (_LABEL + (room + 1) * len(facts)), Style.PLAIN
    for what in facts[0]:
        values = [wrap(plain_line(each[what], limit=200), room) or [""] for each in facts]
        for at in range(max(len(lines) for lines in values)):
            parts = [lines[at] if at < len(lines) else "" for lines in values]
            yield _joined(what if at == 0 else "", parts, room), Style.PLAIN


def _joined(what: str, cells: Sequence[str], room: int) -> str:
    return (what.ljust(_LABEL) + " ".join(cell.ljust(room) for cell in cells)).rstrip()


def _one_line_each(compare: Compare, columns: int) -> Iterator[Line]:
    rows = [compare_row(image) for image in compare.images]
    hidden = set() if compare.app is not None else {"verdict", "app_disk"}
    if not severities_known(compare):
        hidden.add("severe")
    shown = [column for column in _COLUMNS if column.field not in hidden]
    for name in ("", *_LEFT_OUT_FIRST):
        shown = [column for column in shown if column.field != name]
        widths = _widths(shown, rows)
        if sum(widths) + len(widths) - 1 <= columns:
            break
    yield _line([column.heading for column in shown], shown, widths), Style.BOLD
    yield "-" * (sum(widths) + len(widths) - 1), Style.PLAIN
    for row in rows:
        unmeasured = row.total == row.after == "?"
        style = Style.DIM if unmeasured else Style.PLAIN
        yield _line([_cell(row, column) for column in shown], shown, widths), style


def _widths(shown: Sequence[_Column], rows: Sequence[CompareRow]) -> list[int]:
    return [max(len(column.heading), *(len(_cell(row, column)) for row in rows), 0) for column in shown]


def _cell(row: CompareRow, column: _Column) -> str:
    return plain_line(getattr(row, column.field), limit=MAX_CELL)


def _line(cells: Sequence[str], shown: Sequence[_Column], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, column, width in zip(cells, shown, widths, strict=True)
    )
    return " ".join(padded).rstrip()
