"""`basewise db status`: what the advisory store holds, of which date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from basewise.advisories.coverage import coverage_of
from basewise.advisories.store import Store
from basewise.model.evidence import Coverage
from basewise.model.store_status import DatabaseStatus, ReleaseStatus

__all__ = ["DatabaseStatus", "db_status"]


def db_status(*, today: date, store: Path | None = None) -> DatabaseStatus:
    """Tell what a store holds.

    Args:
        today: The clock's date, for ages.
        store: A store file; `BASEWISE_STORE` or the embedded store when None.

    Raises:
        StoreError: It is missing, empty or damaged.
    """
    with Store.open_default() if store is None else Store.open_path(store) as opened:
        sources, not_covered = coverage_of(opened.sources(), today)
        return DatabaseStatus(
            store=opened.name,
            as_of=opened.as_of,
            exploited_as_of=opened.exploited_as_of,
            entries=opened.entry_count(),
            releases=tuple(
                ReleaseStatus(*key, *counts) for key, counts in sorted(opened.release_counts().items())
            ),
            coverage=Coverage(complete=not not_covered, sources=sources, not_covered=not_covered),
        )
