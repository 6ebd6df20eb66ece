"""`[tool.poetry]`: dependencies as tables, groups and extras.

Reference:
    Poetry's documentation, "The pyproject.toml file" and "Dependency specification".
"""

from __future__ import annotations

import msgspec

from basewise.app.manifest import PythonRange, ReadOptions
from basewise.app.poetry_specifier import marker_of_python, to_pep440
from basewise.app.requirement_text import WOULD_EXECUTE, normalise_name, parse_requirement, redact_url
from basewise.app.toml_file import TomlFile
from basewise.errors import ManifestError
from basewise.model.requirement import IndexLine, Location, NotRead, Requirement

__all__ = ["Poetry", "PoetryContent", "read_poetry"]

_MAIN = "tool.poetry.dependencies"
_ELSEWHERE = ("git", "path", "url", "file")


class PoetryDependency(msgspec.Struct, rename="kebab"):
    """One dependency in its table form."""

    version: str = "*"
    extras: list[str] = []
    markers: str = ""
    python: str = ""
    platform: str = ""
    optional: bool = False
    source: str = ""
    git: str = ""
    path: str = ""
    url: str = ""
    file: str = ""


Dependencies = dict[str, str | PoetryDependency | list[PoetryDependency]]


class _Group(msgspec.Struct):
    dependencies: Dependencies = {}
    optional: bool = False


class _Source(msgspec.Struct):
    name: str
    url: str = ""


class Poetry(msgspec.Struct, rename="kebab"):
    """The part of `[tool.poetry]` that is about packages."""

    name: str = ""
    dependencies: Dependencies = {}
    dev_dependencies: Dependencies = {}
    group: dict[str, _Group] = {}
    extras: dict[str, list[str]] = {}
    source: list[_Source] = []


class PoetryContent(msgspec.Struct, frozen=True, kw_only=True):
    """What `[tool.poetry]` asks for under the chosen extras and groups."""

    requirements: tuple[Requirement, ...] = ()
    not_read: tuple[NotRead, ...] = ()
    python_ranges: tuple[PythonRange, ...] = ()
    index_lines: tuple[IndexLine, ...] = ()
    warnings: tuple[str, ...] = ()


def read_poetry(file: TomlFile, poetry: Poetry, options: ReadOptions) -> PoetryContent:
    """Return the main dependencies, those of the chosen extras, and those of the chosen groups."""
    walk = _Walk(file, poetry)
    chosen = {
        normalise_name(name)
        for extra in _chosen(poetry.extras, options.extras)
        for name in poetry.extras[extra]
    }
    walk.read(poetry.dependencies, _MAIN, chosen)
    groups = dict(poetry.group)
    if poetry.dev_dependencies:
        groups.setdefault("dev", _Group(poetry.dev_dependencies))
    for name, group in sorted(groups.items()):
        header = f"tool.poetry.group.{name}.dependencies"
        if name == "main" or normalise_name(name) in {normalise_name(item) for item in options.groups}:
            walk.read(group.dependencies, header, set())
        else:
            location = Location(
                file.name, file.header_line(header) or file.header_line("tool.poetry.dev-dependencies")
            )
            walk.leave_out(f"group `{name}`", f"not production; use `--group {name}`", location)
    for extra in sorted(set(poetry.extras) - set(_chosen(poetry.extras, options.extras))):
        location = Location(file.name, file.key_line(extra, header="tool.poetry.extras"))
        walk.leave_out(f"extra `{extra}`", f"not asked for; use `--extra {extra}`", location)
    return walk.content()


def _chosen(extras: dict[str, list[str]], wanted: tuple[str, ...]) -> list[str]:
    names = {normalise_name(name) for name in wanted}
    return [extra for extra in extras if normalise_name(extra) in names]


class _Walk:
    """Collects dependencies table by table."""

    def __init__(self, file: TomlFile, poetry: Poetry) -> None:
        self.file = file
        self.sources = {source.name.lower(): source.url for source in poetry.source}
        self.bound: dict[str, set[str]] = {source.name.lower(): set() for source in poetry.source}
        self.requirements: list[Requirement] = []
        self.not_read: list[NotRead] = []
        self.ranges: list[PythonRange] = []
        self.warnings: list[str] = []

    def read(self, dependencies: Dependencies, header: str, wanted_optional: set[str]) -> None:
        """Read one table; an optional dependency only where an extra wants it."""
        for name, stated in dependencies.items():
            location = Location(self.file.name, self.file.key_line(name, header=header))
            if name == "python":
                self._python(stated, location)
                continue
            for item in stated if isinstance(stated, list) else [stated]:
                table = PoetryDependency(version=item) if isinstance(item, str) else item
                if not table.optional or normalise_name(name) in wanted_optional:
                    self._dependency(name, table, location)

    def leave_out(self, what: str, why: str, location: Location, *, needed: bool = False) -> None:
        """Say that something was not read."""
        self.not_read.append(NotRead(what=what, why=why, location=location, needed=needed))

    def _python(self, stated: str | PoetryDependency | list[PoetryDependency], location: Location) -> None:
        specifier = to_pep440(stated) if isinstance(stated, str) else None
        if specifier is None:
            self.warnings.append(
                f"{location}: the Python constraint is not one that PEP 440 can say; it was not read"
            )
        elif specifier:
            self.ranges.append(PythonRange(specifier, location))

    def _dependency(self, name: str, table: PoetryDependency, location: Location) -> None:
        elsewhere = next((kind for kind in _ELSEWHERE if getattr(table, kind)), None)
        if elsewhere:
            what = f"{normalise_name(name)} @ {redact_url(getattr(table, elsewhere))}"
            self.leave_out(what, f"{elsewhere} dependency: {WOULD_EXECUTE}", location, needed=True)
            return
        if table.source.lower() in self.bound:
            self.bound[table.source.lower()].add(normalise_name(name))
        parsed = parse_requirement(self._text(name, table, location), location)
        if isinstance(parsed, NotRead):
            self.not_read.append(parsed)
        else:
            self.requirements.append(parsed)

    def _text(self, name: str, table: PoetryDependency, location: Location) -> str:
        """Return the dependency as PEP 508 writes it."""
        specifier = to_pep440(table.version)
        if specifier is None:
            self.warnings.append(
                f"{location}: `{name}` has a constraint that PEP 440 cannot say; any version is taken"
            )
            specifier = ""
        python = marker_of_python(table.python) if table.python else ""
        if python is None:
            raise ManifestError(location.path, location.line, f"the `python` of `{name}` cannot be read")
        platform = f'sys_platform == "{table.platform}"' if table.platform else ""
        markers = [
            f"({item})" if " or " in item else item for item in (table.markers, python, platform) if item
        ]
        extras = f"[{','.join(table.extras)}]" if table.extras else ""
        return f"{name}{extras}{specifier}{' ; ' if markers else ''}{' and '.join(markers)}"

    def content(self) -> PoetryContent:
        """Return everything collected."""
        return PoetryContent(
            requirements=tuple(self.requirements),
            not_read=tuple(self.not_read),
            python_ranges=tuple(self.ranges),
            index_lines=tuple(
                IndexLine(
                    url=redact_url(url),
                    location=Location(self.file.name, self.file.line(url)),
                    packages=tuple(sorted(self.bound[name])),
                )
                for name, url in self.sources.items()
                if url
            ),
            warnings=tuple(self.warnings),
        )
