"""What `candidates refresh` did, as table or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from basewise._internal.text import format_bytes, plural
from basewise.model.refresh import Change, Refresh, RefreshRow
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.text_table import TextColumn, text_table

__all__ = ["render_refresh"]

_COLUMNS = tuple(
    TextColumn(name, (name,)) for name in ("image", "change", "python", "digest", "taken from", "fetched")
)
_DIGITS = 12


def render_refresh(refresh: Refresh, form: str) -> str:
    """Return the result as `table` or `json`."""
    if form == "json":
        return encode_json(refresh).decode("ascii")
    changed = [row for row in refresh.images if row.change is not Change.UNCHANGED]
    lines = [*_table(changed), *([""] if changed else [])]
    lines += [f"- {plain_line(row.image)}: {plain_line(row.why)}" for row in changed if row.why]
    counts = Counter(str(row.change) for row in refresh.images)
    said = ", ".join(f"{count} {change}" for change, count in sorted(counts.items()))
    lines.append(f"{plain_line(refresh.repository)} for {refresh.platform}: {said}")
    more = "" if refresh.tags_complete else " at least"
    lines.append(
        f"{format_bytes(refresh.bytes_fetched)} fetched in all; the repository has{more} {plural(refresh.tags, 'tag')}"
    )
    if any(row.change in {Change.ADDED, Change.RENEWED} for row in changed):
        lines.append(f"kept in {plain_line(refresh.file)}")
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[RefreshRow]) -> list[str]:
    return [line for line, _ in text_table(_COLUMNS, [_cells(row) for row in rows])] if rows else []


def _cells(row: RefreshRow) -> dict[str, str]:
    texts = (
        row.image,
        str(row.change),
        row.python or "?",
        _moved(row),
        _taken_from(row),
        format_bytes(row.bytes_fetched),
    )
    return dict(zip((column.field for column in _COLUMNS), texts, strict=True))


def _taken_from(row: RefreshRow) -> str:
    return f"{row.how} ({row.sbom.format})" if row.sbom is not None else row.how or "nothing"


def _moved(row: RefreshRow) -> str:
    parts = [digest.partition(":")[2][:_DIGITS] for digest in (row.before, row.digest) if digest is not None]
    return " > ".join(parts) or "?"
