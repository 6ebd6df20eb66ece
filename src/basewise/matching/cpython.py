"""What applies to a CPython that no OS package owns: fixes of its own release branch."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from basewise.advisories.store import Store
from basewise.errors import InvalidValueError
from basewise.matching.aliases import Vulnerability, by_vulnerability
from basewise.matching.assemble import assemble
from basewise.matching.decision import Decision
from basewise.matching.fixes import judge_fixes
from basewise.matching.memory import remembered
from basewise.matching.result import Part
from basewise.model.advisory import FactKind
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding, State
from basewise.model.package import Package
from basewise.versions.pep440 import release_branch, sort_key

__all__ = ["match_cpython"]

ECOSYSTEM = "cpython"
_CVE = "CVE-"


def match_cpython(packages: Iterable[Package], store: Store) -> Part:
    """Find what applies to packages of type `cpython`.

    Args:
        packages: Installed interpreters, each with its full version.
        store: Where the facts are.

    Returns:
        Findings of CVEs; security entries without a CVE are uncounted.
    """
    findings: dict[tuple[str, str], Finding] = {}
    not_covered = []
    for package in sorted(set(packages)):
        try:
            branch = release_branch(package.version)
            sort_key(package.version)
        except InvalidValueError as error:
            not_covered.append(NotCovered(f"CPython {package.version[:40]}", error.message))
            continue
        if not store.covered(ECOSYSTEM, branch, ECOSYSTEM):
            why = f"the advisory store holds no facts of branch {branch}"
            not_covered.append(NotCovered(f"CPython {package.version}", why))
            continue
        not_covered += _incomplete(package, branch, store)
        found = remembered(store, (ECOSYSTEM, package), partial(_match, package, branch, store))
        for finding in found:
            findings.setdefault((package.version, finding.id), finding)
    every = tuple(findings.values())
    return Part(
        findings=tuple(finding for finding in every if finding.id.startswith(_CVE)),
        uncounted=tuple(finding for finding in every if not finding.id.startswith(_CVE)),
        not_covered=tuple(not_covered),
    )


def _match(package: Package, branch: str, store: Store) -> tuple[Finding, ...]:
    """Return the findings of one interpreter."""
    found = []
    for vulnerability in by_vulnerability(store.facts(ECOSYSTEM, branch, ECOSYSTEM)):
        decision = _decide(vulnerability, package.version)
        if decision is not None:
            found.append(assemble(vulnerability, decision, package, (package.name,), store))
    return tuple(found)


def _decide(vulnerability: Vulnerability, version: str) -> Decision | None:
    """Return what the facts of the branch mean for a version; a fix of another branch says nothing."""
    state = judge_fixes(vulnerability.facts, version, sort_key)
    if state.fix is not None:
        return Decision(
            state=State.FIXED,
            facts=(state.fix,),
            detail=f"fixed in {state.fix.version}: {state.fix.detail}",
            fixed_version=state.fix.version,
            fixed_on=state.fix.published or None,
        )
    stated = next((fact for fact in vulnerability.facts if fact.kind is FactKind.UNDETERMINED), None)
    if state.holds or stated is None:
        return None
    return Decision(state=State.UNDETERMINED, facts=(stated,), detail=stated.detail)


def _incomplete(package: Package, branch: str, store: Store) -> list[NotCovered]:
    """Return the sentence for an interpreter newer than the newest release whose notes were read."""
    newest = store.record(ECOSYSTEM, branch, ECOSYSTEM).current
    if newest and sort_key(package.version) > sort_key(newest):
        return [NotCovered(f"CPython {package.version}", f"the store knows {branch} up to {newest} only")]
    return []
