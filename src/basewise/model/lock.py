"""The lock file `basewise.lock`: which digest stands where, since when, why, and how it is refreshed."""

from __future__ import annotations

import msgspec

from basewise.model.choice import CandidateDistro

__all__ = ["LOCK_SCHEMA", "ImageLock", "Pin"]

LOCK_SCHEMA = "basewise.lock/1"


class Pin(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One image of one file.

    Args:
        file: The file, relative to the lock, with `/` between folders.
        image: Name without digest: `python:3.14-slim-trixie`.
        digest: What it is pinned to.
        created: When that build was made, `YYYY-MM-DD`; None when not known.
        python: Full version of its Python, None when not known.
        distro: Its distribution, None when not known.
        evidence: Where the digest comes from: `registry`, `catalogue`, or `file` when it stood there before.
        evidence_date: The date of that, `YYYY-MM-DD`.
        reasons: Why, in sentences.
        refresh: Command that moves the digest to the newest build.
    """

    file: str
    image: str
    digest: str
    created: str | None
    python: str | None
    distro: CandidateDistro | None
    evidence: str
    evidence_date: str
    reasons: tuple[str, ...]
    refresh: str


class ImageLock(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file, its pins sorted by file and image."""

    schema: str = LOCK_SCHEMA
    pins: tuple[Pin, ...] = ()
