"""Reading an application: which manifests count, in which order, and one production set from them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from basewise.app.builtin import READERS
from basewise.app.folder import Folder
from basewise.app.manifest import ManifestContent, ManifestReader, ReadOptions, Tier
from basewise.errors import ManifestError, NoManifestError, UsageError
from basewise.model.requirement import Application, Manifest, NotRead

__all__ = ["ReadOptions", "read_application"]

LOOKED_FOR = (
    "pylock.toml, uv.lock, poetry.lock, Pipfile.lock, pyproject.toml, requirements*.txt, environment.yml, "
    "*.py and *.ipynb"
)


class _Found(msgspec.Struct, frozen=True):
    """A manifest of the folder: its reader, its name, and its content or what is wrong with it."""

    reader: ManifestReader
    name: str
    content: ManifestContent | None
    error: ManifestError | None = None

    @property
    def tier(self) -> Tier:
        """The reader's tier; a pinned requirements file is a lock."""
        return Tier.LOCK if self.content is not None and self.content.lock else self.reader.tier


def read_application(path: Path, options: ReadOptions | None = None) -> Application:
    """Read what an application asks for. Nothing of it is executed, and nothing is fetched.

    Precedence: files named in `options`, then a lock, `pyproject.toml`, requirements files, `environment.yml`, and
    last the imports of its source files, which is a guess.

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
    content = _read_named(folder, chosen) if chosen.requirement_files else _read_found(folder, chosen)
    return _application(path, content, chosen)


def _read_named(folder: Folder, options: ReadOptions) -> ManifestContent:
    """Read the files that the user named."""
    contents = []
    for file in options.requirement_files:
        name = _named(folder, file)
        reader = next((reader for reader in READERS if reader.recognises(Path(name).name)), READERS[-1])
        contents.append(reader.read(folder, name, options))
    return merge(contents)


def _named(folder: Folder, file: Path) -> str:
    """Return the name of a `-r FILE` relative to the application: from the working directory, or else from the folder."""
    for candidate in (Path.cwd() / file, folder.root / file):
        if candidate.exists():
            real = candidate.resolve()
            if not real.is_relative_to(folder.boundary):
                raise UsageError(
                    f"`-r {file}` lies outside the application folder",
                    hint="allow a parent folder with `--project-root FOLDER`",
                )
            return folder.relative(candidate)
    raise UsageError(f"`-r {file}`: no such file", hint="the path is relative to the working directory")


def _read_found(folder: Folder, options: ReadOptions) -> ManifestContent:
    """Read the manifests of the folder and take the first by precedence."""
    found = [item for reader in READERS for item in _find(reader, folder, options)]
    found.sort(key=lambda item: item.tier)
    if not found:
        raise NoManifestError(
            f"`{folder.path}` says nowhere what the application needs: looked for {LOOKED_FOR}",
            hint="write a requirements.txt, or name a file with `-r FILE`",
        )
    first = found[0]
    if first.content is None:
        raise first.error or NoManifestError(f"cannot read {first.name}")
    left_out = [item for reader in READERS for item in reader.left_out(folder)]
    return msgspec.structs.replace(first.content, not_read=(*first.content.not_read, *left_out))


def _find(reader: ManifestReader, folder: Folder, options: ReadOptions) -> list[_Found]:
    names = reader.find(folder)
    if not names:
        return []
    try:
        content = reader.read(folder, names[0], options)
    except ManifestError as error:
        return [_Found(reader, names[0], None, error)]
    return [_Found(reader, names[0], content)] if content.declares else []


def merge(contents: list[ManifestContent]) -> ManifestContent:
    """Put several manifests together; a lock stays one only alone."""
    return ManifestContent(
        manifests=tuple(item for content in contents for item in content.manifests),
        requirements=tuple(item for content in contents for item in content.requirements),
        constraints=tuple(item for content in contents for item in content.constraints),
        not_read=tuple(item for content in contents for item in content.not_read),
        index_lines=tuple(item for content in contents for item in content.index_lines),
        python_ranges=tuple(item for content in contents for item in content.python_ranges),
        stated_pythons=tuple(item for content in contents for item in content.stated_pythons),
        lock=contents[0].lock if len(contents) == 1 else None,
        warnings=tuple(item for content in contents for item in content.warnings),
    )


def _application(path: Path, content: ManifestContent, options: ReadOptions) -> Application:
    ranges = tuple(dict.fromkeys(item.specifier for item in content.python_ranges))
    manifests: tuple[Manifest, ...] = tuple(dict.fromkeys(content.manifests))
    not_read: tuple[NotRead, ...] = tuple(dict.fromkeys(content.not_read))
    return Application(
        path=str(path),
        manifests=manifests,
        not_read=not_read,
        requirements=tuple(sorted(content.requirements)),
        constraints=tuple(sorted(content.constraints)),
        requires_python=",".join(ranges) or None,
        stated_python=content.stated_pythons[0] if content.stated_pythons else None,
        accelerator=options.accelerator,
        lock=content.lock,
        index_lines=content.index_lines,
        warnings=tuple(dict.fromkeys(content.warnings)),
    )
