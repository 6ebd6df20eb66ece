"""One vulnerability under many names: facts gathered so that each counts once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from basewise.advisories.facts import Fact
from basewise.model.advisory import Advisory

__all__ = ["Vulnerability", "by_vulnerability", "identifier_order", "is_erratum", "names_of"]

_CVE = re.compile(r"CVE-(\d{4})-(\d{1,19})\Z", re.ASCII | re.IGNORECASE)
# What OSV calls a distribution's view of a CVE: `DEBIAN-CVE-2026-1234`.
_VIEW = re.compile(r"[A-Z]+-(CVE-\d{4}-\d{1,19})\Z", re.ASCII | re.IGNORECASE)
# Advisories that gather fixes of several vulnerabilities: their CVEs are no aliases of each other.
_BUNDLE = re.compile(
    r"(?:DSA|DLA|DTSA|USN|LSN|RHSA|RHBA|RHEA|ALSA|ALBA|ALEA|RLSA|RXSA|RLBA|RLEA|ELSA|ALAS\w*|SUSE|OPENSUSE)-",
    re.ASCII | re.IGNORECASE,
)
_FAMILIES = ("CVE", "GHSA", "PYSEC")


class Vulnerability(msgspec.Struct, frozen=True, order=True):
    """One vulnerability of one package: its primary id, its other ids in order, and what is said of it."""

    id: str
    aliases: tuple[str, ...]
    facts: tuple[Advisory, ...]


def identifier_order(identifier: str) -> tuple[int, int, int, str]:
    """Return the key that sorts ids: CVEs by year and number, then GHSA, then PYSEC, then all others by text."""
    match = _CVE.match(identifier)
    if match is not None:
        return 0, int(match[1]), int(match[2]), identifier
    family = identifier.partition("-")[0]
    rank = _FAMILIES.index(family) if family in _FAMILIES else len(_FAMILIES)
    return rank, 0, 0, identifier


def is_erratum(identifier: str) -> bool:
    """Tell whether an id is that of an advisory that can gather fixes of several vulnerabilities."""
    return _BUNDLE.match(identifier) is not None


def by_vulnerability(facts: Iterable[Advisory]) -> tuple[Vulnerability, ...]:
    """Gather the facts of one package by vulnerability.

    Ids that a chain of aliases connects are one vulnerability, also where the chain runs through a fact that does
    not apply to the installed version: so the groups do not change when a version is raised. An advisory that
    gathers several vulnerabilities (`DSA-…`, `RHSA-…`) speaks of each of its CVEs by itself.

    Args:
        facts: All facts of one package, of any number of sources.

    Returns:
        Vulnerabilities sorted by primary id: the lowest CVE, else the first GHSA, else PYSEC, else any.
    """
    known = tuple(facts)
    if not any(fact.aliases for fact in known):
        return _by_id(known)
    set_of: dict[str, _Set] = {}
    gathering: list[tuple[Advisory, Sequence[str]]] = []
    for fact in known:
        ids = names_of(fact)
        if is_erratum(fact.id):
            for name in ids:
                if name not in set_of:
                    set_of[name] = _Set([name])
            gathering.append((fact, _gathered(ids)))
        elif set_of.keys().isdisjoint(ids):
            alone = _Set(ids, fact)
            for name in ids:
                set_of[name] = alone
        else:
            _united(set_of, ids).facts.append(fact)
    for fact, names in gathering:
        for one in _each_once(set_of[name] for name in names):
            one.facts.append(fact)
            one.names.add(fact.id)
    sets = _each_once(set_of.values())
    return tuple(sorted([_vulnerability(one.names, one.facts) for one in sets if one.facts]))


class _Set:
    """Names that are one vulnerability, and the facts about it."""

    __slots__ = ("facts", "names")

    def __init__(self, names: Iterable[str], *facts: Advisory) -> None:
        self.names = set(names)
        self.facts = list(facts)


def _each_once(sets: Iterable[_Set]) -> Iterable[_Set]:
    """Return sets without repetition, the largest first: its names need not move."""
    found = {id(one): one for one in sets}.values()
    return sorted(found, key=lambda one: len(one.names), reverse=True) if len(found) > 1 else found


def _united(set_of: dict[str, _Set], names: Sequence[str]) -> _Set:
    """Put names into one set, and return it.

    Args:
        set_of: The sets so far, by each of their names.
        names: Of one vulnerability; one of them at least is in a set.
    """
    known = [set_of[name] for name in names if name in set_of]
    first = known[0]
    if any(one is not first for one in known):
        first, *others = _each_once(known)
        for other in others:
            first.names |= other.names
            first.facts += other.facts
            set_of.update(dict.fromkeys(other.names, first))
    for name in names:
        if name not in first.names:
            first.names.add(name)
            set_of[name] = first
    return first


def _by_id(facts: tuple[Advisory, ...]) -> tuple[Vulnerability, ...]:
    """Gather facts none of which names an alias."""
    members: dict[str, list[Advisory]] = {}
    for fact in facts:
        name = fact.id if fact.id.startswith("CVE-") else _spelled(fact.id)
        if name in members:
            members[name].append(fact)
        else:
            members[name] = [fact]
    return tuple([Vulnerability(name, (), tuple(members[name])) for name in sorted(members)])


def names_of(fact: Advisory | Fact) -> Sequence[str]:
    """Return the ids of a fact, each in its one spelling."""
    if not fact.aliases:
        return (_spelled(fact.id),)
    return list(dict.fromkeys([_spelled(name) for name in (fact.id, *fact.aliases)]))


def _spelled(name: str) -> str:
    """Return a CVE id for a distribution's view of it, and in capitals; other ids as they are."""
    if name.startswith("CVE-") or "CVE-" not in name.upper():
        return name
    view = _VIEW.match(name)
    if view is not None:
        return view[1].upper()
    return name.upper() if _CVE.match(name) else name


def _gathered(names: Sequence[str]) -> Sequence[str]:
    """Return the names of the vulnerabilities that a gathering advisory speaks of: its CVEs, else itself."""
    return [name for name in names if name.startswith("CVE-")] or names[:1]


def _vulnerability(names: set[str], facts: list[Advisory]) -> Vulnerability:
    """Return the group of these names."""
    first, *others = sorted(names, key=identifier_order) if len(names) > 1 else names
    return Vulnerability(first, tuple(others), tuple(sorted(facts) if len(facts) > 1 else facts))
