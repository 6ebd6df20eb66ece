"""`uv.lock`: every file with URL, hash and size, for all platforms at once.

Reference:
    uv's documentation, "Locking and syncing"; the format is uv's own, version 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise.app.folder import Folder
from basewise.app.lock_files import check_pin, decided_by_lock, distribution_file, elsewhere, other_indexes
from basewise.app.lock_graph import Edge, Key, Node, Reached, reach
from basewise.app.manifest import ManifestContent, PythonRange, ReadOptions, Tier
from basewise.app.markers import decide
from basewise.app.pyproject import PyprojectReader
from basewise.app.requirement_text import normalise_name
from basewise.app.toml_file import MAX_LOCK_BYTES, TomlFile, read_toml
from basewise.app.uv_lock_format import Dependency, File, Package, UvLock
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

__all__ = ["UvLockReader"]

SUPPORTED_VERSION = 1
_OWN = ("editable", "virtual", "directory")
_ELSEWHERE = ("git", "path", "directory", "editable", "virtual")
_CHOICE = re.compile(r"\s*extra\s*(==|!=)\s*['\"](extra|group)-(\d+)-(.+)['\"]\s*\Z")


class UvLockReader:
    """Reads `uv.lock`."""

    format = "uv.lock"
    tier = Tier.LOCK

    def recognises(self, name: str) -> bool:
        """Return whether the file is a `uv.lock`."""
        return name == "uv.lock"

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return the one at the top."""
        return ("uv.lock",) if folder.exists("uv.lock") else ()

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: extras and groups are left out while the file is read."""
        return ()

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:
        """Read the production set: what the project at the top needs, with the chosen extras and groups."""
        file = read_toml(folder, name, max_bytes=MAX_LOCK_BYTES)
        lock = file.convert(UvLock)
        if lock.version != SUPPORTED_VERSION:
            raise ManifestError(
                name, file.key_line("version", header=""), f"format version {lock.version} is not known"
            )
        return _Walk(file, lock, options).content(_project(folder, options))


class _Walk:
    """One lock on its way to its production set."""

    def __init__(self, file: TomlFile, lock: UvLock, options: ReadOptions) -> None:
        self.file = file
        self.lock = lock
        lines = file.header_lines("package")
        numbers = lines if len(lines) == len(lock.package) else [0] * len(lock.package)
        self.locations = [Location(file.name, number) for number in numbers]
        self.extras = {normalise_name(extra) for extra in options.extras}
        self.groups = {normalise_name(group) for group in options.groups}
        self.packages: dict[Key, tuple[Package, Location]] = {}
        for package, location in zip(lock.package, self.locations, strict=True):
            version = package.version or "0"
            self.packages[check_pin(package.name, version, location), version] = (package, location)

    def content(self, project: ManifestContent | None) -> ManifestContent:
        roots = self._roots()
        reached = reach(list(self._root_edges(roots)), self._nodes(), "the application")
        own = {normalise_name(package.name) for package in roots}
        pinned = {key: state for key, state in reached.items() if key[0] not in own}
        not_read = [record for key in pinned if (record := self._elsewhere(key))]
        outside = {record.location for record in not_read}
        packages = [
            self._resolved(key, state)
            for key, state in pinned.items()
            if self.packages[key][1] not in outside
        ]
        line = self.file.key_line("requires-python", header="")
        python = self.lock.requires_python
        return ManifestContent(
            manifests=(Manifest(path=self.file.name, format="uv.lock", role="lock"),),
            requirements=project.requirements if project else tuple(self._requirements(roots)),
            constraints=project.constraints if project else (),
            not_read=(
                *not_read,
                *(decided_by_lock(project.not_read) if project else self._left_out(roots)),
            ),
            index_lines=other_indexes(
                (self.packages[key][0].source.registry, key[0], self.packages[key][1]) for key in pinned
            ),
            python_ranges=(PythonRange(python, Location(self.file.name, line)),) if python else (),
            lock=Resolution(python=None, packages=tuple(sorted(packages)), origin=f"lock {self.file.name}"),
            extras=tuple(sorted({extra for root in roots for extra in root.optional_dependencies})),
            groups=tuple(sorted({group for root in roots for group in root.dev_dependencies})),
        )

    def _roots(self) -> list[Package]:
        """Return the project at the top, or every member of a workspace that has none there."""
        own = [
            (getattr(package.source, kind), package)
            for package in self.lock.package
            for kind in _OWN[:2]
            if getattr(package.source, kind)
        ]
        at_top = [package for path, package in own if path == "."]
        if not own:
            raise ManifestError(self.file.name, None, "it holds no project, so nothing says what is needed")
        return at_top or [package for _, package in own]

    def _root_edges(self, roots: list[Package]) -> Iterator[Edge]:
        for root in roots:
            yield from self._edges(root.dependencies)
            for extra, dependencies in root.optional_dependencies.items():
                if normalise_name(extra) in self.extras:
                    yield from self._edges(dependencies)
            for group, dependencies in root.dev_dependencies.items():
                if normalise_name(group) in self.groups:
                    yield from self._edges(dependencies)

    def _nodes(self) -> dict[Key, Node]:
        return {
            key: Node(
                tuple(self._edges(package.dependencies)),
                {
                    normalise_name(extra): tuple(self._edges(dependencies))
                    for extra, dependencies in package.optional_dependencies.items()
                },
            )
            for key, (package, _) in self.packages.items()
        }

    def _edges(self, dependencies: list[Dependency]) -> Iterator[Edge]:
        """Yield edges; one whose marker the chosen extras and groups make false is none."""
        for item in dependencies:
            marker = self._marker(item.marker) if item.marker else ""
            if marker is not None:
                extras = tuple(normalise_name(extra) for extra in item.extra)
                yield Edge(normalise_name(item.name), item.version, marker, extras)

    def _marker(self, marker: str) -> str | None:
        """Return the marker without uv's own `extra == 'extra-3-app-gpu'`, None when it is false."""
        try:
            left = decide(marker, self._chosen)
        except ValueError as error:
            raise ManifestError(self.file.name, self.file.line(marker) or None, str(error)) from error
        if isinstance(left, bool):
            return "" if left else None
        return left

    def _chosen(self, comparison: str) -> bool | None:
        found = _CHOICE.match(comparison)
        if found is None:
            return False if comparison.lstrip().startswith("extra ") else None
        operator, kind, length, rest = found.groups()
        name = rest[int(length[:4]) + 1 :]
        chosen = normalise_name(name) in (self.extras if kind == "extra" else self.groups)
        return chosen == (operator == "==")

    def _elsewhere(self, key: Key) -> NotRead | None:
        package, location = self.packages[key]
        if package.wheels and not package.source.git:
            return None
        kind = next((kind for kind in _ELSEWHERE if getattr(package.source, kind)), "")
        kind = kind or ("url" if package.source.url else "")
        return elsewhere(key[0], kind, getattr(package.source, kind), location) if kind else None

    def _resolved(self, key: Key, state: Reached) -> ResolvedPackage:
        package = self.packages[key][0]
        wheels = (_file(wheel) for wheel in package.wheels)
        return ResolvedPackage(
            name=key[0],
            version=key[1],
            marker=state.marker,
            wheels=tuple(sorted(wheel for wheel in wheels if wheel)),
            sdist=_file(package.sdist) if package.sdist else None,
            required_by=state.required_by,
        )

    def _requirements(self, roots: list[Package]) -> Iterator[Requirement]:
        """Yield what the roots ask for directly, with the specifiers that the lock recorded."""
        for root in roots:
            location = self.locations[next(at for at, item in enumerate(self.lock.package) if item is root)]
            for item in root.metadata.requires_dist:
                marker = self._requires_marker(item.marker) if item.marker else ""
                if marker is None:
                    continue
                extras = tuple(sorted(normalise_name(extra) for extra in item.extras))
                listed = f"[{','.join(extras)}]" if extras else ""
                text = f"{item.name}{listed}{item.specifier}{f' ; {marker}' if marker else ''}"
                yield Requirement(
                    name=normalise_name(item.name),
                    extras=extras,
                    specifier=item.specifier,
                    marker=marker,
                    location=location,
                    text=text,
                )

    def _requires_marker(self, marker: str) -> str | None:
        """Return the marker of a recorded requirement, its `extra == 'name'` decided; None when it is not wanted."""

        def known(comparison: str) -> bool | None:
            found = re.match(r"\s*extra\s*==\s*['\"](.+)['\"]\s*\Z", comparison)
            return normalise_name(found[1]) in self.extras if found else None

        try:
            left = decide(marker, known)
        except ValueError as error:
            raise ManifestError(self.file.name, self.file.line(marker) or None, str(error)) from error
        return None if left is False else "" if left is True else left

    def _left_out(self, roots: list[Package]) -> Iterator[NotRead]:
        for root in roots:
            for extra in sorted(root.optional_dependencies):
                if normalise_name(extra) not in self.extras:
                    yield NotRead(what=f"extra `{extra}`", why=f"not asked for; use `--extra {extra}`")
            for group in sorted(root.dev_dependencies):
                if normalise_name(group) not in self.groups:
                    yield NotRead(what=f"group `{group}`", why=f"not production; use `--group {group}`")


def _project(folder: Folder, options: ReadOptions) -> ManifestContent | None:
    """Return the `pyproject.toml` beside the lock, whose lines are better to point at; None when it does not help."""
    reader = PyprojectReader()
    try:
        content = reader.read(folder, "pyproject.toml", options) if reader.find(folder) else None
    except ManifestError:
        return None
    return content if content and content.declares else None


def _file(file: File) -> DistributionFile | None:
    path = file.path.replace("\\", "/").rpartition("/")[2]
    return distribution_file(
        url=file.url, filename=file.filename or path, digest=file.hash, size_bytes=file.size
    )
