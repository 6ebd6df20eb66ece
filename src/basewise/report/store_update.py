"""What an update or an import did to the advisory store, as table or JSON."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from basewise._internal.text import format_bytes, plural, safe_text
from basewise.model.store_update import DatabaseUpdate, SourceUpdate
from basewise.report.json_document import encode_json
from basewise.report.listing import print_parts, table_of

__all__ = ["render_store_update"]


def render_store_update(update: DatabaseUpdate, form: str, *, width: int, color: bool) -> str:
    """Return the result of an update as `table` or `json`."""
    if form == "json":
        return encode_json(update).decode("ascii")
    table = table_of("source", "outcome", "as of", "age", "facts", "change")
    for row in update.sources:
        table.add_row(*(Text(safe_text(text)) for text in _cells(row)))
    did = "written" if update.written else "up to date"
    head = f"advisory store: {safe_text(update.store)}; {did}, {format_bytes(update.size_bytes)}"
    return print_parts(width, color, head, table, *_remarks(update))


def _cells(row: SourceUpdate) -> tuple[str, ...]:
    change = ""
    if row.entries is not None:
        change = f"{row.entries - (row.entries_before or 0):+,}"
    return (
        row.name,
        row.outcome,
        row.as_of or "?",
        "?" if row.age_days is None else plural(row.age_days, "day"),
        "?" if row.entries is None else f"{row.entries:,}",
        "" if change == "+0" else change,
    )


def _remarks(update: DatabaseUpdate) -> Iterator[str]:
    """Yield what is not as it should be."""
    for row in update.sources:
        if row.problem:
            yield f"{row.outcome}: {safe_text(row.name)}: {safe_text(row.problem)}"
    for row in update.sources:
        if row.left_out:
            yield f"note: {safe_text(row.name)}: {plural(row.left_out, 'record')} left out"
        yield from (f"note: {safe_text(row.name)}: {safe_text(note)}" for note in row.notes)
    yield from (f"note: {safe_text(note)}" for note in update.notes)
    unseen = len(update.coverage.not_covered)
    if unseen:
        yield f"{plural(unseen, 'remark')} on what the sources leave unseen: `basewise db status`"
