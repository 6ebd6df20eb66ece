"""OS packages that settle the needs of an environment on one base image, with what they bring and cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from basewise.debian.closure import WantedPackage, closure
from basewise.debian.package import BinaryPackage, SuiteIndex
from basewise.errors import KnowledgeError
from basewise.fit.facts import NeedKind
from basewise.fit.native import Need
from basewise.fit.need_sentences import because, needs_packages, no_provider, perhaps_carried
from basewise.fit.sonames import SonameMap
from basewise.model.base_image import BaseImage
from basewise.model.package import Package, PackageType
from basewise.model.verdict import AddedPackage, ClosurePackage, Reason

__all__ = ["Bases", "Chosen", "LoadSuite", "Roots", "merged_why", "release_of"]

LoadSuite = Callable[[str, str], SuiteIndex]
"""Returns the index of a Debian release (codename) and architecture."""

_ALPINE = "alpine"
_DEBIAN = "debian"
# dpkg and apt link to these, so every Debian image that has apt has them, whether its list is known or not.
_ALWAYS_ON_DEBIAN = frozenset({"libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"})
_C_LIBRARY = re.compile(
    r"(?:lib(?:c|m|mvec|dl|rt|pthread|util|anl|resolv|nsl)|ld-linux[-a-z0-9_]*)\.so\.[0-9]+\Z"
)


class Roots(msgspec.Struct, frozen=True):
    """Names of packages to add, each with why, in installation order, and what could not be settled."""

    why: dict[str, tuple[str, ...]]
    reasons: tuple[Reason, ...]
    unsettled: bool = False


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Packages to add with their cost; `packages` are what is newly installed, None when not known."""

    added: tuple[AddedPackage, ...] = ()
    packages: tuple[Package, ...] | None = ()

    @property
    def download_bytes(self) -> int | None:
        """Bytes to download, None when one is unknown."""
        return _sum(one.download_bytes for one in self.added)

    @property
    def installed_bytes(self) -> int | None:
        """Bytes on disk, None when one is unknown."""
        return _sum(one.installed_bytes for one in self.added)


class Bases:
    """Answers what base images have, and what adding packages to them costs; remembers closures.

    Args:
        sonames: Soname to package.
        load_suite: Loads the index of a release.
    """

    def __init__(self, sonames: SonameMap, load_suite: LoadSuite) -> None:
        self._sonames = sonames
        self._load_suite = load_suite
        self._chosen: dict[tuple[object, ...], Chosen] = {}
        self._installed: dict[int, tuple[object, dict[str, str]]] = {}

    def roots(self, image: BaseImage, needs: Iterable[Need], *, not_inspected: tuple[str, ...] = ()) -> Roots:
        """Return the packages that settle the needs on an image.

        Args:
            image: The base.
            needs: What the environment needs.
            not_inspected: Distributions that may carry what no package is known to bring.
        """
        why: dict[str, list[str]] = {}
        reasons: list[Reason] = []
        unsettled = False
        for need in needs:
            if self._has(image, need):
                continue
            names = self._packages_for(image, need)
            for name in names:
                why.setdefault(name, []).append(because(need))
            if names:
                reasons.append(needs_packages(need, names))
            elif need.kind is NeedKind.SONAME and not_inspected:
                reasons.append(perhaps_carried(need, not_inspected))
            else:
                gone = self._is_gone(image, need)
                unsettled = unsettled or not gone
                reasons.append(no_provider(image, need, gone=gone))
        return Roots({name: tuple(why[name]) for name in sorted(why)}, tuple(reasons), unsettled)

    def choose(
        self, image: BaseImage, why: dict[str, tuple[str, ...]], *, besides: tuple[str, ...] = ()
    ) -> Chosen:
        """Return the packages of `why` that the image lacks, with closure and cost.

        Args:
            image: The base.
            why: Package names, each with its reasons.
            besides: Names that are installed before (run-time packages, for the builder stage).
        """
        installed = self._names(image)
        why = {name: because for name, because in why.items() if installed is None or name not in installed}
        if not why:
            return Chosen()
        key = (image.distro, image.platform, id(image.packages), tuple(why.items()), besides)
        if key not in self._chosen:
            self._chosen[key] = self._cost(image, why, besides)
        return self._chosen[key]

    def _has(self, image: BaseImage, need: Need) -> bool:
        if need.kind is NeedKind.SONAME:
            if image.sonames is not None and need.name in image.sonames:
                return True
            if image.libc.family == "glibc" and _C_LIBRARY.match(need.name):
                return True
            if image.distro.id == _DEBIAN and need.name in _ALWAYS_ON_DEBIAN:
                return True
            provider = self._sonames.package_for(need.name, release_of(image))
            return provider is not None and provider in (self._names(image) or {})
        installed = self._names(image)
        names = need.packages.get(release_of(image), ())
        return bool(names) and installed is not None and all(name in installed for name in names)

    def _is_gone(self, image: BaseImage, need: Need) -> bool:
        """Say whether other releases have a package for a soname and this one has none.

        A soname that the map has for no release may be new to it: that proves nothing.
        """
        release = release_of(image)
        if need.kind is not NeedKind.SONAME or release not in self._sonames.suites:
            return False
        return any(need.name in suite.packages for suite in self._sonames.suites.values())

    def _packages_for(self, image: BaseImage, need: Need) -> tuple[str, ...]:
        release = release_of(image)
        if release in need.packages:
            return need.packages[release]
        if need.kind is not NeedKind.SONAME or not release:
            return ()
        provider = self._sonames.package_for(need.name, release)
        return (provider,) if provider is not None else ()

    def _names(self, image: BaseImage) -> dict[str, str] | None:
        """Return the installed packages by name, None when they are not known."""
        if image.packages is None:
            return None
        kept = self._installed.get(id(image.packages))
        if kept is None:
            # The tuple is kept beside its names so that its id stays its own.
            kept = (image.packages, {package.name: package.version for package in image.packages})
            self._installed[id(image.packages)] = kept
        return kept[1]

    def _cost(self, image: BaseImage, why: dict[str, tuple[str, ...]], besides: tuple[str, ...]) -> Chosen:
        suite = self._suite(image)
        installed = self._names(image)
        if suite is None or installed is None:
            manager = "apk" if image.distro.id == _ALPINE else "apt"
            added = tuple(_unmeasured(manager, name, because, suite) for name, because in why.items())
            return Chosen(added=added, packages=None)
        found = closure([*besides, *why], installed, suite).wanted[len(besides) :]
        added = tuple(_added(wanted, why[wanted.wanted]) for wanted in found)
        complete = all(wanted.package is not None and not wanted.missing for wanted in found)
        brought = [package for wanted in found for package in wanted.brings]
        return Chosen(added=added, packages=tuple(_package(one) for one in brought) if complete else None)

    def _suite(self, image: BaseImage) -> SuiteIndex | None:
        if image.distro.id != _DEBIAN:
            return None
        try:
            return self._load_suite(image.distro.codename, image.platform.architecture)
        except KnowledgeError:
            return None


def release_of(image: BaseImage) -> str:
    """Return how knowledge names the release: Debian's codename, `alpine`, or ""."""
    if image.distro.id == _ALPINE:
        return _ALPINE
    return image.distro.codename if image.distro.id == _DEBIAN else ""


def merged_why(*parts: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return package names with all their reasons, sorted by name."""
    names = sorted({name for part in parts for name in part})
    return {name: tuple(why for part in parts for why in part.get(name, ())) for name in names}


def _unmeasured(manager: str, name: str, why: tuple[str, ...], suite: SuiteIndex | None) -> AddedPackage:
    package = suite.get(name) if suite is not None else None
    return AddedPackage(
        manager=manager,
        name=name,
        version=package.version if package is not None else None,
        why=why,
        download_bytes=None,
        installed_bytes=None,
        source=package.source if package is not None else None,
        source_version=package.source_version if package is not None else None,
        own_download_bytes=package.download_bytes if package is not None else None,
        own_installed_bytes=package.installed_bytes if package is not None else None,
    )


def _added(wanted: WantedPackage, why: tuple[str, ...]) -> AddedPackage:
    package = wanted.package
    if package is None:
        return _unmeasured("apt", wanted.wanted, why, None)
    return AddedPackage(
        manager="apt",
        name=wanted.wanted,
        version=package.version,
        why=why,
        download_bytes=wanted.download_bytes,
        installed_bytes=wanted.installed_bytes,
        source=package.source,
        source_version=package.source_version,
        own_download_bytes=package.download_bytes,
        own_installed_bytes=package.installed_bytes,
        closure=tuple(_closure_package(one) for one in wanted.brings if one.name != package.name),
    )


def _closure_package(package: BinaryPackage) -> ClosurePackage:
    return ClosurePackage(
        name=package.name,
        version=package.version,
        source=package.source,
        source_version=package.source_version,
        download_bytes=package.download_bytes,
        installed_bytes=package.installed_bytes,
    )


def _package(package: BinaryPackage) -> Package:
    return Package(
        type=PackageType.DEB,
        name=package.name,
        version=package.version,
        arch=package.architecture,
        source=package.source,
        source_version=package.source_version,
    )


def _sum(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total
