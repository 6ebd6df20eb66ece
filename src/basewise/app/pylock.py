"""`pylock.toml`: the standard lock, with files, hashes, and markers over extras and groups.

Reference:
    PEP 751; the packaging specifications, "pylock.toml".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from basewise.app.folder import Folder
from basewise.app.lock_files import check_pin, distribution_file, elsewhere, other_indexes
from basewise.app.manifest import ManifestContent, PythonRange, ReadOptions, Tier
from basewise.app.markers import decide
from basewise.app.requirement_text import normalise_name
from basewise.app.toml_file import MAX_LOCK_BYTES, TomlFile, read_toml
from basewise.errors import ManifestError
from basewise.model.requirement import (
    DistributionFile,
    Location,
    Manifest,
    NotRead,
    Requirement,
    Resolution,
    ResolvedPackage,
)

__all__ = ["PylockReader"]

SUPPORTED_MAJOR = "1"
_NAME = re.compile(r"pylock\.(?:[^.]+\.)?toml\Z")
_MEMBERSHIP = re.compile(
    r"\s*['\"](?P<name>[^'\"]+)['\"]\s+(?P<negated>not\s+)?in\s+(?P<list>extras|dependency_groups)\s*\Z"
)


class _File(msgspec.Struct):
    name: str = ""
    url: str = ""
    path: str = ""
    size: int | None = None
    hashes: dict[str, str] = {}


class _Tree(msgspec.Struct):
    url: str = ""
    path: str = ""


class _Dependency(msgspec.Struct):
    name: str = ""


class _Package(msgspec.Struct, rename="kebab"):
    name: str
    version: str = ""
    marker: str = ""
    requires_python: str = ""
    index: str = ""
    dependencies: list[_Dependency] = []
    wheels: list[_File] = []
    sdist: _File | None = None
    archive: _File | None = None
    vcs: _Tree | None = None
    directory: _Tree | None = None


class _Pylock(msgspec.Struct, rename="kebab"):
    lock_version: str
    requires_python: str = ""
    extras: list[str] = []
    dependency_groups: list[str] = []
    default_groups: list[str] = []
    packages: list[_Package] = []


class PylockReader:
    """Reads `pylock.toml` and `pylock.NAME.toml`."""

    format = "pylock.toml"
    tier = Tier.LOCK

    def recognises(self, name: str) -> bool:
        """Return whether the name is one of a `pylock` file."""
        return bool(_NAME.match(name))

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return `pylock.toml`, or the one named file where it stands alone."""
        named = [name for name in folder.listing() if _NAME.match(name)]
        if "pylock.toml" in named:
            return ("pylock.toml", *(name for name in named if name != "pylock.toml"))
        return tuple(named) if len(named) == 1 else ()

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:
        """Return several named locks where none is the plain one."""
        if self.find(folder):
            return ()
        named = [name for name in folder.listing() if _NAME.match(name)]
        return tuple(NotRead(what=name, why=f"one of several locks; use `-r {name}`") for name in named)

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:
        """Read the packages that the default groups and the chosen extras and groups want."""
        file = read_toml(folder, name, max_bytes=MAX_LOCK_BYTES)
        lock = file.convert(_Pylock)
        if lock.lock_version.partition(".")[0] != SUPPORTED_MAJOR:
            line = file.key_line("lock-version", header="")
            raise ManifestError(name, line, f"lock version {lock.lock_version[:20]!r} is not known")
        return _Walk(file, lock, options).content()


class _Walk:
    """One lock on its way to its production set."""

    def __init__(self, file: TomlFile, lock: _Pylock, options: ReadOptions) -> None:
        self.file = file
        self.lock = lock
        self.extras = {normalise_name(extra) for extra in options.extras}
        groups = options.groups or tuple(lock.default_groups)
        self.groups = {normalise_name(group) for group in (*groups, *lock.default_groups)}
        lines = file.header_lines("packages")
        numbers = lines if len(lines) == len(lock.packages) else [0] * len(lock.packages)
        self.located = [
            (item, Location(file.name, line)) for item, line in zip(lock.packages, numbers, strict=True)
        ]

    def content(self) -> ManifestContent:
        packages: list[ResolvedPackage] = []
        requirements: list[Requirement] = []
        not_read: list[NotRead] = list(self._left_out())
        indexes: list[tuple[str, str, Location]] = []
        askers = self._askers()
        for package, location in self.located:
            marker = self._marker(package, location)
            if marker is None:
                continue
            tree = package.vcs or package.directory
            if tree is not None:
                kind = "version control" if package.vcs else "directory"
                not_read.append(
                    elsewhere(normalise_name(package.name), kind, tree.url or tree.path, location)
                )
                continue
            resolved = _resolved(package, marker, location, askers)
            packages.append(resolved)
            requirements.append(_pin(resolved, location))
            indexes.append((package.index, resolved.name, location))
        line = self.file.key_line("requires-python", header="")
        python = self.lock.requires_python
        return ManifestContent(
            manifests=(Manifest(path=self.file.name, format="pylock.toml", role="lock"),),
            requirements=tuple(requirements),
            not_read=tuple(not_read),
            index_lines=other_indexes(indexes),
            python_ranges=(PythonRange(python, Location(self.file.name, line)),) if python else (),
            lock=Resolution(python=None, packages=tuple(sorted(packages)), origin=f"lock {self.file.name}"),
            extras=tuple(self.lock.extras),
            groups=tuple(self.lock.dependency_groups),
        )

    def _askers(self) -> dict[str, set[str]]:
        askers: dict[str, set[str]] = {}
        for package, _ in self.located:
            for item in package.dependencies:
                askers.setdefault(normalise_name(item.name), set()).add(normalise_name(package.name))
        return askers

    def _marker(self, package: _Package, location: Location) -> str | None:
        """Return a package's marker without extras and groups, None when those leave it out."""
        if not package.marker:
            return ""
        try:
            left = decide(package.marker, self._chosen)
        except ValueError as error:
            raise ManifestError(location.path, location.line or None, str(error)) from error
        return None if left is False else "" if left is True else left

    def _chosen(self, comparison: str) -> bool | None:
        found = _MEMBERSHIP.match(comparison)
        if found is None:
            return None
        chosen = self.extras if found["list"] == "extras" else self.groups
        return (normalise_name(found["name"]) in chosen) != bool(found["negated"])

    def _left_out(self) -> Iterator[NotRead]:
        for extra in self.lock.extras:
            if normalise_name(extra) not in self.extras:
                yield NotRead(what=f"extra `{extra}`", why=f"not asked for; use `--extra {extra}`")
        for group in self.lock.dependency_groups:
            if normalise_name(group) not in self.groups:
                yield NotRead(what=f"group `{group}`", why=f"not production; use `--group {group}`")


def _resolved(
    package: _Package, marker: str, location: Location, askers: dict[str, set[str]]
) -> ResolvedPackage:
    files = [file for wheel in package.wheels if (file := _file(wheel))]
    archive = _file(package.archive) if package.archive else None
    if archive and archive.is_wheel:
        files, archive = [*files, archive], None
    version = package.version or _archive_version(files, archive)
    name = check_pin(package.name, version, location)
    return ResolvedPackage(
        name=name,
        version=version,
        marker=marker,
        wheels=tuple(sorted(files)),
        sdist=_file(package.sdist) if package.sdist else archive,
        required_by=tuple(sorted(askers.get(name, ()))),
    )


def _archive_version(wheels: list[DistributionFile], archive: DistributionFile | None) -> str:
    """Return the version that a file name carries, for an archive that is locked without one."""
    name = wheels[0].filename if wheels else archive.filename if archive else ""
    parts = re.sub(r"\.(?:whl|zip|tar\.\w+)\Z", "", name).split("-")
    return parts[1] if len(parts) > 1 else ""


def _pin(resolved: ResolvedPackage, location: Location) -> Requirement:
    return Requirement(
        name=resolved.name,
        specifier=f"=={resolved.version}",
        marker=resolved.marker,
        location=location,
        text=f"{resolved.name}=={resolved.version}",
    )


def _file(file: _File) -> DistributionFile | None:
    path = file.path.replace("\\", "/").rpartition("/")[2]
    digest = f"sha256:{file.hashes['sha256']}" if "sha256" in file.hashes else ""
    return distribution_file(url=file.url, filename=file.name or path, digest=digest, size_bytes=file.size)
