"""`pyproject.toml`: PEP 621 dependencies and extras, PEP 735 groups, Poetry's tables, uv's indexes and sources.

Reference:
    PEP 621, PEP 735, PEP 631; the packaging user guide, "Dependency Groups".
"""

from __future__ import annotations

import msgspec

from basewise.app.folder import Folder
from basewise.app.manifest import ManifestContent, PythonRange, ReadOptions, Tier
from basewise.app.poetry_project import Poetry, PoetryContent, read_poetry
from basewise.app.requirement_text import WOULD_EXECUTE, normalise_name, parse_requirement
from basewise.app.toml_file import TomlFile, read_toml
from basewise.app.uv_settings import Uv, UvContent, read_uv
from basewise.errors import ManifestError
from basewise.model.requirement import Location, Manifest, NotRead, Requirement

__all__ = ["PyprojectReader"]

MAX_INCLUDES = 64


class _Project(msgspec.Struct, rename="kebab"):
    name: str = ""
    dependencies: list[str] | None = None
    optional_dependencies: dict[str, list[str]] = {}
    requires_python: str = ""
    dynamic: list[str] = []


class _Include(msgspec.Struct, rename="kebab"):
    include_group: str


class _Tool(msgspec.Struct):
    poetry: Poetry | None = None
    uv: Uv | None = None


class _Pyproject(msgspec.Struct, rename="kebab"):
    project: _Project | None = None
    dependency_groups: dict[str, list[str | _Include]] = {}
    tool: _Tool = msgspec.field(default_factory=_Tool)


class PyprojectReader:
    """Reads `pyproject.toml`."""

    format = "pyproject"
    tier = Tier.PROJECT

    def recognises(self, name: str) -> bool:
        """Return whether the file is a `pyproject.toml`."""
        return name == "pyproject.toml"

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return the one at the top."""
        return ("pyproject.toml",) if folder.exists("pyproject.toml") else ()

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: extras and groups are left out while the file is read."""
        return ()

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:
        """Read the project's dependencies with the chosen extras and groups."""
        file = read_toml(folder, name)
        parsed = file.convert(_Pyproject)
        uv = read_uv(file, parsed.tool.uv) if parsed.tool.uv else UvContent()
        poetry = read_poetry(file, parsed.tool.poetry, options) if parsed.tool.poetry else PoetryContent()
        walk = _Walk(file, parsed, uv)
        walk.project(options)
        walk.groups(options)
        own = {item.name for item in walk.requirements}
        project = parsed.project or _Project()
        extras = [*project.optional_dependencies, *(parsed.tool.poetry.extras if parsed.tool.poetry else ())]
        groups = [*parsed.dependency_groups, *(parsed.tool.poetry.group if parsed.tool.poetry else ())]
        return ManifestContent(
            manifests=(Manifest(path=name, format=self.format, role="requirements"),),
            requirements=(
                *walk.requirements,
                *(item for item in poetry.requirements if item.name not in own),
            ),
            constraints=uv.constraints,
            not_read=(*walk.not_read, *uv.not_read, *poetry.not_read),
            index_lines=(*uv.index_lines, *poetry.index_lines),
            python_ranges=(*_range(file, project), *poetry.python_ranges),
            warnings=poetry.warnings,
            extras=tuple(extras),
            groups=(
                *groups,
                *(("dev",) if parsed.tool.poetry and parsed.tool.poetry.dev_dependencies else ()),
            ),
            declares=bool(walk.requirements or poetry.requirements) or project.dependencies is not None,
        )


class _Walk:
    """Collects the requirements of a project table and of dependency groups."""

    def __init__(self, file: TomlFile, parsed: _Pyproject, uv: UvContent) -> None:
        self.file = file
        self.table = parsed.project or _Project()
        self.dependency_groups = {
            normalise_name(name): items for name, items in parsed.dependency_groups.items()
        }
        self.group_names = {normalise_name(name): name for name in parsed.dependency_groups}
        self.extras = {
            normalise_name(name): items for name, items in self.table.optional_dependencies.items()
        }
        self.uv_development = parsed.tool.uv.dev_dependencies if parsed.tool.uv else []
        self.elsewhere = uv.elsewhere
        self.requirements: list[Requirement] = []
        self.not_read: list[NotRead] = []
        self.read_extras: set[str] = set()

    def project(self, options: ReadOptions) -> None:
        """Read `[project]` and the chosen extras; name the others."""
        for text in self.table.dependencies or ():
            self._add(text, "project")
        for field in ("dependencies", "optional-dependencies"):
            if field in self.table.dynamic:
                location = Location(self.file.name, self.file.key_line("dynamic", header="project"))
                why = f"the build backend computes it: {WOULD_EXECUTE}"
                self._leave_out(f"dynamic `{field}`", why, location, needed=field == "dependencies")
        for extra in options.extras:
            self._extra(normalise_name(extra))
        for extra in self.table.optional_dependencies:
            if normalise_name(extra) not in self.read_extras:
                line = self.file.key_line(extra, header="project.optional-dependencies")
                why = f"not asked for; use `--extra {extra}`"
                self._leave_out(f"extra `{extra}`", why, Location(self.file.name, line))

    def groups(self, options: ReadOptions) -> None:
        """Read the chosen dependency groups; name the others."""
        chosen = {normalise_name(group) for group in options.groups}
        for group in sorted(self.dependency_groups):
            if group in chosen:
                self._group(group, (), [0])
                continue
            shown = self.group_names[group]
            line = self.file.key_line(shown, header="dependency-groups")
            why = f"not production; use `--group {shown}`"
            self._leave_out(f"group `{shown}`", why, Location(self.file.name, line))
        if self.uv_development:
            line = self.file.key_line("dev-dependencies", header="tool.uv")
            self._leave_out("[tool.uv] dev-dependencies", "not production", Location(self.file.name, line))

    def _extra(self, extra: str) -> None:
        """Read an extra, and those that it names by the project's own name (`project[other]`)."""
        if extra in self.read_extras or extra not in self.extras:
            return
        self.read_extras.add(extra)
        for text in self.extras[extra]:
            self._add(text, "project.optional-dependencies")

    def _group(self, group: str, within: tuple[str, ...], count: list[int]) -> None:
        count[0] += 1
        header = "dependency-groups"
        line = self.file.key_line(self.group_names.get(group, group), header=header)
        if group in within or count[0] > MAX_INCLUDES:
            raise ManifestError(self.file.name, line, f"group `{group}` includes itself or too many others")
        for item in self.dependency_groups[group]:
            if isinstance(item, str):
                self._add(item, header)
                continue
            included = normalise_name(item.include_group)
            if included not in self.dependency_groups:
                raise ManifestError(
                    self.file.name, line, f"group `{group}` includes `{included}`, which is not there"
                )
            self._group(included, (*within, group), count)

    def _add(self, text: str, header: str) -> None:
        location = Location(self.file.name, self.file.line(text, header=header))
        parsed = parse_requirement(text, location)
        if isinstance(parsed, NotRead):
            self.not_read.append(parsed)
        elif parsed.name == normalise_name(self.table.name) and parsed.extras:
            for extra in parsed.extras:
                self._extra(extra)
        elif parsed.name in self.elsewhere:
            self._leave_out(parsed.name, self.elsewhere[parsed.name], location, needed=True)
        else:
            self.requirements.append(parsed)

    def _leave_out(self, what: str, why: str, location: Location, *, needed: bool = False) -> None:
        self.not_read.append(NotRead(what=what, why=why, location=location, needed=needed))


def _range(file: TomlFile, project: _Project) -> tuple[PythonRange, ...]:
    if not project.requires_python:
        return ()
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - 30 ms that `--version` need not pay

    line = file.key_line("requires-python", header="project")
    try:
        specifier = str(SpecifierSet(project.requires_python))
    except InvalidSpecifier as error:
        raise ManifestError(file.name, line, f"`requires-python`: {str(error)[:120]}") from error
    return (PythonRange(specifier, Location(file.name, line)),)
