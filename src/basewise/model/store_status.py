"""The result of `db status`: the JSON document `basewise.db-status/1`, field for field."""

from __future__ import annotations

import msgspec

from basewise.model.evidence import Coverage

__all__ = ["DatabaseStatus", "ReleaseStatus"]

SCHEMA = "basewise.db-status/1"


class ReleaseStatus(msgspec.Struct, frozen=True, order=True):
    """How many packages and facts of one release a store holds."""

    ecosystem: str
    release: str
    packages: int
    facts: int


class DatabaseStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds.

    Args:
        schema: Name of this document.
        store: `embedded` or the path.
        own_store: Path of the user's own store, which `db update` writes unless `BASEWISE_STORE` names another;
            null where the user has no directory.
        own_store_state: `in use`, `not there`, `older than the embedded one`, or `another one was named`.
        as_of: Oldest date of the sources of advisories.
        exploited_as_of: Date of the list of exploited vulnerabilities, "" for none.
        stale_after_days: Age from which a source is stale.
        stale: Names of the sources that are older, sorted.
        after_clock: Names of the sources whose date is after the clock's, sorted.
        entries: Number of facts of all sources.
        releases: Packages and facts per release.
        coverage: Sources with dates, ages and counts, and what they leave unseen.
    """

    schema: str = SCHEMA
    store: str
    own_store: str | None
    own_store_state: str
    as_of: str
    exploited_as_of: str
    stale_after_days: int
    stale: tuple[str, ...]
    after_clock: tuple[str, ...]
    entries: int
    releases: tuple[ReleaseStatus, ...]
    coverage: Coverage
