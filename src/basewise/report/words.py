"""Words for values of any report: a number, a truth, a list of names; what is not known is said to be so, never zero."""

from __future__ import annotations

from collections.abc import Sequence

from basewise._internal.text import plural

__all__ = ["UNKNOWN", "age_words", "number_text", "shortened", "truth_text"]

UNKNOWN = "?"


def number_text(number: int | None) -> str:
    """Return a number, or a question mark."""
    return UNKNOWN if number is None else str(number)


def truth_text(value: bool | None) -> str:  # noqa: FBT001 - the value itself
    """Return `yes`, `no`, or a question mark."""
    return {True: "yes", False: "no", None: UNKNOWN}[value]


def shortened(names: Sequence[str], limit: int) -> str:
    """Return names separated by commas; beyond `limit` they are counted."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def age_words(age_days: int | None) -> str:
    """Return how old data is; an age that the clock cannot tell is unknown, not none."""
    return "of unknown age" if age_days is None else f"{plural(age_days, 'day')} old"
