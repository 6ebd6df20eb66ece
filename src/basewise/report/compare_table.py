"""A comparison for a terminal: few images side by side with all that is known, many as a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

import msgspec

from basewise._internal.text import plural
from basewise.model.compare import Compare
from basewise.report.compare_cells import compare_row, facts_of, severities_known
from basewise.report.compare_sections import (
    LEGEND,
    MAX_SENTENCE_CHARACTERS,
    compare_sections,
    counted_sentence,
)
from basewise.report.plain import plain_line
from basewise.report.style import Style
from basewise.report.text_lines import Line, printed, wrapped
from basewise.report.text_table import TextColumn, text_table
from basewise.report.words import UNKNOWN

__all__ = ["render_compare_table"]

MIN_WIDTH = 60
MAX_SIDE_BY_SIDE = 4
LEAST_COLUMN = 16
_LABEL = 20


_COLUMNS = (
    TextColumn("image", ("image",)),
    TextColumn("verdict", ("application",)),
    TextColumn("download", ("download",), right=True),
    TextColumn("disk", ("disk",), right=True),
    TextColumn("app_disk", ("app disk",), right=True),
    TextColumn("packages", ("pkgs",), right=True),
    TextColumn("total", ("vulns",), right=True),
    TextColumn("severe", ("crit/high",), right=True),
    TextColumn("fixable", ("fixable",), right=True),
    TextColumn("after", ("after",), right=True),
    TextColumn("undetermined", ("undet.",), right=True),
    TextColumn("support", ("support until",)),
    TextColumn("age", ("days old",), right=True),
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
            f"application: {compare.app.path}, {plural(len(compare.app.requirements), 'requirement')}",
            columns,
        )
        yield "", Style.PLAIN
    room = (columns - _LABEL) // max(1, len(compare.images)) - 1
    if 0 < len(compare.images) <= MAX_SIDE_BY_SIDE and room >= LEAST_COLUMN:
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
    rows = [compare_row(image, with_app=compare.app is not None) for image in compare.images]
    hidden = set() if compare.app is not None else {"verdict", "app_disk"}
    if not severities_known(compare):
        hidden.add("severe")
    shown = [column for column in _COLUMNS if column.field not in hidden]
    yield from text_table(
        shown,
        [msgspec.structs.asdict(row) for row in rows],
        width=columns,
        left_out_first=_LEFT_OUT_FIRST,
        styles=[Style.DIM if row.total == row.after == UNKNOWN else Style.PLAIN for row in rows],
    )
