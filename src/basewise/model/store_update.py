"""The result of `db update` and `db import`: the JSON document `basewise.db-update/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.evidence import Coverage

__all__ = ["DatabaseUpdate", "Outcome", "SourceUpdate"]

SCHEMA = "basewise.db-update/1"


class Outcome(StrEnum):
    """What became of a source.

    `UPDATED`: its facts are new. `UNCHANGED`: the publisher has nothing newer. `FAILED`: it could not be had or
    read. `REFUSED`: what came must not replace what is there. `KEPT`: it was not asked for. In all cases but the
    first the facts of before stay.
    """

    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    REFUSED = "refused"
    KEPT = "kept"


class SourceUpdate(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What became of one source.

    Args:
        name: For example `osv PyPI`.
        outcome: What happened.
        as_of: Date of the facts that the store has now, the oldest where there are several; null for none.
        age_days: Days since then; null for none, or where the clock is before it.
        entries: How many the store has now; null for none.
        entries_before: How many it had before; null for none.
        received_bytes: How much came over the wire.
        left_out: Records that could not be understood.
        origin: Address or file that it came from, "" for none.
        problem: Why it failed or was refused, or which part of it is that of before; "" where all is well.
        notes: What else a user should know, sorted.
    """

    name: str
    outcome: Outcome
    as_of: str | None = None
    age_days: int | None = None
    entries: int | None = None
    entries_before: int | None = None
    received_bytes: int = 0
    left_out: int = 0
    origin: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()


class DatabaseUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What an update did.

    Args:
        schema: Name of this document.
        store: Path of the store.
        written: Whether it was written; otherwise it was up to date.
        size_bytes: Of the file, null where there is none.
        complete: No source that was asked for has a problem.
        sources: What became of each, sorted by name.
        notes: About all of it: a clock that is wrong, a store that was replaced.
        coverage: What the store holds now.
    """

    schema: str = SCHEMA
    store: str
    written: bool
    size_bytes: int | None
    complete: bool
    sources: tuple[SourceUpdate, ...]
    notes: tuple[str, ...]
    coverage: Coverage
