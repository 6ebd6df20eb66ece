"""`poetry.lock`: file names and hashes for all platforms; URLs and sizes are not in it.

Reference:
    Poetry's documentation, "Basic usage: Installing with poetry.lock"; lock versions 1.x and 2.x.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from basewise.app.folder import Folder
from basewise.app.lock_files import check_pin, decided_by_lock, distribution_file, elsewhere, other_indexes
from basewise.app.lock_graph import Edge, Key, Node, Reached, reach
from basewise.app.manifest import ManifestContent, PythonRange, ReadOptions, Tier
from basewise.app.markers import decide
from basewise.app.poetry_project import PoetryDependency
from basewise.app.poetry_specifier import marker_of_python, to_pep440
from basewise.app.pyproject import PyprojectReader
from basewise.app.requirement_text import normalise_name
from basewise.app.toml_file import MAX_LOCK_BYTES, TomlFile, read_toml
from basewise.errors import ManifestError
from basewise.model.requirement import Location, Manifest, NotRead, Requirement, Resolution, ResolvedPackage

__all__ = ["PoetryLockReader"]

_ELSEWHERE = ("git", "directory", "file", "url")


class _File(msgspec.Struct):
    file: str
    hash: str = ""


class _Source(msgspec.Struct):
    type: str = ""
    url: str = ""


class _Package(msgspec.Struct, rename="kebab"):
    name: str
    version: str
    category: str = ""
    groups: list[str] = []
    markers: str | dict[str, str] = ""
    files: list[_File] = []
    dependencies: dict[str, str | PoetryDependency | list[PoetryDependency]] = {}
    extras: dict[str, list[str]] = {}
    source: _Source | None = None


class _Metadata(msgspec.Struct, rename="kebab"):
    lock_version: str = ""
    python_versions: str = ""
    files: dict[str, list[_File]] = {}


class _PoetryLock(msgspec.Struct):
    package: list[_Package] = []
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class PoetryLockReader:
    """Reads `poetry.lock`, with the `pyproject.toml` beside it, which alone says what the roots are."""

    format = "poetry.lock"
    tier = Tier.LOCK

    def recognises(self, name: str) -> bool:
        """Return whether the file is a `poetry.lock`."""
        return name == "poetry.lock"

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return the one at the top."""
        return ("poetry.lock",) if folder.exists("poetry.lock") else ()

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: extras and groups are left out while `pyproject.toml` is read."""
        return ()

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:
        """Read the production set: what `pyproject.toml` asks for, or the main group where there is none."""
        file = read_toml(folder, name, max_bytes=MAX_LOCK_BYTES)
        lock = file.convert(_PoetryLock)
        project = None
        reader = PyprojectReader()
        if reader.find(folder):
            found = reader.read(folder, "pyproject.toml", options)
            project = found if found.declares else None
        return _Walk(file, lock, options).content(project)


class _Walk:
    """One lock on its way to its production set."""

    def __init__(self, file: TomlFile, lock: _PoetryLock, options: ReadOptions) -> None:
        self.file = file
        self.lock = lock
        self.groups = {"main", *(normalise_name(group) for group in options.groups)}
        lines = file.header_lines("package")
        numbers = lines if len(lines) == len(lock.package) else [0] * len(lock.package)
        self.packages: dict[Key, tuple[_Package, Location]] = {}
        for package, number in zip(lock.package, numbers, strict=True):
            location = Location(file.name, number)
            self.packages[check_pin(package.name, package.version, location), package.version] = (
                package,
                location,
            )

    def content(self, project: ManifestContent | None) -> ManifestContent:
        reached = self._reached(project.requirements) if project else self._main_group()
        not_read = [record for key in reached if (record := self._elsewhere(key))]
        outside = {record.location for record in not_read}
        packages = [
            self._resolved(key, state)
            for key, state in reached.items()
            if self.packages[key][1] not in outside
        ]
        base = project or ManifestContent()
        sources = ((self.packages[key][0].source, key[0], self.packages[key][1]) for key in reached)
        return msgspec.structs.replace(
            base,
            manifests=(Manifest(path=self.file.name, format="poetry.lock", role="lock"),),
            requirements=base.requirements or tuple(self._pins(reached)),
            not_read=(*decided_by_lock(base.not_read), *not_read),
            index_lines=base.index_lines
            or other_indexes((source.url if source else "default", name, at) for source, name, at in sources),
            python_ranges=(*self._python(), *base.python_ranges),
            lock=Resolution(python=None, packages=tuple(sorted(packages)), origin=f"lock {self.file.name}"),
            declares=True,
        )

    def _reached(self, requirements: tuple[Requirement, ...]) -> dict[Key, Reached]:
        """Walk from the project's requirements; a marker that the lock itself gives wins over the walk's."""
        roots = [
            Edge(item.name, self._version(item.name, item.specifier), item.marker, item.extras)
            for item in requirements
        ]
        nodes = {key: self._node(package) for key, (package, _) in self.packages.items()}
        found = reach(roots, nodes, "pyproject.toml")
        return {
            key: Reached(self._own_marker(key) or state.marker, state.required_by)
            for key, state in found.items()
        }

    def _main_group(self) -> dict[Key, Reached]:
        """Return the packages of the main group, for a lock without its project."""
        return {
            key: Reached(self._own_marker(key), ())
            for key, (package, _) in self.packages.items()
            if package.category in ("", "main") and (not package.groups or self.groups & set(package.groups))
        }

    def _own_marker(self, key: Key) -> str:
        markers = self.packages[key][0].markers
        if isinstance(markers, str):
            return markers
        texts = {markers.get(group, "") for group in self.groups if group in self.packages[key][0].groups}
        return "" if "" in texts else " or ".join(f"({text})" for text in sorted(texts))

    def _version(self, name: str, specifier: str) -> str:
        """Return which of several pins of a name a specifier means, "" where it may be any."""
        versions = [version for pinned, version in self.packages if pinned == name]
        if len(versions) < 2 or not specifier:  # noqa: PLR2004 - one pin needs no choice
            return ""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - 30 ms that few locks need

        try:
            fitting = list(SpecifierSet(specifier, prereleases=True).filter(versions))
        except InvalidSpecifier:
            return ""
        return fitting[0] if len(fitting) == 1 else ""

    def _node(self, package: _Package) -> Node:
        plain: list[Edge] = []
        extras: dict[str, list[Edge]] = {normalise_name(extra): [] for extra in package.extras}
        for name, stated in package.dependencies.items():
            for item in stated if isinstance(stated, list) else [stated]:
                table = PoetryDependency(version=item) if isinstance(item, str) else item
                edge = self._edge(normalise_name(name), table)
                if edge is None:
                    continue
                if not table.optional:
                    plain.append(edge)
                for extra in self._extras_with(package, edge.name) if table.optional else ():
                    extras[extra].append(edge)
        return Node(tuple(plain), {extra: tuple(edges) for extra, edges in extras.items()})

    def _extras_with(self, package: _Package, name: str) -> list[str]:
        """Return the extras of a package whose list names a dependency (`["tqdm (>=4)"]`)."""
        return [
            normalise_name(extra)
            for extra, texts in package.extras.items()
            if any(
                normalise_name(text.split(" ")[0].partition("[")[0].partition(";")[0]) == name
                for text in texts
            )
        ]

    def _edge(self, name: str, table: PoetryDependency) -> Edge | None:
        """Return an edge, None where its marker is false. `extra == …` is told by the list of extras instead."""
        python = (marker_of_python(table.python) or "") if table.python else ""
        marker = table.markers
        try:
            left = (
                decide(marker, lambda text: True if text.lstrip().startswith("extra ") else None)
                if marker
                else True
            )
        except ValueError as error:
            raise ManifestError(self.file.name, self.file.line(marker) or None, str(error)) from error
        if left is False:
            return None
        texts = [text for text in ("" if left is True else left, python) if text]
        joined = " and ".join(f"({text})" if " or " in text else text for text in texts)
        specifier = to_pep440(table.version) or ""
        return Edge(
            name,
            self._version(name, specifier),
            joined,
            tuple(normalise_name(extra) for extra in table.extras),
        )

    def _elsewhere(self, key: Key) -> NotRead | None:
        package, location = self.packages[key]
        source = package.source
        return (
            elsewhere(key[0], source.type, source.url, location)
            if source and source.type in _ELSEWHERE
            else None
        )

    def _resolved(self, key: Key, state: Reached) -> ResolvedPackage:
        package = self.packages[key][0]
        listed = package.files or self.lock.metadata.files.get(package.name, [])
        files = [
            found for item in listed if (found := distribution_file(filename=item.file, digest=item.hash))
        ]
        sources = [file for file in files if file.filename.endswith((".tar.gz", ".zip", ".tar.bz2"))]
        return ResolvedPackage(
            name=key[0],
            version=key[1],
            marker=state.marker,
            wheels=tuple(sorted(file for file in files if file.is_wheel)),
            sdist=min(sources) if sources else None,
            files_known=bool(files),
            required_by=state.required_by,
        )

    def _pins(self, reached: dict[Key, Reached]) -> Iterator[Requirement]:
        for key, state in reached.items():
            yield Requirement(
                name=key[0],
                specifier=f"=={key[1]}",
                marker=state.marker,
                location=self.packages[key][1],
                text=f"{key[0]}=={key[1]}",
            )

    def _python(self) -> tuple[PythonRange, ...]:
        specifier = to_pep440(self.lock.metadata.python_versions)
        line = self.file.key_line("python-versions", header="metadata")
        return (PythonRange(specifier, Location(self.file.name, line)),) if specifier else ()
