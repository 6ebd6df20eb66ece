"""What applies to Python distributions that no OS package owns: by their PEP 503 name, in the order of PEP 440."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from basewise.advisories.facts import Fact
from basewise.advisories.store import Store
from basewise.errors import InvalidValueError
from basewise.matching.affected import decide_affected
from basewise.matching.aliases import by_vulnerability
from basewise.matching.assemble import assemble
from basewise.matching.memory import remembered
from basewise.matching.result import Part
from basewise.matching.telling import telling_advisories
from basewise.model.advisory import Advisory, FactKind
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding
from basewise.model.package import Package
from basewise.versions.pep440 import release_series, sort_key
from basewise.versions.ranges import BEGINNING

__all__ = ["match_pypi"]

ECOSYSTEM = "pypi"
LEFT_BEHIND_AFTER = 3
"""So many of the newest vulnerabilities, all of them in later series only, say that nobody examines a version."""

_SEPARATORS = re.compile(r"[-_.]+")


def match_pypi(packages: Iterable[Package], store: Store) -> Part:
    """Find what applies to packages of type `pypi`.

    Args:
        packages: Installed distributions; each version of one is judged by itself.
        store: Where the facts are.

    Returns:
        Findings. Not measured when there are packages and the store has no advisories of PyPI.
    """
    named = {(_normalised(package.name), package.version): package for package in sorted(set(packages))}
    installed = sorted(named.items())
    if not installed:
        return Part()
    if ECOSYSTEM not in store.ecosystems():
        return Part(measured=False)
    store.read_ahead(ECOSYSTEM, "", [name for (name, _), _ in installed])
    findings: list[Finding] = []
    not_covered: list[NotCovered] = []
    for (name, _), package in installed:
        key = (ECOSYSTEM, name, package)
        found, said = remembered(store, key, partial(_match, name, package, store))
        findings += found
        not_covered += said
    return Part(findings=tuple(findings), not_covered=tuple(not_covered))


def _normalised(name: str) -> str:
    """Return a name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()


def _match(name: str, package: Package, store: Store) -> tuple[tuple[Finding, ...], tuple[NotCovered, ...]]:
    """Return the findings of one distribution, and what its advisories no longer say."""
    found = []
    for vulnerability in by_vulnerability(_facts(name, package.version, store)):
        version = _compared_version(package.version, vulnerability.facts)
        decision = decide_affected(vulnerability.facts, version, sort_key)
        if decision is not None:
            found.append(assemble(vulnerability, decision, package, (package.name,), store))
    return tuple(found), _left_behind(name, package, store)


def _facts(name: str, version: str, store: Store) -> Sequence[Advisory]:
    """Return what is said of vulnerabilities that may apply; of a local label each vulnerability decides by itself."""
    if "+" in version:
        return store.facts(ECOSYSTEM, "", name)
    return telling_advisories(store, (ECOSYSTEM, "", name), version, sort_key)


def _compared_version(version: str, facts: Iterable[Advisory]) -> str:
    """Return the version without its local label, unless a bound of the advisory has one.

    `2.1.0+cpu` is a build of 2.1.0 and as vulnerable, though it sorts after it.
    """
    public, plus, _ = version.partition("+")
    if not plus or any("+" in bound for fact in facts for bound in _bounds(fact)):
        return version
    return public


def _bounds(fact: Advisory) -> Iterable[str]:
    """Yield the versions that a fact names."""
    yield from fact.versions
    for item in fact.ranges:
        yield from (item.introduced, item.fixed, item.last_affected)


def _left_behind(name: str, package: Package, store: Store) -> tuple[NotCovered, ...]:
    """Say that the newest advisories begin in later series than the installed one: nobody examines it any more."""
    if not _may_be_left_behind(package.version, store.record(ECOSYSTEM, "", name).facts):
        return ()
    try:
        series = release_series(package.version)
    except InvalidValueError:
        return ()
    vulnerabilities = by_vulnerability(store.facts(ECOSYSTEM, "", name))
    if len(vulnerabilities) < LEFT_BEHIND_AFTER:
        return ()
    dated = sorted(vulnerabilities, key=lambda one: (max(f.published for f in one.facts), one.id))
    newest = dated[-LEFT_BEHIND_AFTER:]
    if not all(_begins_after(series, one.facts) for one in newest):
        return ()
    ids = ", ".join(one.id for one in newest)
    why = f"its newest advisories ({ids}) name later series only; this one may no longer be examined upstream"
    return (NotCovered(f"vulnerabilities of {package.name} {package.version}", why),)


def _may_be_left_behind(version: str, facts: Iterable[Fact]) -> bool:
    """Tell whether a range begins after the installed version, in a later series or in its own: mostly none does."""
    begins = {item.introduced for fact in facts for item in fact.ranges} - BEGINNING
    try:
        return any(sort_key(begin) > sort_key(version) for begin in begins)
    except InvalidValueError:
        return True


def _begins_after(series: tuple[int, int], facts: Iterable[Advisory]) -> bool:
    """Tell whether every range of the facts begins in a later series, and nothing else is listed."""
    begins = [item.introduced for fact in facts if fact.kind is FactKind.AFFECTED for item in fact.ranges]
    try:
        return bool(begins) and all(
            begin not in {"", "0"} and release_series(begin) > series for begin in begins
        )
    except InvalidValueError:
        return False
