"""One vulnerability under many names: facts gathered so that each counts once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from basewise.model.advisory import Advisory

__all__ = ["Vulnerability", "by_vulnerability", "identifier_order", "is_erratum"]

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
    named = [(fact, _names(fact), is_erratum(fact.id)) for fact in known]
    parent: dict[str, str] = {}
    for _, ids, gathers in named:
        if gathers:
            for name in ids:
                parent.setdefault(name, name)
        else:
            _unite(parent, ids)
    members: dict[str, list[Advisory]] = defaultdict(list)
    ids_of: dict[str, set[str]] = defaultdict(set)
    for fact, ids, gathers in named:
        for root in {_root(parent, name) for name in (_gathered(ids) if gathers else ids[:1])}:
            members[root].append(fact)
            if gathers:
                ids_of[root].add(fact.id)
    for name in parent:
        ids_of[_root(parent, name)].add(name)
    return tuple(sorted(_vulnerability(ids_of[root], members[root]) for root in members))


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


def _names(fact: Advisory) -> tuple[str, ...]:
    """Return the ids of a fact, each in its one spelling."""
    return tuple(dict.fromkeys(_spelled(name) for name in (fact.id, *fact.aliases)))


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


def _unite(parent: dict[str, str], names: Sequence[str]) -> None:
    """Put names into one set."""
    first = _root(parent, names[0])
    for name in names[1:]:
        other = _root(parent, name)
        if other != first:
            parent[other] = first


def _root(parent: dict[str, str], name: str) -> str:
    """Return the representative of a name's set; paths are halved on the way."""
    parent.setdefault(name, name)
    while parent[name] != name:
        parent[name] = parent[parent[name]]
        name = parent[name]
    return name


def _vulnerability(names: set[str], facts: list[Advisory]) -> Vulnerability:
    """Return the group of these names."""
    first, *others = sorted(names, key=identifier_order)
    return Vulnerability(first, tuple(others), tuple(sorted(facts)))
