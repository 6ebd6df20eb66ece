"""What a new store takes over from the store before: everything that is not replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from basewise.advisories.content import (
    ECOSYSTEM_OF_EXPLOITED,
    ECOSYSTEM_OF_SCORES,
    ECOSYSTEM_OF_VECTORS,
    Origin,
)
from basewise.advisories.facts import PackageRecord
from basewise.advisories.feed import FeedResult
from basewise.advisories.store import Store

__all__ = ["Replaced", "carried_records", "carried_sources", "feed_of"]


def feed_of(source: str) -> str:
    """Return the feed that a source belongs to, by the source's name."""
    return source.partition(" ")[0]


class Replaced(NamedTuple):
    """What is not taken over from a store.

    Args:
        feeds: Whole feeds.
        sources: Names of sources.
        releases: (feed, ecosystem, release).
    """

    feeds: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    releases: frozenset[tuple[str, str, str]] = frozenset()

    def with_origin(self, origin: Origin) -> Replaced:
        """Return this and what one source of an update gave."""
        whole = origin.name == origin.feed
        releases = {(origin.feed, *release) for release in origin.releases}
        return Replaced(
            self.feeds | ({origin.feed} if whole else set()),
            self.sources | set(origin.sources),
            self.releases | releases,
        )

    def has_source(self, name: str) -> bool:
        """Tell whether a source is replaced."""
        return name in self.sources or feed_of(name) in self.feeds


def carried_sources(store: Store, replaced: Replaced) -> list[tuple[str, FeedResult]]:
    """Return the sources that are taken over, with what they say of vulnerabilities as such."""
    results = []
    for source in store.sources():
        if replaced.has_source(source.name):
            continue
        vectors = source.ecosystem == ECOSYSTEM_OF_VECTORS
        result = FeedResult(
            sources=(source,),
            exploited=store.exploited_ids() if source.ecosystem == ECOSYSTEM_OF_EXPLOITED else (),
            scores=store.epss_scores() if source.ecosystem == ECOSYSTEM_OF_SCORES else (),
            vectors=store.cvss_vectors() if vectors else (),
            rejected=store.rejected_ids() if vectors else (),
        )
        results.append((feed_of(source.name), result))
    return results


def carried_records(store: Store, replaced: Replaced) -> Iterator[tuple[tuple[str, str, str], PackageRecord]]:
    """Yield the records of packages that are taken over, without the facts of what is replaced.

    Raises:
        StoreError: The store is damaged.
    """
    for package, record in store.records():
        gone = {
            feed
            for feed in record.covered_by
            if feed in replaced.feeds or (feed, package[0], package[1]) in replaced.releases
        }
        if not gone:
            yield package, record
        elif len(gone) < len(record.covered_by):
            yield (
                package,
                msgspec.structs.replace(
                    record,
                    facts=tuple(fact for fact in record.facts if fact.origin not in gone),
                    covered_by=tuple(feed for feed in record.covered_by if feed not in gone),
                ),
            )
