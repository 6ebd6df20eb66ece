"""What a store holds, as values: gathered from feeds, written by `write`, read back by `store`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from basewise._internal.garbage import cycles_left_alone
from basewise.advisories.facts import Fact, PackageName, PackageRecord, fact_of
from basewise.advisories.feed import FeedResult, each_once
from basewise.model.advisory import SourceStatus

__all__ = [
    "ECOSYSTEMS_WITHOUT_PACKAGES",
    "ECOSYSTEM_OF_EXPLOITED",
    "ECOSYSTEM_OF_SCORES",
    "ECOSYSTEM_OF_VECTORS",
    "Exploited",
    "Origin",
    "Scores",
    "StoreContent",
    "gather",
]

ECOSYSTEM_OF_EXPLOITED = "exploited"
ECOSYSTEM_OF_SCORES = "scores"
ECOSYSTEM_OF_VECTORS = "vectors"
ECOSYSTEMS_WITHOUT_PACKAGES = frozenset({ECOSYSTEM_OF_EXPLOITED, ECOSYSTEM_OF_SCORES, ECOSYSTEM_OF_VECTORS})
"""Of sources that speak of vulnerabilities and of no package: they say nothing of what was looked at."""


class Exploited(msgspec.Struct, frozen=True):
    """Ids of a list of exploited vulnerabilities, and the date of that list."""

    ids: tuple[str, ...] = ()
    as_of: str = ""


class Scores(msgspec.Struct, frozen=True):
    """EPSS as (CVE id, probability, percentile), sorted, and the date of the scores."""

    rows: tuple[tuple[str, float, float], ...] = ()
    as_of: str = ""


class Origin(msgspec.Struct, frozen=True, order=True):
    """What one source of an update gave to a store.

    Args:
        name: Of the source, for example `osv PyPI`.
        feed: That read it.
        fingerprint: Of the files that it was read from and of the program that read them.
        sources: Names of the `SourceStatus` that it gave, sorted.
        releases: (ecosystem, release) that it looked at, sorted.
    """

    name: str
    feed: str
    fingerprint: str
    sources: tuple[str, ...] = ()
    releases: tuple[tuple[str, str], ...] = ()


class StoreContent(msgspec.Struct, frozen=True, kw_only=True):
    """A whole store.

    Args:
        sources: Sorted by name.
        packages: Records by ecosystem, release and package.
        exploited: The list of exploited vulnerabilities.
        scores: Chances of being exploited.
        vectors: CVSS vectors as (CVE id, who gave it, vector), sorted.
        rejected: CVE ids that were taken back, sorted. Facts that name them are kept in `packages`, so that
            an id may come back; reading leaves them out.
        origins: Where facts of an update come from, sorted by name.
    """

    sources: tuple[SourceStatus, ...]
    packages: dict[PackageName, PackageRecord]
    exploited: Exploited = Exploited()
    scores: Scores = Scores()
    vectors: tuple[tuple[str, str, str], ...] = ()
    rejected: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()


@cycles_left_alone()
def gather(
    results: Iterable[tuple[str, FeedResult]],
    *,
    origins: Iterable[Origin] = (),
    carried: Iterable[tuple[PackageName, PackageRecord]] = (),
) -> StoreContent:
    """Merge the results of feeds.

    Args:
        results: Name and result of each feed, of one feed also several; their order changes nothing.
        origins: Where they come from.
        carried: Records of another store that are taken over as they are.

    Returns:
        Facts grouped by package, sorted and without repetition.
    """
    by_name = sorted(results, key=lambda item: item[0])
    facts: dict[PackageName, list[Fact]] = defaultdict(list)
    covered_by: dict[PackageName, set[str]] = defaultdict(set)
    oldest: dict[PackageName, tuple[str, ...]] = {}
    current: dict[PackageName, str] = {}
    exploited, scores = Exploited(), Scores()
    vectors: tuple[tuple[str, str, str], ...] = ()
    rejected: set[str] = set()
    sources: list[SourceStatus] = []
    for name, result in by_name:
        feed = name.partition(" ")[0]
        sources += result.sources
        named = set(result.covered)
        for advisory in result.advisories:
            package = (advisory.ecosystem, advisory.release, advisory.package)
            facts[package].append(fact_of(advisory))
            named.add(package)
        for package in named:
            covered_by[package].add(feed)
        oldest.update({(item[0], item[1], item[2]): item[3:] for item in result.oldest})
        current.update({(item[0], item[1], item[2]): item[3] for item in result.current})
        if result.exploited:
            exploited = Exploited(tuple(sorted(set(result.exploited))), result.sources[0].as_of)
        if result.scores:
            scores = Scores(result.scores, result.sources[0].as_of)
        vectors = tuple(sorted({*vectors, *result.vectors})) if vectors else result.vectors
        rejected.update(result.rejected)
    for package, record in carried:
        facts[package] += record.facts
        covered_by[package].update(record.covered_by)
        if record.oldest:
            oldest.setdefault(package, record.oldest)
        if record.current:
            current.setdefault(package, record.current)
    return StoreContent(
        sources=tuple(sorted(sources)),
        packages={
            package: PackageRecord(
                each_once(facts[package]),
                tuple(sorted(covered_by[package])),
                oldest.get(package, ()),
                current.get(package, ""),
            )
            for package in sorted(covered_by)
        },
        exploited=exploited,
        scores=scores,
        vectors=vectors,
        rejected=tuple(sorted(rejected)),
        origins=tuple(sorted(origins)),
    )
