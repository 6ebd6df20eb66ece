"""Small advisory stores for tests: a feed with given facts, and a store made of it."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.advisories.content import (
    ECOSYSTEM_OF_EXPLOITED,
    ECOSYSTEM_OF_SCORES,
    ECOSYSTEM_OF_VECTORS,
    StoreContent,
    gather,
)
from basewise.advisories.feed import FeedResult
from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.model.advisory import Advisory, FactKind, SourceStatus, VersionRange
from basewise.progress import Progress, SilentProgress

__all__ = ["FactsFeed", "content_of", "fact", "store_of"]


def fact(
    id: str,  # noqa: A002 - the name of the field
    kind: FactKind,
    version: str = "",
    *,
    package: str = "openssl",
    release: str = "bookworm",
    ecosystem: str = "debian",
    origin: str = "debian_archive",
    published: str = "",
    detail: str = "",
    severity: str = "",
    aliases: tuple[str, ...] = (),
    ranges: tuple[VersionRange, ...] = (),
    versions: tuple[str, ...] = (),
    cvss: tuple[str, ...] = (),
) -> Advisory:
    """Return a fact of Debian's archive about bookworm's openssl, where nothing else is said.

    Args:
        id: The vulnerability.
        kind: What is said of it.
        version: The version that it is said of.
        package: Source package.
        release: Codename or branch.
        ecosystem: Of the release.
        origin: Name of the feed.
        published: Date of the statement.
        detail: Where it stands.
        severity: As the source gives it.
        aliases: Other ids.
        ranges: Affected versions.
        versions: Single affected versions.
        cvss: Vectors.
    """
    return Advisory(
        id=id,
        ecosystem=ecosystem,
        release=release,
        package=package,
        kind=kind,
        version=version,
        origin=origin,
        published=published,
        detail=detail,
        severity=severity,
        aliases=aliases,
        ranges=ranges,
        versions=versions,
        cvss=cvss,
    )


class FactsFeed:
    """A feed that gives the facts that it was made with.

    Args:
        name: Its name.
        facts: The facts.
        covered: Packages that it looked at besides those of the facts.
        exploited: Exploited ids.
        as_of: Date of its one source.
        ecosystem: Of that source.
        current: Newest versions.
        scores: EPSS.
        vectors: CVSS vectors of vulnerabilities.
        rejected: Ids that were taken back.
        verified: Its signatures were checked.
        note: What its source says to be missing.
    """

    def __init__(
        self,
        name: str,
        facts: Iterable[Advisory] = (),
        *,
        covered: Iterable[tuple[str, str, str]] = (),
        exploited: Iterable[str] = (),
        as_of: str = "2026-11-23",
        ecosystem: str = "debian",
        current: Iterable[tuple[str, str, str, str]] = (),
        scores: Iterable[tuple[str, float, float]] = (),
        vectors: Iterable[tuple[str, str, str]] = (),
        rejected: Iterable[str] = (),
        verified: bool = False,
        note: str = "",
    ) -> None:
        self.name = name
        self._facts = tuple(sorted(facts))
        named = {(item.ecosystem, item.release, item.package) for item in self._facts}
        self._covered = tuple(sorted(named | set(covered)))
        self._exploited = tuple(exploited)
        self._current = tuple(current)
        self._scores = tuple(sorted(scores))
        self._vectors = tuple(sorted(vectors))
        self._rejected = tuple(sorted(rejected))
        self._source = SourceStatus(
            name=name,
            ecosystem=self._kind(ecosystem),
            as_of=as_of,
            entries=sum(map(len, (self._facts, self._exploited, self._scores, self._vectors))),
            verified=verified,
            note=note,
        )

    def collect(self, progress: Progress) -> FeedResult:
        """Give the facts."""
        progress.step(self.name)
        return FeedResult(
            sources=(self._source,),
            advisories=self._facts,
            exploited=self._exploited,
            covered=self._covered,
            current=self._current,
            scores=self._scores,
            vectors=self._vectors,
            rejected=self._rejected,
        )

    def _kind(self, ecosystem: str) -> str:
        """Return the ecosystem of the source by what it gives."""
        if self._exploited:
            return ECOSYSTEM_OF_EXPLOITED
        if self._scores:
            return ECOSYSTEM_OF_SCORES
        return ECOSYSTEM_OF_VECTORS if self._vectors or self._rejected else ecosystem


def content_of(*facts: Advisory, feeds: Iterable[FactsFeed] = ()) -> StoreContent:
    """Return the content of a store.

    Args:
        facts: Each is put under a feed called like its origin.
        feeds: Further feeds.
    """
    origins = {item.origin for item in facts}
    own = [FactsFeed(name, (item for item in facts if item.origin == name)) for name in sorted(origins)]
    return gather((feed.name, feed.collect(SilentProgress())) for feed in (*own, *feeds))


def store_of(*facts: Advisory, feeds: Iterable[FactsFeed] = ()) -> Store:
    """Return an open store in memory.

    Args:
        facts: Each is put under a feed called like its origin.
        feeds: Further feeds.
    """
    return Store.open_bytes(encode_store(content_of(*facts, feeds=feeds)), "of a test")
