"""What updating and importing share: the store before, the store after, and what is told of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from basewise._internal.text import plural
from basewise.advisories.coverage import age_in_days, coverage_of
from basewise.advisories.renewal import Offer, RenewalRules, renew
from basewise.advisories.schema import SCHEMA_VERSION
from basewise.advisories.store import Store
from basewise.advisories.store_file import schema_of
from basewise.advisories.user_store import USER_HINT
from basewise.advisories.write import write_store
from basewise.errors import OutputError, StoreError
from basewise.model.evidence import Coverage
from basewise.model.store_update import DatabaseUpdate, Outcome, SourceUpdate
from basewise.progress import Progress

__all__ = ["open_previous", "renew_store"]

MAX_PROBLEMS_SHOWN = 3
NO_PLACE_HINT = "make space there, or name another file in BASEWISE_STORE; the store before is unchanged"
_GOOD = frozenset({Outcome.UPDATED, Outcome.UNCHANGED})


def open_previous(path: Path, progress: Progress) -> Store | None:
    """Open the store that is to be replaced.

    Returns:
        None where there is none, or where another version of basewise wrote it.

    Raises:
        StoreError: It is damaged: what it had could not be compared with.
    """
    if not os.path.lexists(path):
        return None
    schema = schema_of(path)
    if schema is not None and schema != SCHEMA_VERSION:
        progress.note(f"`{path}` was written by another version of basewise; it is made anew")
        return None
    return Store.open_path(path, USER_HINT)


def renew_store(
    path: Path,
    offers: Sequence[Offer],
    *,
    today: date,
    progress: Progress,
    rules: RenewalRules,
    judged: Callable[[tuple[SourceUpdate, ...]], None] = lambda _: None,
    notes: Sequence[str] = (),
) -> DatabaseUpdate:
    """Renew a store, which this process holds.

    Args:
        path: The store; it is written only where something is new.
        offers: Sources that were asked for.
        today: The clock's date.
        progress: Told of each slow part, and of each source that failed.
        rules: What a user allows.
        judged: Called with what became of each source, before the store is written.
        notes: About all of it.

    Raises:
        StoreError: No source could be had or taken over; the store is unchanged. Or the one before is damaged.
        OutputError: It could not be written; the old one is untouched.
    """
    previous = open_previous(path, progress)
    try:
        with Store.open_embedded() as embedded:
            renewal = renew(
                offers, previous=previous, embedded=embedded, today=today, progress=progress, rules=rules
            )
        judged(renewal.sources)
        asked = {offer.name for offer in offers}
        rows = [row for row in renewal.sources if row.name in asked]
        nothing = not any(row.outcome in _GOOD for row in rows)
        if not nothing or len(rows) > MAX_PROBLEMS_SHOWN:
            for row in rows:
                if row.problem:
                    progress.note(_said(row))
        if nothing:
            raise _nothing_renewed(rows, previous, path, today, notes)
    finally:
        if previous is not None:
            previous.close()
    if renewal.content is not None:
        progress.step(f"writing {path}")
        try:
            write_store(path, renewal.content)
        except OutputError as error:
            raise OutputError(error.message, hint=NO_PLACE_HINT) from error
    with Store.open_path(path, USER_HINT) as written:
        sources, not_covered = coverage_of(written.sources(), today)
    return DatabaseUpdate(
        store=str(path),
        written=renewal.content is not None,
        size_bytes=path.stat().st_size,
        complete=not any(row.problem for row in rows),
        sources=renewal.sources,
        notes=tuple(notes),
        coverage=Coverage(complete=not not_covered, sources=sources, not_covered=not_covered),
    )


def _said(row: SourceUpdate) -> str:
    return row.problem if row.name in row.problem else f"{row.name}: {row.problem}"


def _told_age(store: Store | None, path: Path, today: date) -> str:
    """Say which store stays, and how old it is."""
    if store is None:
        return f"there is still no store at `{path}`"
    days = age_in_days(store.newest, today)
    age = "from after the clock's date" if days is None else f"{plural(days, 'day')} old"
    return f"the store `{path}` stays as it was; its newest source is of {store.newest}, {age}"


def _nothing_renewed(
    rows: Sequence[SourceUpdate], previous: Store | None, path: Path, today: date, notes: Sequence[str]
) -> StoreError:
    shown = [_said(row) for row in rows]
    if len(rows) > MAX_PROBLEMS_SHOWN:
        shown = [f"none of {len(rows)} sources could be taken over, the first: {shown[0]}"]
    hint = "check the connection, name mirrors with `--source`, or import a bundle with `basewise db import`"
    if notes:
        hint = f"{'; '.join(notes)}; {hint}"
    return StoreError(
        f"nothing was updated: {'; '.join(shown)}; {_told_age(previous, path, today)}", hint=hint
    )
