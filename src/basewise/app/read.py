"""Reading an application: one production set, the Python it states, its Dockerfile and how it is started."""

from __future__ import annotations

from pathlib import Path

from basewise.app.command_runner import without_runner
from basewise.app.existing_dockerfile import DockerfileContent, read_dockerfile
from basewise.app.folder import Folder
from basewise.app.manifest import ManifestContent, PythonRange, ReadOptions
from basewise.app.precedence import production_set
from basewise.app.python_version import contradictions, single_minor, version_files
from basewise.app.start_command import find_command
from basewise.model.requirement import Application, StatedPython

__all__ = ["ReadOptions", "read_application"]

_SERVER_EXTRAS = {"fastapi": frozenset({"standard", "all"}), "litestar": frozenset({"standard"})}


def read_application(path: Path, options: ReadOptions | None = None) -> Application:
    """Read what an application asks for. Nothing of it is executed, and nothing is fetched.

    Precedence: files named in `options`, then a lock, `pyproject.toml`, requirements files, `environment.yml`, and
    last the imports of its source files, which is a guess. One production set is read; what is left out, and where
    manifests disagree, is part of the result.

    Args:
        path: The application folder.
        options: Which files, extras and groups to read.

    Raises:
        ApplicationError: The folder cannot be read, or (`NoManifestError`) nothing in it says what is needed, or
            (`ManifestError`) the manifest that counts does not parse.
        UsageError: A file, extra or group was asked for that does not exist.
    """
    chosen = options or ReadOptions()
    folder = Folder.open(path, chosen.project_root)
    content, guess = production_set(folder, chosen)
    dockerfile = read_dockerfile(folder)
    ranges, range_warnings = _valid(content.python_ranges)
    stated, stated_warnings = _stated(folder, content, dockerfile, ranges)
    command, command_source = _command(folder, content, dockerfile)
    return Application(
        path=str(path),
        manifests=tuple(dict.fromkeys(content.manifests)),
        not_read=tuple(dict.fromkeys(content.not_read)),
        requirements=tuple(sorted(content.requirements)),
        constraints=tuple(sorted(content.constraints)),
        requires_python=",".join(dict.fromkeys(item.specifier for item in ranges)) or None,
        stated_python=stated[0] if stated else None,
        accelerator=chosen.accelerator,
        lock=content.lock,
        guess=guess,
        index_lines=tuple(dict.fromkeys(content.index_lines)),
        warnings=tuple(
            dict.fromkeys(
                (
                    *content.warnings,
                    *dockerfile.warnings,
                    *range_warnings,
                    *stated_warnings,
                    *contradictions(stated, ranges),
                )
            )
        ),
        dockerfile=dockerfile.dockerfile,
        command=command,
        command_source=command_source,
    )


def _valid(ranges: tuple[PythonRange, ...]) -> tuple[list[PythonRange], list[str]]:
    """Return the ranges that are PEP 440, in one form, and warnings about the others."""
    if not ranges:
        return [], []
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - 30 ms that `--version` need not pay

    valid: list[PythonRange] = []
    warnings: list[str] = []
    for item in ranges:
        try:
            valid.append(PythonRange(str(SpecifierSet(item.specifier)), item.location))
        except InvalidSpecifier:
            warnings.append(f"{item.location}: the range of Python is not PEP 440; it was not read")
    return list(dict.fromkeys(valid)), warnings


def _stated(
    folder: Folder, content: ManifestContent, dockerfile: DockerfileContent, ranges: list[PythonRange]
) -> tuple[list[StatedPython], list[str]]:
    """Return the Pythons that files state, by precedence: lock, Dockerfile, version files, a range of one minor."""
    files, warnings = version_files(folder)
    locked = {manifest.path for manifest in content.manifests if content.lock and manifest.role != "compared"}
    single = [found for item in ranges if (found := single_minor(item))]
    stated = [
        *content.stated_pythons,
        *(item for item in single if item.location.path in locked),
        *([dockerfile.stated_python] if dockerfile.stated_python else []),
        *files,
        *(item for item in single if item.location.path not in locked),
    ]
    return stated, warnings


def _command(
    folder: Folder, content: ManifestContent, dockerfile: DockerfileContent
) -> tuple[tuple[str, ...], str]:
    """Return the start command and where it was found: the Dockerfile's own, or what the source shows."""
    if dockerfile.dockerfile and dockerfile.dockerfile.command:
        return without_runner(dockerfile.dockerfile.command), str(dockerfile.command_at)
    wanted = {item.name for item in content.requirements}
    wanted |= {package.name for package in content.lock.packages} if content.lock else set()
    if any(_SERVER_EXTRAS.get(item.name, frozenset()) & set(item.extras) for item in content.requirements):
        wanted.add("uvicorn")
    command, where = find_command(folder, frozenset(wanted)) or ((), "")
    return without_runner(command), where
