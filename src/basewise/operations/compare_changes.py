"""What changes from one image to another: packages, libraries, variables, labels, user, findings."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.model.compare import (
    ChangedPackage,
    ChangedState,
    Changes,
    ComparedFinding,
    ComparedPackage,
    FindingChanges,
    NameChanges,
    PackageChanges,
    Provenance,
)
from basewise.model.finding import State
from basewise.model.package import Package, PackageType
from basewise.operations.compare_evidence import Evidence

__all__ = ["changes_between", "finding_changes"]

_CATALOGUE_TYPES = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM, PackageType.CPYTHON})
Marks = tuple[tuple[str, str], ...]
Key = tuple[PackageType, str]


def changes_between(before: Evidence, after: Evidence) -> Changes:
    """Return what changes from the first image to the second."""
    one, other = before.image, after.image
    users = (one.surface.default_user, other.surface.default_user)
    return Changes(
        before=one.image,
        after=other.image,
        compressed_bytes=_difference(one.size.base_compressed_bytes, other.size.base_compressed_bytes),
        disk_bytes=_difference(one.size.base_disk_bytes, other.size.base_disk_bytes),
        packages=_package_changes(before, after),
        libraries=_library_changes(before.libraries, after.libraries),
        environment=_marked_changes(before.variables, after.variables),
        labels=_marked_changes(before.labels, after.labels),
        user=(users[0], users[1]) if users[0] and users[1] and users[0] != users[1] else None,
        findings=finding_changes(one.findings, other.findings),
    )


def finding_changes(
    before: Iterable[ComparedFinding] | None, after: Iterable[ComparedFinding] | None
) -> FindingChanges | None:
    """Return gained and lost findings, undetermined ones left out; None where one list is not known.

    Where a finding becomes undetermined it is neither lost nor gained, but changed.
    """
    if before is None or after is None:
        return None
    old = {(each.id, each.package): each for each in before}
    new = {(each.id, each.package): each for each in after}
    counted = State.UNDETERMINED
    return FindingChanges(
        gained=tuple(
            each for key, each in sorted(new.items()) if key not in old and each.state is not counted
        ),
        lost=tuple(each for key, each in sorted(old.items()) if key not in new and each.state is not counted),
        changed=tuple(
            ChangedState(id=each.id, package=each.package, before=old[key].state, after=each.state)
            for key, each in sorted(new.items())
            if key in old and old[key].state is not each.state
        ),
    )


def _package_changes(before: Evidence, after: Evidence) -> PackageChanges | None:
    if before.packages is None or after.packages is None:
        return None
    types = _comparable(before) & _comparable(after)
    old = _versions(before.packages, types)
    new = _versions(after.packages, types)
    return PackageChanges(
        types=tuple(sorted(types)),
        added=tuple(_package(key, new[key]) for key in sorted(new.keys() - old.keys())),
        removed=tuple(_package(key, old[key]) for key in sorted(old.keys() - new.keys())),
        changed=tuple(
            ChangedPackage(type=key[0], name=key[1], before=old[key], after=new[key])
            for key in sorted(old.keys() & new.keys())
            if old[key] != new[key]
        ),
    )


def _comparable(evidence: Evidence) -> frozenset[PackageType]:
    """Return the types that a list would hold if the image had any: the catalogue lists no Python distributions."""
    if evidence.image.provenance is Provenance.CATALOGUE:
        return _CATALOGUE_TYPES
    return frozenset(PackageType) - {PackageType.CONDA}


def _versions(packages: Iterable[Package], types: frozenset[PackageType]) -> dict[Key, str]:
    found: dict[Key, set[str]] = {}
    for package in packages:
        if package.type in types:
            found.setdefault((package.type, package.name), set()).add(package.version)
    return {key: ", ".join(sorted(versions)) for key, versions in found.items()}


def _package(key: Key, version: str) -> ComparedPackage:
    return ComparedPackage(type=key[0], name=key[1], version=version)


def _library_changes(before: frozenset[str] | None, after: frozenset[str] | None) -> NameChanges | None:
    if before is None or after is None:
        return None
    return NameChanges(added=tuple(sorted(after - before)), removed=tuple(sorted(before - after)))


def _marked_changes(before: Marks | None, after: Marks | None) -> NameChanges | None:
    if before is None or after is None:
        return None
    old, new = dict(before), dict(after)
    return NameChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(name for name in old.keys() & new.keys() if old[name] != new[name])),
    )


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before
