"""A feed that keeps what a store already has of another feed, when that one is not asked again."""

from __future__ import annotations

from basewise.advisories.content import (
    ECOSYSTEM_OF_EXPLOITED,
    ECOSYSTEM_OF_SCORES,
    ECOSYSTEM_OF_VECTORS,
)
from basewise.advisories.feed import FeedResult
from basewise.advisories.store import Store
from basewise.progress import Progress

__all__ = ["Kept"]


class Kept:
    """Yields the facts of one feed of a store, with the dates that they had.

    Args:
        store: Where they are.
        name: Name of the feed.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.name = name

    def collect(self, progress: Progress) -> FeedResult:
        """Read them from the store.

        Raises:
            StoreError: The store is damaged.
        """
        progress.step(f"keeping {self.name} of the {self._store.name} store")
        sources = tuple(s for s in self._store.sources() if s.name.partition(" ")[0] == self.name)
        advisories, covered, oldest, current = [], [], [], []
        for package in self._store.packages():
            record = self._store.record(*package)
            if self.name not in record.covered_by:
                continue
            covered.append(package)
            said = self._store.stated_facts(*package)
            advisories += [fact for fact in said if fact.origin == self.name]
            if record.oldest:
                oldest.append((*package, record.oldest[0], record.oldest[1]))
            if record.current:
                current.append((*package, record.current))
        gives = {source.ecosystem for source in sources}
        return FeedResult(
            sources=sources,
            advisories=tuple(sorted(advisories)),
            exploited=self._store.exploited_ids() if ECOSYSTEM_OF_EXPLOITED in gives else (),
            scores=self._store.epss_scores() if ECOSYSTEM_OF_SCORES in gives else (),
            vectors=self._store.cvss_vectors() if ECOSYSTEM_OF_VECTORS in gives else (),
            rejected=self._store.rejected_ids() if ECOSYSTEM_OF_VECTORS in gives else (),
            covered=tuple(covered),
            oldest=tuple(oldest),
            current=tuple(current),
        )
