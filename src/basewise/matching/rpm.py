"""What applies to `rpm` packages of RHEL, Rocky Linux and AlmaLinux: by source and by binary package.

Red Hat and AlmaLinux name the packages that are installed, Rocky Linux the source package: a fact is compared with the
version of what it names. A fix without an epoch has epoch 0, as an installed package without one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

import msgspec

from basewise.advisories.store import Store
from basewise.matching.affected import decide_affected, key_or_none, names_fix
from basewise.matching.aliases import Vulnerability, by_vulnerability
from basewise.matching.assemble import assemble
from basewise.matching.decision import Decision
from basewise.matching.group import SourceGroup, group_by_source, is_kernel_headers
from basewise.matching.memory import remembered
from basewise.matching.names import some_names
from basewise.matching.result import Part
from basewise.matching.rpm_modules import of_same_line
from basewise.matching.telling import connected, is_silent
from basewise.model.advisory import Advisory
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding, State
from basewise.model.package import Package
from basewise.versions.rpm import sort_key

__all__ = ["match_rpm"]

_URGENCY = (State.FIXED, State.OPEN, State.UNDETERMINED)


class _Members(msgspec.Struct, frozen=True):
    """A source package and its installed binary packages."""

    group: SourceGroup
    packages: tuple[Package, ...]


def match_rpm(packages: Iterable[Package], distro: Distro, store: Store) -> Part:
    """Find what applies to the `rpm` packages of a release.

    Args:
        packages: Installed packages of type `rpm`.
        distro: Release; its id and the first number of its version name the facts.
        store: Where the facts are.

    Returns:
        Findings, kernel headers apart. Not measured when the store has nothing of the release.
    """
    installed = sorted(set(packages))
    if not installed:
        return Part()
    release = distro.version.partition(".")[0]
    named = f"{distro.id} {release}".strip()
    if not release or release not in store.releases(distro.id):
        why = f"the advisory store holds no facts of {named}"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    groups, sourceless = group_by_source(installed, sort_key)
    unseen = [
        NotCovered(
            f"open vulnerabilities of {named}",
            "its advisories name what was fixed; what is not fixed yet is not seen",
        )
    ]
    if sourceless:
        why = f"they do not say their source package: {some_names(sourceless)}"
        unseen.append(NotCovered(f"{len(sourceless)} rpm packages, but for advisories that name them", why))
    names = [*(group.name for group in groups), *(package.name for package in installed)]
    store.read_ahead(distro.id, release, names)
    findings: list[Finding] = []
    headers: list[Finding] = []
    for members in _members(groups, installed):
        key = (distro.id, release, members)
        found = remembered(store, key, partial(_match_members, members, (distro.id, release), store))
        (headers if is_kernel_headers(members.group) else findings).extend(found)
    return Part(findings=tuple(findings), uncounted=tuple(headers), not_covered=tuple(unseen))


def _members(groups: Iterable[SourceGroup], installed: list[Package]) -> Iterable[_Members]:
    """Yield each source package with its binaries; a package without a known source stands for itself."""
    by_source: dict[str | None, list[Package]] = defaultdict(list)
    for package in installed:
        by_source[package.source].append(package)
    for group in groups:
        yield _Members(group, tuple(by_source[group.name]))
    for package in by_source[None]:
        alone = SourceGroup(package.name, package.version, True, package, (package.name,))  # noqa: FBT003 - a field
        yield _Members(alone, (package,))


def _match_members(members: _Members, where: tuple[str, str], store: Store) -> tuple[Finding, ...]:
    """Return the findings of one source package."""
    versions: dict[str, list[tuple[str, Package]]] = defaultdict(list)
    versions[members.group.name].append((members.group.version, members.group.representative))
    for package in members.packages:
        versions[package.name].append((package.version, package))
    facts = [fact for name in sorted(versions) for fact in store.facts(*where, name)]
    speaking = [_speaks(fact, versions) for fact in facts]
    found = []
    for vulnerability in by_vulnerability(connected(facts, speaking)):
        decided = _decide(vulnerability, versions)
        if decided is not None:
            decision, package = decided
            found.append(assemble(vulnerability, decision, package, members.group.binaries, store))
    return tuple(found)


def _speaks(fact: Advisory, versions: dict[str, list[tuple[str, Package]]]) -> bool:
    """Tell whether a fact may lead to a finding for one of the versions of what it names."""
    installed = [version for version, _ in versions[fact.package]]
    return not all(is_silent(fact, text, key_or_none(text, sort_key), sort_key) for text in installed)


def _decide(
    vulnerability: Vulnerability, versions: dict[str, list[tuple[str, Package]]]
) -> tuple[Decision, Package] | None:
    """Return the most urgent decision of all names of a source package, and the package that it is about."""
    facts: dict[str, list[Advisory]] = defaultdict(list)
    for fact in vulnerability.facts:
        facts[fact.package].append(fact)
    decided = [
        (decision, package)
        for name in sorted(facts)
        for version, package in versions[name]
        if (decision := decide_rpm(facts[name], version)) is not None
    ]
    return min(decided, key=lambda one: _URGENCY.index(one[0].state), default=None)


def decide_rpm(facts: Iterable[Advisory], installed: str) -> Decision | None:
    """Return what facts of one vulnerability and one package name mean for an installed version.

    Args:
        facts: `AFFECTED` facts.
        installed: Installed version with its release.

    Returns:
        UNDETERMINED where only other module streams are named and one of them may be the installed one.
    """
    known = tuple(facts)
    comparable, other_streams = of_same_line(known, installed)
    decision = decide_affected(comparable, installed, sort_key)
    if decision is None:
        return _other_stream(other_streams, installed)
    if decision.state is State.FIXED:
        dates = [fact.published for fact in decision.facts if names_fix(fact, decision.fixed_version)]
        return msgspec.structs.replace(decision, fixed_on=min(filter(None, dates), default=None))
    return decision


def _other_stream(facts: tuple[Advisory, ...], installed: str) -> Decision | None:
    """Return that it cannot be told, where a fix in another module stream is above the installed version."""
    decision = decide_affected(facts, installed, sort_key)
    if decision is None:
        return None
    fixed = decision.fixed_version or "a version that cannot be compared"
    detail = f"fixed in {fixed} of a module stream; of which stream {installed[:80]} is, is not known"
    return Decision(state=State.UNDETERMINED, facts=decision.facts, detail=detail)
