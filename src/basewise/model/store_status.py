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
        as_of: Oldest date of the sources of advisories.
        exploited_as_of: Date of the list of exploited vulnerabilities, "" for none.
        entries: Number of facts of all sources.
        releases: Packages and facts per release.
        coverage: Sources with dates, ages and counts, and what they leave unseen.
    """

    schema: str = SCHEMA
    store: str
    as_of: str
    exploited_as_of: str
    entries: int
    releases: tuple[ReleaseStatus, ...]
    coverage: Coverage
