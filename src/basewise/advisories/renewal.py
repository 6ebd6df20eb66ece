"""Making a new store of an old one and of what publishers offer: each source is taken over whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import msgspec

from basewise.advisories.before import Before
from basewise.advisories.build import problems_of_sources
from basewise.advisories.carried import carried_records
from basewise.advisories.content import Origin, StoreContent, gather
from basewise.advisories.coverage import age_in_days
from basewise.advisories.feed import Feed, FeedResult
from basewise.advisories.store import Store
from basewise.errors import InputError, StoreError
from basewise.model.advisory import SourceStatus
from basewise.model.store_update import Outcome, SourceUpdate
from basewise.progress import Progress

__all__ = ["Offer", "Renewal", "RenewalRules", "compare_sources", "renew", "row_of"]

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
    before = Before(previous, embedded)
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


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    offer: Offer
    outcome: Outcome
    result: FeedResult | None = None
    problem: str = ""
    entries_before: int | None = None


def _judge(offer: Offer, before: Before, today: date, rules: RenewalRules, progress: Progress) -> _Judged:
    known = before.sources_of(offer.name, offer.feed)
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
    problem = "; ".join(compare_sources(result.sources, known, today, rules))
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


def compare_sources(
    new: Sequence[SourceStatus], known: Sequence[SourceStatus], today: date, rules: RenewalRules
) -> list[str]:
    """Return why sources must not replace others; nothing when they may.

    Args:
        new: The new ones.
        known: Those that they would replace.
        today: The clock's date.
        rules: What a user allows.
    """
    found = [] if rules.less else list(problems_of_sources(new, known))
    latest = (today + _CLOCK_TOLERANCE).isoformat()
    dates = {source.name: source.as_of for source in known}
    for source in new:
        if source.as_of > latest:
            why = f"the clock of this machine says {today.isoformat()}: one of them is wrong"
            found.append(f"`{source.name}` is dated {source.as_of}, and {why}")
        elif source.as_of < dates.get(source.name, "") and not rules.older:
            why = f"older than the {dates[source.name]} that is known; `--allow-downgrade` takes it"
            found.append(f"`{source.name}` is of {source.as_of}, {why}")
    return found


def _merged(accepted: Sequence[_Judged], before: Before) -> StoreContent:
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
    judged: Sequence[_Judged], content: StoreContent | None, before: Before, today: date
) -> tuple[SourceUpdate, ...]:
    """Return what became of each source, those that were not asked for among them."""
    now = content.sources if content is not None else before.sources()
    rows, told = [], set()
    for item in judged:
        known = (
            item.result.sources
            if item.result is not None
            else before.sources_of(item.offer.name, item.offer.feed)
        )
        told |= {source.name for source in known}
        rows.append(
            msgspec.structs.replace(
                row_of(item.offer.name, item.outcome, known, today),
                entries_before=item.entries_before,
                received_bytes=item.offer.received_bytes,
                left_out=sum(left.number for left in item.result.skipped) if item.result is not None else 0,
                origin=item.offer.origin,
                problem=item.problem,
                notes=tuple(sorted(item.offer.notes)),
            )
        )
    rows += [row_of(source.name, Outcome.KEPT, (source,), today) for source in now if source.name not in told]
    return tuple(sorted(rows))


def row_of(name: str, outcome: Outcome, sources: Sequence[SourceStatus], today: date) -> SourceUpdate:
    """Return what became of a source, which consists of these sources of the store now."""
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
