"""What applies to Alpine packages: by origin package, in one release, where the store has Alpine's secdb."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from basewise.advisories.store import Store
from basewise.matching.fixes import judge_fixes
from basewise.matching.group import SourceGroup, group_by_source
from basewise.matching.result import Part
from basewise.model.advisory import Advisory, FactKind
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding, Severity, State
from basewise.model.package import Package
from basewise.versions.apk import sort_key

__all__ = ["match_apk"]

ECOSYSTEM = "alpine"


def match_apk(packages: Iterable[Package], distro: Distro, store: Store) -> Part:
    """Find what applies to the `apk` packages of a release.

    Args:
        packages: Installed packages of type `apk`.
        distro: Release; the first two numbers of its version name the facts.
        store: Where the facts are.

    Returns:
        Findings. Not measured when the store has nothing of the release, or a package's origin is not known.
    """
    groups, sourceless = group_by_source(packages, sort_key)
    if not groups and not sourceless:
        return Part()
    release = ".".join(distro.version.split(".")[:2])
    if release not in store.releases(ECOSYSTEM):
        why = f"the advisory store has no Alpine security database for {release}"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    if sourceless:
        why = f"the origin of {len(sourceless)} packages is not known, and advisories name origins"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    findings = [finding for group in groups for finding in _match_group(group, release, store)]
    return Part(findings=tuple(findings))


def _match_group(group: SourceGroup, release: str, store: Store) -> list[Finding]:
    """Return the findings of one origin package."""
    found = []
    for identifier, same in groupby(store.facts(ECOSYSTEM, release, group.name), key=attrgetter("id")):
        facts = tuple(same)
        if any(fact.kind is FactKind.NOT_AFFECTED for fact in facts):
            continue
        if not group.comparable:
            found.append(_finding(identifier, group, State.UNDETERMINED, facts[0], store))
            continue
        state = judge_fixes(facts, group.version, sort_key)
        if state.fix is not None:
            found.append(_finding(identifier, group, State.FIXED, state.fix, store))
    return found


def _finding(identifier: str, group: SourceGroup, state: State, fact: Advisory, store: Store) -> Finding:
    """Return a finding that one fact led to."""
    fixed = state is State.FIXED
    return Finding(
        id=identifier,
        package=group.representative,
        binaries=group.binaries,
        state=state,
        aliases=fact.aliases,
        fixed_version=fact.version if fixed else None,
        fixed_on=(fact.published or None) if fixed else None,
        severity=Severity(fact.severity) if fact.severity else Severity.UNKNOWN,
        severity_source=fact.origin if fact.severity else "",
        exploited=store.exploited(identifier, fact.published),
        origins=(fact.origin,),
        detail=f"fixed in {fact.version}" if fixed else f"version `{group.version[:80]}` cannot be compared",
    )
