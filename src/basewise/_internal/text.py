"""Making text from elsewhere safe to show, numbers readable, and moments the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["format_bytes", "format_moment", "plural", "safe_text"]

MAX_SHOWN_CHARACTERS = 500
_NEXT_UNIT = 999.5
"""From here on a size would be shown as a thousand of its unit."""


def safe_text(text: str, *, limit: int = MAX_SHOWN_CHARACTERS) -> str:
    r"""Return one line without control, format or bidirectional characters, cut at `limit` characters.

    Each such character becomes its escape (`\x1b`, `\u202e`), so that nothing is hidden.
    """
    kept = text[: limit + 1]
    shown = (
        kept
        if kept.isprintable()
        else "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in kept
        )
    )
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def format_bytes(count: int | None) -> str:
    """Return decimal units as registries and `docker images` show them: `130 MB`, `1.11 GB`; `?` when unknown."""
    if count is None:
        return "?"
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if abs(size) < _NEXT_UNIT:
            return f"{size:.0f} {unit}" if unit == "B" or abs(size) >= 10 else f"{size:.1f} {unit}"  # noqa: PLR2004
        size /= 1000
    return f"{size:.2f} GB"


def format_moment(moment: datetime) -> str:
    """Return a moment as `YYYY-MM-DDTHH:MM:SSZ`, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return `1 package`, `2 packages`."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"
