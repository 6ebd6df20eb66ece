"""Matching an inventory against a store: one matcher an ecosystem, one result."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.advisories.content import ECOSYSTEM_OF_EXPLOITED
from basewise.advisories.store import Store
from basewise.matching.apk import match_apk
from basewise.matching.cpython import match_cpython
from basewise.matching.debian import match_debian
from basewise.matching.result import MatchResult, Part
from basewise.model.advisory import SourceStatus
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding
from basewise.model.package import Package, PackageType

__all__ = ["match"]

_OS_TYPES = {"debian": PackageType.DEB, "alpine": PackageType.APK}


def match(packages: Iterable[Package] | None, distro: Distro, store: Store) -> MatchResult:
    """Find what applies to the packages of an inventory, or of a base image with packages added to it.

    Args:
        packages: OS packages and the CPython of `/usr/local` (type `cpython`), in any order; None when
            the list of OS packages is not known.
        distro: Distribution of the inventory.
        store: Where the facts are.

    Returns:
        A result that does not depend on the order of `packages`. `measured` is False for a distribution or
        release of which the store knows nothing, and for an unknown list.

    Raises:
        StoreError: The store is damaged.
    """
    if packages is None:
        reason = NotCovered(f"OS packages of {distro}", "the list of installed packages is not known")
        return MatchResult(measured=False, not_covered=(reason, *_python_packages(store)))
    installed = tuple(packages)
    by_type: dict[PackageType, list[Package]] = {kind: [] for kind in PackageType}
    for package in installed:
        by_type[package.type].append(package)
    parts = (_match_os(by_type, distro, store), match_cpython(by_type[PackageType.CPYTHON], store))
    not_covered = {said for part in parts for said in part.not_covered}
    return MatchResult(
        measured=all(part.measured for part in parts),
        findings=_sorted(finding for part in parts for finding in part.findings),
        uncounted=_sorted(finding for part in parts for finding in part.uncounted),
        not_covered=tuple(sorted({*not_covered, *_python_packages(store)})),
        sources=_sources(by_type, distro, store),
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by vulnerability and package: together they name a finding, and compare fast."""
    return tuple(sorted(findings, key=lambda found: (found.id, found.package.name, found.package.version)))


def _match_os(by_type: dict[PackageType, list[Package]], distro: Distro, store: Store) -> Part:
    """Match the packages of the distribution's own package manager; others are said to be unseen."""
    own = _OS_TYPES.get(distro.id)
    foreign = [
        NotCovered(f"{len(by_type[kind])} {kind} packages", f"{distro} has no advisories for them")
        for kind in (PackageType.DEB, PackageType.APK, PackageType.RPM)
        if kind is not own and by_type[kind]
    ]
    if own is None:
        why = f"the advisory store holds no facts of distribution `{distro.id or 'unknown'}`"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    if not by_type[own]:
        why = "the list of installed packages is empty"
        part = Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    elif own is PackageType.DEB:
        part = match_debian(by_type[own], distro, store)
    else:
        part = match_apk(by_type[own], distro, store)
    return Part(
        measured=part.measured and not foreign,
        findings=part.findings,
        uncounted=part.uncounted,
        not_covered=(*part.not_covered, *foreign),
    )


def _python_packages(store: Store) -> tuple[NotCovered, ...]:
    """Say that Python packages are not seen while the store has no advisories of PyPI."""
    if "pypi" in store.ecosystems():
        return ()
    why = "the advisory store has no PyPI advisories"
    return (
        NotCovered("Python packages of the application", why),
        NotCovered("site-packages of the base image", why),
    )


def _sources(
    by_type: dict[PackageType, list[Package]], distro: Distro, store: Store
) -> tuple[SourceStatus, ...]:
    """Return the sources that had a say: those of the ecosystems, and of the release or branch."""
    ecosystems = {ECOSYSTEM_OF_EXPLOITED}
    if by_type.get(_OS_TYPES.get(distro.id, PackageType.RPM)):
        ecosystems.add(distro.id)
    scopes = {"", distro.codename, ".".join(distro.version.split(".")[:2])}
    for package in by_type[PackageType.CPYTHON]:
        ecosystems.add("cpython")
        scopes.add(".".join(package.version.split(".")[:2]))
    return tuple(
        source
        for source in store.sources()
        if source.ecosystem in ecosystems and source.name.partition(" ")[2] in scopes
    )
