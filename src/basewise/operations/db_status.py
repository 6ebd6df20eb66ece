"""`basewise db status`: what the advisory store holds, of which date."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from basewise.advisories.coverage import STALE_AFTER_DAYS, age_in_days, coverage_of
from basewise.advisories.store import Store
from basewise.advisories.user_store import user_store
from basewise.model.evidence import Coverage
from basewise.model.store_status import DatabaseStatus, ReleaseStatus

__all__ = ["DatabaseStatus", "db_status"]


def db_status(*, today: date, store: Path | None = None) -> DatabaseStatus:
    """Tell what a store holds.

    Args:
        today: The clock's date, for ages.
        store: A store file; when None the one that every command reads.

    Raises:
        StoreError: It is missing, empty or damaged.
    """
    with Store.open_default() if store is None else Store.open_path(store) as opened:
        sources, not_covered = coverage_of(opened.sources(), today)
        own = user_store()
        ages = {source.name: age_in_days(source.as_of, today) for source in opened.sources()}
        return DatabaseStatus(
            store=opened.name,
            own_store=None if own is None else str(own),
            own_store_state=_state_of(own, opened.name),
            as_of=opened.as_of,
            exploited_as_of=opened.exploited_as_of,
            stale_after_days=STALE_AFTER_DAYS,
            stale=tuple(sorted(name for name, age in ages.items() if (age or 0) > STALE_AFTER_DAYS)),
            after_clock=tuple(sorted(name for name, age in ages.items() if age is None)),
            entries=opened.entry_count(),
            releases=tuple(
                ReleaseStatus(*key, *counts) for key, counts in sorted(opened.release_counts().items())
            ),
            coverage=Coverage(complete=not not_covered, sources=sources, not_covered=not_covered),
        )


def _state_of(own: Path | None, opened: str) -> str:
    """Say what became of the user's own store."""
    if own is not None and opened == str(own):
        return "in use"
    if own is None or not os.path.lexists(own):
        return "not there"
    return "older than the embedded one" if opened == "embedded" else "another one was named"
