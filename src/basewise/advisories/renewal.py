"""Making a new store of an old one and of what publishers offer: each source is taken over whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

import msgspec

from basewise.advisories.build import problems_of_sources
from basewise.advisories.carried import Replaced, carried_records, carried_sources, feed_of
from basewise.advisories.content import Origin, StoreContent, gather
from basewise.advisories.coverage import age_in_days
from basewise.advisories.feed import Feed, FeedResult
from basewise.advisories.store import Store
from basewise.errors import InputError, StoreError
from basewise.model.advisory import SourceStatus
from basewise.model.store_update import Outcome, SourceUpdate
from basewise.progress import Progress

__all__ = ["Offer", "Renewal", "RenewalRules", "renew"]

_CLOCK_TOLERANCE = timedelta(days=1)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A source whose files are here, or that could not be had.

    Args:
        name: Of the source.
        feed: That reads it.
        fingerprint: Of its files and of the program that reads them.
        read: Gives the feed over the files; not called where nothing changed. None where they could not be had.
        problem: Why they could not be had, or why some of them are those of before.
        origin: Address or path.
        received_bytes: How much came over the wire.
        notes: What a user should know.
        gap: What is missing of it for good, or unsure; it travels with its facts.
    """

    name: str
    feed: str
    fingerprint: str = ""
    read: Callable[[], Feed] | None = None
    problem: str = ""
    origin: str = ""
    received_bytes: int = 0
    notes: tuple[str, ...] = ()
    gap: str = ""


class RenewalRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a user allows.

    Args:
        less: A source may have far less than before.
        older: A source may be older than before.
    """

    less: bool = False
    older: bool = False


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """What offers make of a store.

    Args:
        content: To be written; None where nothing is new.
        sources: What became of each, sorted by name.
    """

    content: StoreContent | None
    sources: tuple[SourceUpdate, ...]


def renew(
    offers: Sequence[Offer],
    *,
    previous: Store | None,
    embedded: Store,
    today: date,
    progress: Progress,
    rules: RenewalRules | None = None,
) -> Renewal:
    """Judge offers one by one, and merge those that are good with what they do not replace.

    Args:
        offers: Of sources with different names.
        previous: The store before; None when there is none.
        embedded: The store that comes with the package: the beginning, and a newer source of what no update fetches.
        today: The clock's date.
        progress: Told of each.
        rules: What a user allows.

    Raises:
        StoreError: A store is damaged.
    """
    before = _Before(previous, embedded)
    judged = [
        _judge(offer, before, today, rules or RenewalRules(), progress)
        for offer in sorted(offers, key=lambda offer: offer.name)
    ]
    accepted = [item for item in judged if item.result is not None]
    content = None
    if accepted or before.has_newer_embedded_facts:
        progress.step("merging what is new with what stays")
        content = _merged(accepted, before)
    return Renewal(content=content, sources=_told(judged, content, before, today))


class _Before:
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

    def sources_of(self, offer: Offer) -> tuple[SourceStatus, ...]:
        """Return the sources that an offer would replace."""
        origin = self.origins.get(offer.name)
        names = set(origin.sources) if origin is not None else {offer.name}
        if offer.name == offer.feed:
            return tuple(source for source in self.sources() if feed_of(source.name) == offer.feed)
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


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    offer: Offer
    outcome: Outcome
    result: FeedResult | None = None
    problem: str = ""
    entries_before: int | None = None


def _judge(offer: Offer, before: _Before, today: date, rules: RenewalRules, progress: Progress) -> _Judged:
    known = before.sources_of(offer)
    entries = sum(source.entries for source in known) if known else None
    if offer.read is None:
        return _Judged(offer=offer, outcome=Outcome.FAILED, problem=offer.problem, entries_before=entries)
    origin = before.origins.get(offer.name)
    if origin is not None and origin.fingerprint == offer.fingerprint:
        return _Judged(offer=offer, outcome=Outcome.UNCHANGED, problem=offer.problem, entries_before=entries)
    try:
        result = _with_gap(offer.read().collect(progress), offer.gap)
        if not result.sources:
            raise StoreError("nothing of it could be read")
    except InputError as error:
        return _Judged(offer=offer, outcome=Outcome.FAILED, problem=error.message, entries_before=entries)
    problem = "; ".join(_objections(result, known, today, rules))
    return _Judged(
        offer=offer,
        outcome=Outcome.REFUSED if problem else Outcome.UPDATED,
        result=None if problem else result,
        problem=problem or offer.problem,
        entries_before=entries,
    )


def _with_gap(result: FeedResult, gap: str) -> FeedResult:
    """Return a result whose sources say what is missing of them."""
    if not gap:
        return result
    sources = tuple(
        msgspec.structs.replace(source, note="; ".join(part for part in (source.note, gap) if part))
        for source in result.sources
    )
    return msgspec.structs.replace(result, sources=sources)


def _objections(
    result: FeedResult, known: Sequence[SourceStatus], today: date, rules: RenewalRules
) -> list[str]:
    """Return why a result must not replace what is known."""
    found = [] if rules.less else list(problems_of_sources(result.sources, known))
    latest = (today + _CLOCK_TOLERANCE).isoformat()
    dates = {source.name: source.as_of for source in known}
    for source in result.sources:
        if source.as_of > latest:
            found.append(
                f"it is dated {source.as_of}, and the clock of this machine says {today.isoformat()}: one of them is wrong"
            )
        elif source.as_of < dates.get(source.name, "") and not rules.older:
            found.append(
                f"it is of {source.as_of}, older than the {dates[source.name]} that is known; `--allow-downgrade` takes it"
            )
    return found


def _merged(accepted: Sequence[_Judged], before: _Before) -> StoreContent:
    origins = [_origin(item.offer, item.result) for item in accepted if item.result is not None]
    new = {origin.name for origin in origins}
    kept, stores = before.carried(origins)
    return gather(
        [*((item.offer.feed, item.result) for item in accepted if item.result is not None), *kept],
        origins=[*origins, *(origin for name, origin in before.origins.items() if name not in new)],
        carried=(record for store, gone in stores for record in carried_records(store, gone)),
    )


def _origin(offer: Offer, result: FeedResult) -> Origin:
    """Return what an offer gave."""
    looked_at = {(item.ecosystem, item.release) for item in result.advisories}
    looked_at |= {(ecosystem, release) for ecosystem, release, _ in result.covered}
    return Origin(
        name=offer.name,
        feed=offer.feed,
        fingerprint=offer.fingerprint,
        sources=tuple(sorted(source.name for source in result.sources)),
        releases=tuple(sorted(looked_at)),
    )


def _told(
    judged: Sequence[_Judged], content: StoreContent | None, before: _Before, today: date
) -> tuple[SourceUpdate, ...]:
    """Return what became of each source, those that were not asked for among them."""
    now = content.sources if content is not None else before.sources()
    rows, told = [], set()
    for item in judged:
        known = item.result.sources if item.result is not None else before.sources_of(item.offer)
        told |= {source.name for source in known}
        rows.append(
            msgspec.structs.replace(
                _row(item.offer.name, item.outcome, known, today),
                entries_before=item.entries_before,
                received_bytes=item.offer.received_bytes,
                left_out=len(item.result.skipped) if item.result is not None else 0,
                origin=item.offer.origin,
                problem=item.problem,
                notes=tuple(sorted(item.offer.notes)),
            )
        )
    rows += [_row(source.name, Outcome.KEPT, (source,), today) for source in now if source.name not in told]
    return tuple(sorted(rows))


def _row(name: str, outcome: Outcome, sources: Sequence[SourceStatus], today: date) -> SourceUpdate:
    if not sources:
        return SourceUpdate(name=name, outcome=outcome)
    as_of = min(source.as_of for source in sources)
    entries = sum(source.entries for source in sources)
    return SourceUpdate(
        name=name,
        outcome=outcome,
        as_of=as_of,
        age_days=age_in_days(as_of, today),
        entries=entries,
        entries_before=entries,
    )


def _newest_by_feed(store: Store) -> dict[str, str]:
    newest: dict[str, str] = {}
    for source in store.sources():
        feed = feed_of(source.name)
        newest[feed] = max(newest.get(feed, ""), source.as_of)
    return newest
