"""What a feed is: something that yields advisory facts, with the status of each source it read."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from basewise.advisories.facts import Fact
from basewise.model.advisory import Advisory, SourceStatus
from basewise.progress import Progress

__all__ = ["Feed", "FeedResult", "Input", "Skipped", "each_once"]


Item = TypeVar("Item", Advisory, Fact)


class Skipped(msgspec.Struct, frozen=True, order=True):
    """What a feed could not understand and left out, why, and how many records or parts of records that are."""

    what: str
    why: str
    number: int = 1


class Input(msgspec.Struct, frozen=True, order=True):
    """A file that a feed read: its name without any address, date (`YYYY-MM-DD`) and SHA-256."""

    name: str
    as_of: str
    sha256: str


class FeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one feed, sorted and without repetition.

    Args:
        sources: One per source read (a suite of an archive, a file).
        advisories: The facts.
        exploited: CVE ids that a list of exploited vulnerabilities names (KEV), else empty.
        scores: Chance of being exploited (EPSS) as (CVE id, probability, percentile), both 0 to 1.
        vectors: CVSS vectors of vulnerabilities, as (CVE id, who gave it, vector).
        rejected: CVE ids that their register has taken back: never a finding, whoever names them.
        covered: (ecosystem, release, package) triples that the feed looked at, also where it found
            nothing; what is not here is not covered.
        oldest: Oldest statement seen per covered triple where known (a changelog's first entry), as
            (ecosystem, release, package, version, YYYY-MM-DD): before it, absence proves nothing.
        current: Newest version seen per covered triple, as (ecosystem, release, package, version).
        skipped: What could not be understood, with reasons. Not among it is what is left out on purpose: withdrawn
            advisories, releases and products that no advisory here can name.
        inputs: The files read, so that a store can say what it was made from.
    """

    sources: tuple[SourceStatus, ...]
    advisories: tuple[Advisory, ...] = ()
    exploited: tuple[str, ...] = ()
    scores: tuple[tuple[str, float, float], ...] = ()
    vectors: tuple[tuple[str, str, str], ...] = ()
    rejected: tuple[str, ...] = ()
    covered: tuple[tuple[str, str, str], ...] = ()
    oldest: tuple[tuple[str, str, str, str, str], ...] = ()
    current: tuple[tuple[str, str, str, str], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    inputs: tuple[Input, ...] = ()


def each_once(items: list[Item]) -> tuple[Item, ...]:
    """Return items sorted and without repetition; sorting is cheaper than hashing them.

    Args:
        items: In any order; the list is sorted.
    """
    items.sort()
    return tuple(item for place, item in enumerate(items) if not place or item != items[place - 1])


class Feed(Protocol):
    """Fetches and parses one kind of source. Constructor arguments say where it is and with which limits."""

    name: str

    def collect(self, progress: Progress) -> FeedResult:
        """Read everything.

        Raises:
            InputError: Nothing could be read. Partial success is a result whose sources carry a note.
        """
