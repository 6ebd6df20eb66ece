"""Lists of names that stay readable."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["some_names"]

MAX_NAMES_SHOWN = 8


def some_names(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    listed = sorted(names)
    more = len(listed) - MAX_NAMES_SHOWN
    return ", ".join(listed[:MAX_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
