"""From findings of packages to findings of an image: where the package stands and which layer brought it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from basewise.model.finding import Finding
from basewise.model.inventory import InstalledPackage
from basewise.model.package import Package, PackageType
from basewise.model.sbom import SbomLayer
from basewise.model.scan import Origin, ScanFinding, ScanPackage
from basewise.operations.scan_advice import advise

__all__ = ["Placer", "origin_of", "scan_package"]


class Placer:
    """Says of each finding where it is.

    Args:
        installed: The packages that were judged.
        layers: Of the image.
        base_layers: How many of the lowest layers are the base image's; None when it is not known.
    """

    def __init__(
        self, installed: Iterable[InstalledPackage], layers: Sequence[SbomLayer], base_layers: int | None
    ) -> None:
        self._layers = layers
        self._base_layers = base_layers
        self._by_source: dict[tuple[PackageType, str], list[InstalledPackage]] = defaultdict(list)
        for found in installed:
            self._by_source[found.package.type, found.package.source or found.package.name].append(found)

    def key(self, finding: Finding) -> tuple[str, ScanPackage]:
        """Return what names a placed finding: vulnerability and package."""
        return finding.id, scan_package(finding.package)

    def place(self, finding: Finding) -> ScanFinding:
        """Return the finding with its place in the image, and what to do about it."""
        at = self._installed(finding)
        layer = at.layer if at is not None else None
        origin = origin_of(layer, self._base_layers)
        return ScanFinding(
            id=finding.id,
            aliases=finding.aliases,
            package=scan_package(finding.package),
            binaries=finding.binaries,
            location=at.location if at is not None else "",
            state=finding.state,
            severity=finding.severity,
            severity_source=finding.severity_source,
            cvss=finding.cvss,
            epss=finding.epss,
            epss_percentile=finding.epss_percentile,
            exploited=finding.exploited,
            fixed_version=finding.fixed_version,
            fixed_on=finding.fixed_on,
            layer=layer,
            instruction=self._layers[layer].instruction if layer is not None else "",
            introduced_by=origin,
            origins=finding.origins,
            detail=finding.detail,
            advice=advise(finding, origin),
        )

    def _installed(self, finding: Finding) -> InstalledPackage | None:
        """Return the installed package of a finding: of several of its source, the one of the lowest layer."""
        package = finding.package
        same = [
            found
            for found in self._by_source[package.type, package.source or package.name]
            if found.package.name in finding.binaries and _version(found) == _version_of(finding)
        ]
        return min(same, key=lambda found: (found.layer is None, found.layer or 0, found), default=None)


def origin_of(layer: int | None, base_layers: int | None) -> Origin:
    """Return which part of an image a layer belongs to.

    Args:
        layer: Its index; None when not known.
        base_layers: How many of the lowest layers are the base image's; None when not known.
    """
    if layer is None or base_layers is None:
        return Origin.UNKNOWN
    return Origin.BASE if layer < base_layers else Origin.OWN


def scan_package(package: Package) -> ScanPackage:
    """Return a package in the words of the document."""
    return ScanPackage(
        type=package.type,
        name=package.name,
        version=package.version,
        source=package.source,
        source_version=package.source_version,
    )


def _version(found: InstalledPackage) -> str:
    return found.package.source_version or found.package.version


def _version_of(finding: Finding) -> str:
    return finding.package.source_version or finding.package.version
