"""Facts as the records of a store keep them, and as advisories."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from msgspec import structs

from basewise.model.advisory import Advisory, FactKind, VersionRange

__all__ = ["Fact", "PackageName", "PackageRecord", "advisories_of", "advisory_of", "fact_of"]

_LANGUAGES = frozenset({"pypi", "cpython"})
"""Their advisories stand on their own; those of distributions are statements about CVE ids."""

PackageName = tuple[str, str, str]
"""Ecosystem, release and package."""


class Fact(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """An `Advisory` without the three fields that its record already has."""

    id: str
    kind: FactKind
    version: str
    origin: str
    published: str
    detail: str
    aliases: tuple[str, ...]
    severity: str
    ranges: tuple[VersionRange, ...] = ()
    versions: tuple[str, ...] = ()
    cvss: tuple[str, ...] = ()


class PackageRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that a store knows of one package in one release.

    Args:
        facts: Sorted.
        covered_by: Names of the feeds that looked at it, sorted.
        oldest: Version and date of the oldest statement seen; empty when not known.
        current: Newest version seen; "" when not known.
    """

    facts: tuple[Fact, ...] = ()
    covered_by: tuple[str, ...] = ()
    oldest: tuple[str, ...] = ()
    current: str = ""


def advisory_of(package: PackageName, fact: Fact) -> Advisory:
    """Return a fact as its feed said it.

    Args:
        package: Ecosystem, release and package of its record.
        fact: The fact.
    """
    ecosystem, release, name = package
    return Advisory(
        id=fact.id,
        ecosystem=ecosystem,
        release=release,
        package=name,
        kind=fact.kind,
        version=fact.version,
        origin=fact.origin,
        published=fact.published,
        detail=fact.detail,
        aliases=fact.aliases,
        severity=fact.severity,
        ranges=fact.ranges,
        versions=fact.versions,
        cvss=fact.cvss,
    )


def advisories_of(
    package: PackageName, facts: Iterable[Fact], rejected: Collection[str]
) -> tuple[Advisory, ...]:
    """Return facts of a record without what was taken back, in the same order.

    Args:
        package: Ecosystem, release and package of the record.
        facts: Some of its facts.
        rejected: CVE ids that are no vulnerability, and no alias of one. A distribution's statement about
            nothing else is left out too.
    """
    found = []
    for fact in facts:
        if fact.id in rejected:
            continue
        if rejected and any(name in rejected for name in fact.aliases):
            kept = tuple(name for name in fact.aliases if name not in rejected)
            if kept or package[0] in _LANGUAGES:
                found.append(advisory_of(package, structs.replace(fact, aliases=kept)))
        else:
            found.append(advisory_of(package, fact))
    return tuple(found)


def fact_of(advisory: Advisory) -> Fact:
    """Return the part of an advisory that a record keeps.

    Args:
        advisory: The advisory.
    """
    return Fact(
        advisory.id,
        advisory.kind,
        advisory.version,
        advisory.origin,
        advisory.published,
        advisory.detail,
        advisory.aliases,
        advisory.severity,
        advisory.ranges,
        advisory.versions,
        advisory.cvss,
    )
