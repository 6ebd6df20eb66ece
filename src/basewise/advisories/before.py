"""What there is before a renewal: the store before, and what the embedded one has that is newer or not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from basewise.advisories.carried import Replaced, carried_sources, feed_of
from basewise.advisories.content import Origin
from basewise.advisories.feed import FeedResult
from basewise.advisories.store import Store
from basewise.model.advisory import SourceStatus

__all__ = ["Before"]


class Before:
    """What there is before: the facts of each feed are those of one of two stores."""

    def __init__(self, previous: Store | None, embedded: Store) -> None:
        self.origins = {origin.name: origin for origin in (previous.origins() if previous else ())}
        fetched = {origin.feed for origin in self.origins.values()}
        newest = _newest_by_feed(previous) if previous else {}
        taken = {
            feed
            for feed, as_of in _newest_by_feed(embedded).items()
            if feed not in newest or (feed not in fetched and as_of > newest[feed])
        }
        self.has_newer_embedded_facts = previous is None or bool(taken & set(newest))
        self._stores = []
        if taken:
            self._stores.append((embedded, Replaced(frozenset(set(_newest_by_feed(embedded)) - taken))))
        if previous is not None:
            self._stores.append((previous, Replaced(frozenset(taken))))

    def sources(self, replaced: Iterable[Origin] = ()) -> tuple[SourceStatus, ...]:
        """Return the sources that are not replaced, sorted."""
        return tuple(
            sorted(
                source
                for store, gone in self._without(replaced)
                for source in store.sources()
                if not gone.has_source(source.name)
            )
        )

    def sources_of(self, name: str, feed: str) -> tuple[SourceStatus, ...]:
        """Return the sources that a new one of this name and feed would replace."""
        origin = self.origins.get(name)
        names = set(origin.sources) if origin is not None else {name}
        if name == feed:
            return tuple(source for source in self.sources() if feed_of(source.name) == feed)
        return tuple(source for source in self.sources() if source.name in names)

    def carried(
        self, replaced: Sequence[Origin]
    ) -> tuple[list[tuple[str, FeedResult]], list[tuple[Store, Replaced]]]:
        """Return what is taken over: sources, and the stores with what is left out of them."""
        stores = self._without(replaced)
        return [result for store, gone in stores for result in carried_sources(store, gone)], stores

    def _without(self, replaced: Iterable[Origin]) -> list[tuple[Store, Replaced]]:
        origins = tuple(replaced)
        stores = []
        for store, already in self._stores:
            gone = already
            for origin in origins:
                gone = gone.with_origin(origin)
                if origin.name in self.origins:
                    gone = gone.with_origin(self.origins[origin.name])
            stores.append((store, gone))
        return stores


def _newest_by_feed(store: Store) -> dict[str, str]:
    newest: dict[str, str] = {}
    for source in store.sources():
        feed = feed_of(source.name)
        newest[feed] = max(newest.get(feed, ""), source.as_of)
    return newest
