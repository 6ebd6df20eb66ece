"""The facts of a record of OSV."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from basewise.advisories.osv_ecosystems import OsvEcosystem, Scope
from basewise.advisories.osv_ranges import HeldVersions, ranges_of_events
from basewise.advisories.osv_record import (
    OsvAffected,
    OsvEvent,
    OsvRecord,
    OsvSeverity,
    Spoken,
    spoken_of,
)
from basewise.model.advisory import Advisory, FactKind, VersionRange

__all__ = ["FactMaker", "normalise_pypi_name"]

_SEPARATORS = re.compile(r"[-_.]+")
_PYPI_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_NAME = re.compile(r"[!-~]{1,255}", re.ASCII)
_CVSS = re.compile(r"[A-Za-z0-9:./_-]{6,256}", re.ASCII)
_DEBUG = ("-debuginfo", "-debugsource")
_SEVERITIES = {
    "critical": "critical",
    "high": "high",
    "important": "high",
    "medium": "medium",
    "moderate": "medium",
    "low": "low",
    "negligible": "negligible",
    "unimportant": "negligible",
}
_NO_SEVERITIES = frozenset({"", "none", "unknown", "untriaged", "not yet assigned", "end-of-life"})
_END_OF_LIFE = "end-of-life"

Shared = TypeVar("Shared")
_Rating = tuple[tuple[str, ...], str]
_UNRATED: _Rating = ((), "")


def normalise_pypi_name(name: str) -> str:
    """Return a name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()


class FactMaker:
    """Makes facts of the records of one ecosystem; equal parts of them are kept once.

    Args:
        wanted: The ecosystem.
        origin: Name of the feed.
    """

    def __init__(self, wanted: OsvEcosystem, *, origin: str) -> None:
        self._wanted = wanted
        self._origin = origin
        self._held: dict[tuple[OsvEvent, ...], HeldVersions] = {}
        self._names: dict[str, str] = {}
        self._parts: dict[Any, Any] = {}
        self.not_understood: Counter[str] = Counter()

    def facts(self, record: OsvRecord, scopes: Iterable[tuple[OsvAffected, Scope]]) -> Iterator[Advisory]:
        """Yield the facts of a record.

        Args:
            record: Not withdrawn.
            scopes: Its entries that are of the ecosystem, each with ecosystem and release.

        Raises:
            ValueError: A package has no name that can be one.
        """
        spoken = spoken_of(record, is_distribution=self._wanted.is_distribution)
        if not spoken:
            return
        rating = self._rating(record)
        for affected, (ecosystem, release) in scopes:
            assert affected.package is not None  # noqa: S101 - scopes are of entries with a package
            name = self._package_name(affected.package.name)
            if name.endswith(_DEBUG):
                continue
            ranges, versions = self._versions(affected)
            kind = self._kind(affected, ranges, versions)
            if kind is None:
                continue
            cvss, severity = self._rating_of_entry(affected, rating)
            for named in spoken:
                yield Advisory(
                    id=named.id,
                    ecosystem=ecosystem,
                    release=self._shared(release),
                    package=name,
                    kind=kind,
                    origin=self._origin,
                    published=record.published_on,
                    detail=named.detail,
                    aliases=self._shared(named.aliases),
                    severity=severity,
                    ranges=ranges if kind is FactKind.AFFECTED else (),
                    versions=versions if kind is FactKind.AFFECTED else (),
                    # The vector of a statement about several vulnerabilities is that of the worst of them.
                    cvss=cvss if cvss and len(spoken) == 1 and not _speaks_of_several(named) else (),
                )

    def _shared(self, part: Shared) -> Shared:
        """Return an equal part that was seen before, so that it is kept once."""
        found: Shared = self._parts.setdefault(part, part)
        return found

    def _package_name(self, text: str) -> str:
        """Return the name as advisories write it.

        Raises:
            ValueError: It is none.
        """
        name = self._names.get(text)
        if name is None:
            name = text if self._wanted.is_distribution else normalise_pypi_name(text)
            if not (_NAME if self._wanted.is_distribution else _PYPI_NAME).fullmatch(name):
                raise ValueError(f"it names a package `{text[:40]}`")
            self._names[text] = name
        return name

    def _versions(self, affected: OsvAffected) -> tuple[tuple[VersionRange, ...], tuple[str, ...]]:
        """Return the ranges, and single versions that they do not say.

        A distribution's list of versions enumerates what its ranges say, and is not compared again.
        """
        lists = [tuple(item.events) for item in affected.ranges or () if item.type != "GIT"]
        held = self._held.get(lists[0]) if len(lists) == 1 else None
        if held is None:
            sort_key = self._wanted.sort_key
            ranges = {found for events in lists for found in ranges_of_events(events, sort_key)}
            held = HeldVersions(sorted(ranges), sort_key)
            if len(lists) == 1:
                self._held[lists[0]] = held
        if not affected.versions or (held.ranges and self._wanted.is_distribution):
            return held.ranges, ()
        return held.ranges, self._shared(held.outside(affected.versions))

    def _kind(
        self, affected: OsvAffected, ranges: Sequence[VersionRange], versions: Sequence[str]
    ) -> FactKind | None:
        """Return what is said; None for ranges that hold nothing.

        Affected without any version means that nobody can tell: only commits are named.
        """
        specific = affected.ecosystem_specific
        if specific is not None and specific.urgency == _END_OF_LIFE and not any(r.fixed for r in ranges):
            return FactKind.END_OF_LIFE
        holds_nothing = any(item.type != "GIT" and item.events for item in affected.ranges or ())
        return None if holds_nothing and not ranges and not versions else FactKind.AFFECTED

    def _rating(self, record: OsvRecord) -> _Rating:
        """Return the vectors and the word that a record gives to all its entries."""
        specific = record.database_specific
        if specific is None and not record.severity and not record.summary:
            return _UNRATED
        words: list[object] = []
        vectors = self._vectors(record.severity or (), words)
        if specific is not None:
            words.append(specific.severity)
        # The rpm families begin a summary with the word; anything else there is no severity that is not known.
        first = (record.summary or "").partition(":")[0].lower() if self._wanted.is_distribution else ""
        return vectors, self._word(words) or _SEVERITIES.get(first, "")

    def _rating_of_entry(self, affected: OsvAffected, rating: _Rating) -> _Rating:
        """Return those of one entry, else those of its record."""
        specifics = [s for s in (affected.ecosystem_specific, affected.database_specific) if s is not None]
        if not affected.severity and not specifics:
            return rating
        words: list[object] = []
        vectors = self._vectors(affected.severity or (), words)
        for specific in specifics:
            words += [specific.severity, specific.urgency]
        return vectors or rating[0], self._word(words) or rating[1]

    def _vectors(self, severities: Iterable[OsvSeverity], words: list[object]) -> tuple[str, ...]:
        """Return the CVSS vectors, sorted; other scores are added to `words`."""
        found = set()
        for item in severities:
            if not item.type.startswith("CVSS"):
                words.append(item.score)
            elif _CVSS.fullmatch(item.score):
                found.add(item.score)
            else:
                self.not_understood["a CVSS vector that is none"] += 1
        return self._shared(tuple(sorted(found)))

    def _word(self, words: Iterable[object]) -> str:
        """Return the first word that is a severity."""
        for text in words:
            if not isinstance(text, str):
                continue
            found = _SEVERITIES.get(text.lower())
            if found is not None:
                return found
            if text.lower() not in _NO_SEVERITIES:
                self.not_understood[f"severity `{text[:20]}` is not known"] += 1
        return ""


def _speaks_of_several(spoken: Spoken) -> bool:
    return len(spoken.aliases) > 1 and sum(name.startswith("CVE-") for name in spoken.aliases) > 1
