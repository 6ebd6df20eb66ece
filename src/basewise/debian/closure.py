"""What installing packages brings along: apt's choices, worked out on an index.

As `apt-get install --no-install-recommends` chooses: a dependency that something installed or already chosen
fulfils brings nothing; otherwise the first alternative that can be installed is taken, a virtual name
through its best provider. An installed package that is too old for a dependency is upgraded; along with each
chosen package apt upgrades the installed packages of the same source, since they are made to go together.
Conflicts are not looked at: the result says what is brought, not that apt will remove nothing for it.

Reference: Debian Policy, section 7; apt-get(8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from basewise.debian.dependency import Dependency, Relation, satisfies
from basewise.debian.package import BinaryPackage, SuiteIndex

__all__ = ["Closure", "Upgrade", "WantedPackage", "closure"]

_PRIORITIES = {"required": 0, "important": 1, "standard": 2, "optional": 3, "extra": 4}


class Upgrade(msgspec.Struct, frozen=True):
    """An installed package that becomes newer."""

    installed_version: str
    package: BinaryPackage


class WantedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One wanted name and what it newly brings.

    Args:
        wanted: The name as asked for, perhaps virtual or an older name (`libglib2.0-0`).
        package: What is installed for it, None when the suite has nothing.
        installed: It was there before, or an earlier wanted package brought it; asking for it by name
            upgrades it where the suite has a newer version.
        brings: Packages newly installed, `package` first, then its dependencies in the order in which they
            are found; what an earlier wanted package brings is not repeated.
        upgrades: Installed packages that become newer with it.
        missing: Dependencies that nothing in the suite fulfils, as written.
    """

    wanted: str
    package: BinaryPackage | None
    installed: bool = False
    brings: tuple[BinaryPackage, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def download_bytes(self) -> int:
        """Bytes to download for it, upgrades included."""
        upgraded = sum(upgrade.package.download_bytes for upgrade in self.upgrades)
        return upgraded + sum(package.download_bytes for package in self.brings)

    @property
    def installed_bytes(self) -> int:
        """Bytes that it adds on disk; an upgrade of what is there counts as none."""
        return sum(package.installed_bytes for package in self.brings)


class Closure(msgspec.Struct, frozen=True):
    """What a list of wanted packages brings, one entry a wanted name, in their order."""

    wanted: tuple[WantedPackage, ...]

    @property
    def packages(self) -> tuple[BinaryPackage, ...]:
        """All packages newly installed."""
        return tuple(package for item in self.wanted for package in item.brings)

    @property
    def upgrades(self) -> tuple[Upgrade, ...]:
        """All upgrades of what is installed."""
        return tuple(upgrade for item in self.wanted for upgrade in item.upgrades)

    @property
    def missing(self) -> tuple[str, ...]:
        """Wanted names and dependencies that the suite cannot give."""
        names = (item.wanted for item in self.wanted if item.package is None)
        return (*names, *(name for item in self.wanted for name in item.missing))

    @property
    def download_bytes(self) -> int:
        """Bytes to download for all."""
        return sum(item.download_bytes for item in self.wanted)

    @property
    def installed_bytes(self) -> int:
        """Bytes that all of them add on disk."""
        return sum(item.installed_bytes for item in self.wanted)


def closure(wanted: Iterable[str], installed: Mapping[str, str], suite: SuiteIndex) -> Closure:
    """Work out what `apt-get install --no-install-recommends` of the names would bring.

    Args:
        wanted: Package names, in the order of the command line.
        installed: Names and versions of the packages that are there.
        suite: Index of the release.
    """
    state = _State(installed, suite)
    return Closure(tuple(state.install(name) for name in wanted))


class _Brought:
    """What one wanted package has brought so far."""

    def __init__(self) -> None:
        self.brings: list[BinaryPackage] = []
        self.upgrades: list[Upgrade] = []
        self.missing: list[str] = []


class _State:
    """What is installed or chosen so far."""

    def __init__(self, installed: Mapping[str, str], suite: SuiteIndex) -> None:
        self._suite = suite
        self._versions = dict(installed)
        self._provided: dict[str, list[Relation]] = {}
        self._by_source: dict[str, list[str]] = {}
        for name in installed:
            package = suite.get(name)
            if package is not None:
                self._by_source.setdefault(package.source, []).append(name)
                self._remember_provisions(package)

    def install(self, name: str) -> WantedPackage:
        """Choose the package for a name and everything that it newly needs."""
        # A name that is a package's own means that package, whatever else provides it.
        package = self._suite.get(name) or self._present_provider(name)
        there = name in self._versions or (package is not None and package.name in self._versions)
        if there and not self._is_outdated(package):
            return WantedPackage(wanted=name, package=package, installed=True)
        package = package or self._candidate(Relation(name), name)
        if package is None:
            return WantedPackage(wanted=name, package=None)
        brought = self._resolve(package)
        return WantedPackage(
            wanted=name,
            package=package,
            installed=there,
            brings=tuple(brought.brings),
            upgrades=tuple(brought.upgrades),
            missing=tuple(brought.missing),
        )

    def _resolve(self, package: BinaryPackage) -> _Brought:
        """Take a package and everything that it newly needs.

        The walks of packages stand on a stack of their own, so that no index is too deep.
        """
        brought = _Brought()
        walks = [self._walk(package, brought)]
        while walks:
            deeper = next(walks[-1], None)
            if deeper is None:
                walks.pop()
            else:
                walks.append(self._walk(deeper, brought))
        return brought

    def _walk(self, package: BinaryPackage, brought: _Brought) -> Iterator[BinaryPackage]:
        """Take a package, then what it needs; yields each package whose own needs come next.

        As apt does, each dependency is followed to its end before the next is looked at: what comes by on the
        way may fulfil that one.
        """
        if not self._take(package, brought):
            return
        yield from tuple(self._siblings(package))
        for dependency in package.depends:
            if any(self._is_fulfilled(relation) for relation in dependency):
                continue
            needed = self._choose(dependency, package.source)
            if needed is None:
                brought.missing.append(" | ".join(str(relation) for relation in dependency))
            else:
                yield needed

    def _is_outdated(self, package: BinaryPackage | None) -> bool:
        """Say whether it is installed in an older version; asking for it by name upgrades it then."""
        present = self._versions.get(package.name) if package is not None else None
        return (
            package is not None
            and present is not None
            and satisfies(present, Relation(package.name, "<<", package.version))
        )

    def _present_provider(self, name: str) -> BinaryPackage | None:
        providers = self._suite.providers(name)
        return next((package for package, _ in providers if package.name in self._versions), None)

    def _take(self, package: BinaryPackage, brought: _Brought) -> bool:
        """Install or upgrade a package; False when it is there in this version."""
        present = self._versions.get(package.name)
        if present == package.version:
            return False
        if present is None:
            self._by_source.setdefault(package.source, []).append(package.name)
            self._remember_provisions(package)
            brought.brings.append(package)
        else:
            brought.upgrades.append(Upgrade(present, package))
        self._versions[package.name] = package.version
        return True

    def _remember_provisions(self, package: BinaryPackage) -> None:
        for provision in package.provides:
            self._provided.setdefault(provision.name, []).append(provision)

    def _is_fulfilled(self, relation: Relation) -> bool:
        version = self._versions.get(relation.name)
        if version is not None and satisfies(version, relation):
            return True
        return any(_provides(provision, relation) for provision in self._provided.get(relation.name, ()))

    def _choose(self, dependency: Dependency, source: str) -> BinaryPackage | None:
        """Return the package to install for a dependency: of the first alternative that has one."""
        candidates = (self._candidate(relation, source) for relation in dependency)
        return next((package for package in candidates if package is not None), None)

    def _candidate(self, relation: Relation, source: str) -> BinaryPackage | None:
        """Return the package of this name, or the best provider of it."""
        package = self._suite.get(relation.name)
        if package is not None and satisfies(package.version, relation):
            return package
        providers = [
            provider
            for provider, provision in self._suite.providers(relation.name)
            if _provides(provision, relation)
        ]
        return min(providers, key=lambda provider: _preference(provider, source), default=None)

    def _siblings(self, chosen: BinaryPackage) -> Iterator[BinaryPackage]:
        """Yield the installed packages of the same source that apt upgrades along with this one."""
        for name in self._by_source.get(chosen.source, ()):
            package = self._suite.get(name)
            if package is None or package.source_version != chosen.source_version:
                continue
            if satisfies(self._versions[name], Relation(name, "<<", package.version)):
                yield package


def _provides(provision: Relation, relation: Relation) -> bool:
    """Say whether a provision fulfils a relation: one with a version needs a provision with one."""
    if not relation.operator:
        return True
    return provision.operator == "=" and satisfies(provision.version, relation)


def _preference(provider: BinaryPackage, source: str) -> tuple[bool, bool, int, str]:
    """Order providers as apt does: same source, essential, priority, then name."""
    priority = _PRIORITIES.get(provider.priority, len(_PRIORITIES))
    return provider.source != source, not provider.essential, priority, provider.name
