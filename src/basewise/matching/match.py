"""Matching an inventory against a store: one matcher an ecosystem, one result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from basewise._internal.garbage import cycles_left_alone
from basewise.advisories.archive_notes import ARCHIVE_FEED, note_about
from basewise.advisories.content import ECOSYSTEMS_WITHOUT_PACKAGES
from basewise.advisories.store import Store
from basewise.matching.apk import release_of_facts
from basewise.matching.cpython import match_cpython
from basewise.matching.os_packages import OS_TYPES, judged_as, match_os, own_type
from basewise.matching.pypi import match_pypi
from basewise.matching.result import MatchResult, Part
from basewise.model.advisory import SourceStatus
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding
from basewise.model.package import Package, PackageType

__all__ = ["match"]

_NO_DISTRO = Distro("", "")
_PYPI = "pypi"

ByType = Mapping[PackageType, list[Package]]


@cycles_left_alone()
def match(packages: Iterable[Package] | None, distro: Distro | None, store: Store) -> MatchResult:
    """Find what applies to the packages of an inventory, or of a base image with packages added to it.

    Args:
        packages: OS packages, the CPython of `/usr/local` (type `cpython`), and Python distributions that no OS
            package owns (type `pypi`), in any order; None when the list of OS packages is not known.
        distro: Distribution of the inventory; None where nothing names one.
        store: Where the facts are.

    Returns:
        A result that does not depend on the order of `packages`. `measured` is False for a distribution or
        release of which the store knows nothing, and for an unknown list. Without advisories of PyPI it stays
        as it is, and what is unseen is said: OS packages are no less judged for that.

    Raises:
        StoreError: The store is damaged.
    """
    system = distro or _NO_DISTRO
    if packages is None:
        reason = NotCovered(f"OS packages of {system}", "the list of installed packages is not known")
        return MatchResult(measured=False, unjudged=OS_TYPES, not_covered=(reason, *_of_store(store)))
    by_type: dict[PackageType, list[Package]] = {kind: [] for kind in PackageType}
    for package in packages:
        by_type[package.type].append(package)
    of_system = match_os(by_type, system, store)
    of_python = match_pypi(by_type[PackageType.PYPI], store)
    parts = (of_system, match_cpython(by_type[PackageType.CPYTHON], store), of_python)
    not_covered = {said for part in parts for said in part.not_covered}
    return MatchResult(
        measured=of_system.measured or _is_python_alone(by_type, system, of_python),
        unjudged=_unjudged(by_type, system, of_system, of_python),
        findings=_sorted(finding for part in parts for finding in part.findings),
        uncounted=_sorted(finding for part in parts for finding in part.uncounted),
        not_covered=tuple(sorted({*not_covered, *_of_store(store)})),
        sources=_sources(by_type, system, store),
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by vulnerability and package: together they name a finding, and compare fast."""
    return tuple(sorted(findings, key=lambda found: (found.id, found.package.name, found.package.version)))


def _is_python_alone(by_type: ByType, distro: Distro, of_python: Part) -> bool:
    """Tell whether Python distributions were judged where nothing says that there are OS packages: a directory."""
    if distro.id or any(by_type[kind] for kind in OS_TYPES):
        return False
    return bool(by_type[PackageType.PYPI]) and of_python.measured


def _unjudged(by_type: ByType, distro: Distro, of_system: Part, of_python: Part) -> tuple[PackageType, ...]:
    """Return the types of installed packages whose advisories could not be asked, sorted."""
    own = own_type(distro) if of_system.measured else None
    missing = {kind for kind in OS_TYPES if by_type[kind] and kind is not own}
    if not of_python.measured:
        missing.add(PackageType.PYPI)
    return tuple(sorted(missing))


def _of_store(store: Store) -> tuple[NotCovered, ...]:
    """Say what no package can be judged by: what the store has not, and what stands in the user's own, which is older."""
    missing = _python_packages(store)
    if not store.passed_over:
        return missing
    return (*missing, NotCovered("advisories of your own store", store.passed_over))


def _python_packages(store: Store) -> tuple[NotCovered, ...]:
    """Say that Python packages are not seen while the store has no advisories of PyPI."""
    if _PYPI in store.ecosystems():
        return ()
    why = "the advisory store has no PyPI advisories"
    return (
        NotCovered("Python packages of the application", why),
        NotCovered("site-packages of the base image", why),
    )


def _sources(by_type: ByType, distro: Distro, store: Store) -> tuple[SourceStatus, ...]:
    """Return the sources that had a say: those of the ecosystems, and of the release or branch."""
    original = judged_as(distro)
    ecosystems = set(ECOSYSTEMS_WITHOUT_PACKAGES)
    own = own_type(distro)
    if own is not None and by_type[own]:
        ecosystems.add(original.id)
    if by_type[PackageType.PYPI]:
        ecosystems.add(_PYPI)
    scopes = {original.codename, original.version, ".".join(original.version.split(".")[:2])}
    scopes.add(original.version.partition(".")[0])
    if own is PackageType.APK:
        scopes.add(release_of_facts(original, store))
    for package in by_type[PackageType.CPYTHON]:
        ecosystems.add("cpython")
        scopes.add(".".join(package.version.split(".")[:2]))
    installed = {package.source or package.name for package in by_type[PackageType.DEB]}
    return tuple(
        _about(source, installed)
        for source in store.sources()
        if source.ecosystem in ecosystems and not _is_of_another_release(source, scopes, store)
    )


def _about(source: SourceStatus, installed: Collection[str]) -> SourceStatus:
    """Return a source without what it could not see of packages that are not installed."""
    if not source.note or source.name.partition(" ")[0] != ARCHIVE_FEED:
        return source
    return msgspec.structs.replace(source, note=note_about(source.note, installed))


def _is_of_another_release(source: SourceStatus, scopes: set[str], store: Store) -> bool:
    """Tell whether a source is about one release, and that is none of those that were looked at."""
    scope = source.name.partition(" ")[2]
    return scope in store.releases(source.ecosystem) - scopes - {""}
