"""The result of `pin`: the JSON document `basewise.pin/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["PinChange", "PinRow", "Pinned"]

SCHEMA = "basewise.pin/1"


class PinChange(StrEnum):
    """What happened to one image of a file."""

    PINNED = "pinned"
    REFRESHED = "refreshed"
    UNCHANGED = "unchanged"
    NOT_PINNED = "not-pinned"


class PinRow(msgspec.Struct, frozen=True, kw_only=True):
    """One image of a file.

    Args:
        path: The file, with `/` between folders.
        line: Line of the image.
        image: Name without digest.
        change: What happened.
        digest: What it is pinned to now, None for nothing.
        before: What it was pinned to, None for nothing.
        created: When that build was made, `YYYY-MM-DD`; None when not known.
        removes: Ids of findings that a refresh removes; None when not known, or without a refresh.
        why: Where the digest comes from, or why there is none.
    """

    path: str
    line: int
    image: str
    change: PinChange
    digest: str | None
    before: str | None
    created: str | None
    removes: tuple[str, ...] | None
    why: str


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """What was pinned.

    Args:
        generated_at: RFC 3339; the clock.
        version: Of basewise.
        platform: Of the images.
        images: Every image that files name, in the order of the files.
        changed: Files that changed, or would change; locks included.
        refresh: Commands that refresh the pins later.
        diff: The changes as a unified diff.
    """

    schema: str = SCHEMA
    generated_at: str
    version: str
    platform: str
    images: tuple[PinRow, ...]
    changed: tuple[str, ...]
    refresh: tuple[str, ...]
    diff: str
