"""How much of a source may be unreadable before nothing of it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from basewise.advisories.feed import Skipped
from basewise.errors import StoreError

__all__ = ["MAX_BAD_SHARE", "refuse_bad"]

MAX_BAD_SHARE = 0.001
_MAX_BAD_NAMED = 3


def refuse_bad(path: Path, total: int, bad: Sequence[Skipped]) -> None:
    """Refuse a file that was not read well enough to speak for its source.

    Args:
        path: The file.
        total: Number of its records.
        bad: Those that could not be read.

    Raises:
        StoreError: It has no records, or more than `MAX_BAD_SHARE` of them are bad.
    """
    if not total:
        raise StoreError(f"cannot use `{path}`: it holds no records", hint="fetch it again")
    if len(bad) > total * MAX_BAD_SHARE:
        named = "; ".join(f"{item.what}: {item.why}" for item in sorted(bad)[:_MAX_BAD_NAMED])
        raise StoreError(
            f"cannot use `{path}`: {len(bad)} of {total} records cannot be read ({named})",
            hint="fetch it again",
        )
