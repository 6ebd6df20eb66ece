"""Advisory facts derived from a Debian archive itself.

`Packages` of a release and of its security suite name the current source versions; the changelog inside
each source's binary packages names the CVEs that each version fixes. Works behind any mirror, and nothing is
copied but ids, versions and dates.

A CVE that another suite has fixed while this release is older than that fix, and says nothing itself, becomes
`FIXED_ELSEWHERE`: whether the release is affected is not known from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import msgspec

from basewise.advisories.archive_notes import ARCHIVE_FEED, BEHIND, UNREAD
from basewise.advisories.debian_archive_changes import classify_entry
from basewise.advisories.debian_archive_history import SourceHistory, read_histories
from basewise.advisories.feed import FeedResult, Input, Skipped
from basewise.debian.archive import Archive, ArchiveSuite, MissingFileError, suites_of
from basewise.debian.suite import EMBEDDED_ARCHITECTURES, EMBEDDED_RELEASES, load_suite
from basewise.model.advisory import Advisory, FactKind, SourceStatus
from basewise.progress import Progress, SilentProgress
from basewise.versions import debian

__all__ = [
    "ECOSYSTEM",
    "NAME",
    "DebianArchive",
    "embedded_sources",
    "facts_of_history",
    "fixed_elsewhere",
]

ECOSYSTEM = "debian"
NAME = ARCHIVE_FEED
REFERENCE_RELEASE = "sid"
ARCHITECTURE = "amd64"
THREADS = 6


class DebianArchive:
    """The feed over a Debian archive.

    Args:
        archive: Where to read.
        releases: Codenames, oldest first, for which facts are wanted.
        reference: A newer suite whose fixes are compared with, "" for none.
        sources: Source package names to look at; `embedded_sources()` when None.
        cache: Directory for changelogs by the SHA256 of their `.deb`, None to keep nothing.
        threads: Downloads at a time.
        today: Date against which `Valid-Until` is held, `YYYY-MM-DD`; the machine's own when "".
    """

    name = NAME

    def __init__(
        self,
        archive: Archive,
        *,
        releases: Iterable[str] = EMBEDDED_RELEASES,
        reference: str = REFERENCE_RELEASE,
        sources: Collection[str] | None = None,
        cache: Path | None = None,
        threads: int = THREADS,
        today: str = "",
    ) -> None:
        self._archive = archive
        self._releases = tuple(releases)
        self._reference = reference
        self._sources = sources
        self._cache = cache
        self._threads = threads
        self._today = today or date.today().isoformat()  # noqa: DTZ011 - a day off by the zone changes nothing

    def collect(self, progress: Progress | None = None) -> FeedResult:
        """Read the changelogs of all sources in all releases.

        Args:
            progress: Told of each release.

        Returns:
            Facts for `releases` and for the reference; what could not be read is in `skipped` and in the
            notes of the sources.

        Raises:
            ArchiveError: A release cannot be read or verified.
        """
        shown = progress or SilentProgress()
        sources = embedded_sources() if self._sources is None else frozenset(self._sources)
        read: dict[str, _Release] = {}
        for release in (*self._releases, self._reference):
            if release and release not in read:
                shown.step(f"reading Debian changelogs of {release}")
                read[release] = self._read(release, sources)
        return _result(read, self._releases)

    def _read(self, release: str, sources: Collection[str]) -> _Release:
        suites: list[ArchiveSuite] = []
        notes: list[str] = []
        for suite in suites_of(release):
            try:
                suites.append(self._archive.suite(suite, ARCHITECTURE))
            except MissingFileError:
                # A release has no updates suite before its first one and after its end.
                if not suite.endswith("-updates"):
                    raise
                notes.append(f"`{suite}` does not exist")
        histories = read_histories(
            self._archive,
            suites,
            sources,
            architecture=ARCHITECTURE,
            cache=self._cache,
            threads=self._threads,
        )
        notes += _suite_notes(suites, self._today)
        return _Release(release, tuple(suites), histories, tuple(notes))


class _Release(msgspec.Struct, frozen=True):
    """What was read of one release."""

    name: str
    suites: tuple[ArchiveSuite, ...]
    histories: tuple[SourceHistory, ...]
    notes: tuple[str, ...]


def embedded_sources(releases: Iterable[str] = EMBEDDED_RELEASES) -> frozenset[str]:
    """Return the source packages of everything in the embedded package indexes."""
    return frozenset(
        package.source
        for release in releases
        for architecture in EMBEDDED_ARCHITECTURES
        for package in load_suite(release, architecture).packages
    )


def facts_of_history(release: str, history: SourceHistory) -> tuple[Advisory, ...]:
    """Return what a changelog says, without repetition: of each CVE only what changes its state.

    The first fix counts, then a revert of it, then the first fix after that; a mention counts where no fix
    stands at or before it.

    Args:
        release: Codename that the facts are for.
        history: The changelog.
    """
    facts: list[Advisory] = []
    last: dict[str, FactKind] = {}
    for version, entry_version, day, readings in _oldest_first(history):
        for identifier, kind in readings.items():
            before = last.get(identifier)
            if kind is before or (kind is FactKind.MENTIONED and before is not None):
                continue
            if kind is FactKind.REVERTED and before is not FactKind.FIXED:
                kind = FactKind.MENTIONED  # noqa: PLW2901 - nothing stands here that could be taken back
                if before is not None:
                    continue
            last[identifier] = kind
            facts.append(
                _fact(
                    identifier,
                    kind,
                    where=(release, history.source),
                    version=version,
                    detail=entry_version,
                    day=day,
                )
            )
    return tuple(sorted(facts))


def fixed_elsewhere(
    release: str, history: SourceHistory, facts: Iterable[Advisory], others: Mapping[str, Iterable[Advisory]]
) -> Iterator[Advisory]:
    """Yield the CVEs that another suite has fixed and this release does not speak of.

    Args:
        release: Codename that the facts are for.
        history: Changelog of the source in this release.
        facts: What it says.
        others: Facts of the same source by release, oldest release first.
    """
    known = {fact.id for fact in facts if fact.kind in {FactKind.FIXED, FactKind.REVERTED}}
    own = {entry.version for entry in history.entries}
    for other, stated in others.items():
        for fact in stated:
            if fact.kind is not FactKind.FIXED or fact.id in known or fact.detail in own:
                continue
            if debian.compare(history.current, fact.version) >= 0:
                continue
            known.add(fact.id)
            yield _fact(
                fact.id,
                FactKind.FIXED_ELSEWHERE,
                where=(release, history.source),
                version=fact.version,
                detail=other,
                day=fact.published,
            )


def _oldest_first(history: SourceHistory) -> Iterator[tuple[str, str, str, dict[str, FactKind]]]:
    """Yield, per entry, the version from which on it holds, its own version, its date, its readings.

    A changelog that was continued under another name or epoch may carry higher versions further down;
    everything that is newer than such an entry holds it too, so the smallest of those versions counts.
    """
    oldest_first: list[tuple[str, str, str, dict[str, FactKind]]] = []
    smallest = ""
    for entry in history.entries:
        if not debian.is_valid(entry.version):
            continue
        if not smallest or debian.compare(entry.version, smallest) < 0:
            smallest = entry.version
        oldest_first.append((smallest, entry.version, entry.date, classify_entry(entry)))
    yield from reversed(oldest_first)


def _fact(
    identifier: str, kind: FactKind, *, where: tuple[str, str], version: str, detail: str, day: str
) -> Advisory:
    return Advisory(
        id=identifier,
        ecosystem=ECOSYSTEM,
        release=where[0],
        package=where[1],
        kind=kind,
        version=version,
        origin=NAME,
        published=day,
        detail=detail,
    )


def _result(read: Mapping[str, _Release], releases: tuple[str, ...]) -> FeedResult:
    """Put the releases together."""
    facts: dict[str, dict[str, tuple[Advisory, ...]]] = {
        name: {history.source: facts_of_history(name, history) for history in release.histories}
        for name, release in read.items()
    }
    for name in releases:
        for history in read[name].histories:
            if not history.read:
                continue
            own = facts[name][history.source]
            others = {
                other: facts[other].get(history.source, ()) for other in read if _is_newer(other, name, read)
            }
            facts[name][history.source] += tuple(fixed_elsewhere(name, history, own, others))
    looked_at = [(name, history) for name in read for history in read[name].histories if history.read]
    return FeedResult(
        sources=tuple(_status(read[name], facts[name]) for name in read),
        advisories=tuple(
            sorted({fact for by_source in facts.values() for own in by_source.values() for fact in own})
        ),
        covered=tuple(sorted((ECOSYSTEM, name, history.source) for name, history in looked_at)),
        oldest=tuple(sorted(_oldest(name, history) for name, history in looked_at)),
        current=tuple(
            sorted((ECOSYSTEM, name, history.source, history.current) for name, history in looked_at)
        ),
        skipped=tuple(
            sorted(
                Skipped(f"{name} {history.source} {history.current}", history.problem)
                for name in read
                for history in read[name].histories
                if history.problem
            )
        ),
        inputs=tuple(
            sorted(
                Input(f"{suite.release.suite} InRelease", suite.release.date, suite.release.sha256)
                for release in read.values()
                for suite in release.suites
            )
        ),
    )


def _is_newer(other: str, name: str, read: Mapping[str, _Release]) -> bool:
    order = list(read)
    return order.index(other) > order.index(name)


def _oldest(name: str, history: SourceHistory) -> tuple[str, str, str, str, str]:
    first = history.entries[-1]
    return ECOSYSTEM, name, history.source, first.version, first.date


def _status(release: _Release, facts: Mapping[str, tuple[Advisory, ...]]) -> SourceStatus:
    unread = [history.source for history in release.histories if not history.read]
    behind = [history.source for history in release.histories if history.read and history.problem]
    notes = list(release.notes)
    if unread:
        notes.append(f"{UNREAD}{', '.join(unread)}")
    if behind:
        notes.append(f"{BEHIND}{', '.join(behind)}")
    return SourceStatus(
        name=f"{NAME} {release.name}",
        ecosystem=ECOSYSTEM,
        as_of=max(suite.release.date for suite in release.suites),
        entries=sum(len(own) for own in facts.values()),
        verified=all(suite.release.verified for suite in release.suites),
        note="; ".join(notes),
    )


def _suite_notes(suites: Iterable[ArchiveSuite], today: str) -> Iterator[str]:
    """Yield what is odd about the suites: not verified, or past the date until which they are valid."""
    for suite in suites:
        release = suite.release
        if not release.verified:
            yield f"`{release.suite}` is not verified: {release.note}"
        if release.valid_until and release.valid_until < today:
            yield f"`{release.suite}` of {release.date} was valid until {release.valid_until}"
