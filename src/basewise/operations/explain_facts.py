"""What the store says of one vulnerability: about installed packages, and about others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from basewise.advisories.store import Store
from basewise.matching.apk import release_of_facts
from basewise.matching.group import source_name
from basewise.matching.os_packages import judged_as, own_type
from basewise.model.advisory import Advisory, VersionRange
from basewise.model.distro import Distro
from basewise.model.explanation import Statement
from basewise.model.package import Package, PackageType

__all__ = ["facts_about", "names_of", "other_packages", "statement_of"]

_SEPARATORS = re.compile(r"[-_.]+")


def names_of(facts: Iterable[Advisory]) -> frozenset[str]:
    """Return every id that facts give a vulnerability, in lower case."""
    return frozenset(name for fact in facts for name in _ids(fact))


def facts_about(
    package: Package, distro: Distro | None, identifiers: frozenset[str], store: Store
) -> tuple[Advisory, ...]:
    """Return what the store says of a vulnerability and an installed package.

    Args:
        package: Installed.
        distro: Of its image.
        identifiers: Ids and aliases of the vulnerability, in lower case.
        store: Where the facts are.
    """
    return tuple(
        fact
        for ecosystem, release, name in sorted(_records(package, distro, store))
        for fact in store.facts(ecosystem, release, name)
        if not identifiers.isdisjoint(_ids(fact))
    )


def _records(package: Package, distro: Distro | None, store: Store) -> Iterator[tuple[str, str, str]]:
    """Yield what a package may be called in the store: ecosystem, release and name."""
    if package.type is PackageType.PYPI:
        yield "pypi", "", _SEPARATORS.sub("-", package.name).lower()
    elif package.type is PackageType.CPYTHON:
        yield "cpython", ".".join(package.version.split(".")[:2]), "cpython"
    elif distro is not None:
        for release in _releases(distro, store):
            for name in {package.name, source_name(package.source or package.name)}:
                yield judged_as(distro).id, release, name


def _releases(distro: Distro, store: Store) -> frozenset[str]:
    """Return the releases of the store that a distribution may be."""
    numbers = distro.version.split(".")
    own = {distro.codename, distro.version, ".".join(numbers[:2]), numbers[0], ""}
    if own_type(distro) is PackageType.APK:
        own.add(release_of_facts(judged_as(distro), store))
    return store.releases(judged_as(distro).id) & own


def other_packages(
    distro: Distro | None, identifiers: frozenset[str], store: Store, *, limit: int
) -> tuple[str, ...]:
    """Return the names of packages that the store knows a vulnerability of, sorted, the first ones.

    Args:
        distro: Its releases are looked through, and what has none: PyPI; and CPython.
        identifiers: Ids and aliases of the vulnerability, in lower case.
        store: Where the facts are.
        limit: How many names are enough.
    """
    wanted = {("pypi", ""), *(("cpython", release) for release in store.releases("cpython"))}
    if distro is not None:
        wanted |= {(judged_as(distro).id, release) for release in _releases(distro, store)}
    found: dict[str, None] = {}
    for ecosystem, release, name in store.packages():
        if (ecosystem, release) in wanted and name not in found:
            facts = store.facts(ecosystem, release, name)
            if any(not identifiers.isdisjoint(_ids(fact)) for fact in facts):
                found[name] = None
                if len(found) >= limit:
                    break
    return tuple(sorted(found))


def _ids(fact: Advisory) -> set[str]:
    return {name.casefold() for name in (fact.id, *fact.aliases)}


def statement_of(fact: Advisory) -> Statement:
    """Return a fact in the words of the document."""
    return Statement(
        origin=fact.origin,
        id=fact.id,
        release=fact.release,
        package=fact.package,
        kind=str(fact.kind),
        version=fact.version,
        ranges=tuple(sorted({*map(_range, fact.ranges), *fact.versions})),
        published=fact.published,
        severity=fact.severity,
        detail=fact.detail,
    )


def _range(item: VersionRange) -> str:
    begin = "every version" if item.introduced in {"0", ""} else f"from {item.introduced}"
    if item.fixed:
        return f"{begin} before {item.fixed}"
    return f"{begin} up to {item.last_affected}" if item.last_affected else f"{begin} on"
