"""Which packages of an image a finding is about: all that were built from its source package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from basewise.model.package import PackageType
from basewise.model.sbom import SbomPackage
from basewise.model.scan import ScanFinding, ScanPackage

__all__ = ["AffectedPackages"]


class AffectedPackages:
    """Finds the installed packages of findings.

    Args:
        packages: Of the image.
    """

    def __init__(self, packages: Iterable[SbomPackage]) -> None:
        self._names: list[str] = []
        self._by_source: dict[tuple[PackageType, str, str], list[int]] = defaultdict(list)
        for place, package in enumerate(packages):
            self._names.append(package.name)
            self._by_source[_key(package)].append(place)

    def places(self, found: ScanFinding) -> tuple[int, ...]:
        """Return the places of a finding's packages in the list, the one that it names first; none where it is not there."""
        same = self._by_source.get(_key(found.package), [])
        named = frozenset(found.binaries)
        places = [place for place in same if self._names[place] in named] or same
        return tuple(sorted(places, key=lambda place: (self._names[place] != found.package.name, place)))


def _key(package: SbomPackage | ScanPackage) -> tuple[PackageType, str, str]:
    return package.type, package.source or package.name, package.source_version or package.version
