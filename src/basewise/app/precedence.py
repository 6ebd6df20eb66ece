"""One production set from the manifests of a folder: the first by precedence counts, the others are compared with it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from basewise._internal.text import safe_text
from basewise.app.agreement import disagreements
from basewise.app.builtin import READERS
from basewise.app.folder import Folder
from basewise.app.imports import guess_from_imports
from basewise.app.manifest import ManifestContent, ManifestReader, ReadOptions, Tier
from basewise.app.requirement_text import WOULD_EXECUTE, normalise_name
from basewise.app.requirements_txt import RequirementsReader
from basewise.errors import ManifestError, NoManifestError, UsageError
from basewise.model.requirement import Manifest, NotRead

__all__ = ["production_set"]

_LOOKED_FOR = "pylock.toml, uv.lock, poetry.lock, Pipfile.lock, pyproject.toml, requirements*.txt, environment.yml and Python source"
_OTHER_FILES = {
    "setup.py": WOULD_EXECUTE,
    "setup.cfg": "not a format that is read; `pyproject.toml` is",
    "Pipfile": "not a lock; `pipenv lock` writes one",
    "pdm.lock": "not a format that is read; `pdm export` writes one that is",
    "pixi.lock": "not a format that is read",
    "conda-lock.yml": "not a format that is read",
}


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

    @property
    def counts(self) -> bool:
        """The file declares requirements, or would if it could be read."""
        return self.content is None or self.content.declares


def production_set(folder: Folder, options: ReadOptions) -> tuple[ManifestContent, bool]:
    """Return what the application asks for, and whether that is a guess.

    Raises:
        NoManifestError: Neither a manifest nor source is there.
        ManifestError: The manifest that counts does not parse.
        UsageError: A file, extra or group was asked for that does not exist.
    """
    if options.requirement_files:
        content = _read_named(folder, options)
        _check_names(content, options, None)
        return content, False
    found = [item for reader in READERS for item in _find(reader, folder, options)]
    counting = sorted((item for item in found if item.counts), key=lambda item: item.tier)
    if counting:
        content = _compare(folder, counting[0], [item for item in found if item is not counting[0]])
    else:
        guessed = guess_from_imports(folder)
        if guessed is None:
            there = "".join(f"{record.what} is there: {record.why}; " for record in _other_files(folder)[:1])
            raise NoManifestError(
                f"`{folder.path}` says nowhere what the application needs; looked for {_LOOKED_FOR}",
                hint=f"{there}write a requirements.txt, or name a file with `-r FILE`",
            )
        content = _beside(guessed, found)
    _check_names(
        content, options, next((item.content for item in found if item.name == "pyproject.toml"), None)
    )
    left_out = tuple(record for reader in READERS for record in reader.left_out(folder))
    content = msgspec.structs.replace(content, not_read=(*content.not_read, *left_out, *_other_files(folder)))
    return content, not counting


def _read_named(folder: Folder, options: ReadOptions) -> ManifestContent:
    """Read the files that the user named, and name those that were not read for it."""
    names = [_named(folder, file) for file in options.requirement_files]
    contents = []
    for name in names:
        reader = next((item for item in READERS if item.recognises(Path(name).name)), RequirementsReader())
        contents.append(reader.read(folder, name, options))
    others = [name for reader in READERS for name in reader.find(folder) if name not in names]
    left_out = tuple(NotRead(what=name, why="other files were named with `-r`") for name in others)
    merged = _merge(contents)
    return msgspec.structs.replace(merged, not_read=(*merged.not_read, *left_out))


def _named(folder: Folder, file: Path) -> str:
    """Return the name of a `-r FILE` in the folder: from the working directory, or else from the folder."""
    outside = False
    for candidate in (Path.cwd() / file, folder.root / file):
        try:
            if not candidate.exists():
                continue
            if candidate.resolve().is_relative_to(folder.boundary):
                return folder.relative(candidate.parent.resolve() / candidate.name)
            outside = True
        except (OSError, ValueError, RuntimeError):
            continue
    shown = safe_text(str(file))
    if outside:
        raise UsageError(
            f"`-r {shown}` lies outside the application folder",
            hint="allow a parent folder with `--project-root FOLDER`",
        )
    raise UsageError(f"`-r {shown}`: no such file", hint="the path is relative to the working directory")


def _find(reader: ManifestReader, folder: Folder, options: ReadOptions) -> list[_Found]:
    """Read the first file of a reader, and the source of a compiled one; name the rest."""
    names = reader.find(folder)
    if not names:
        return []
    first = _read(reader, folder, names[0], options)
    others = [name for name in names[1:] if name != names[0].removesuffix(".txt") + ".in"]
    if others and first.content:
        why = f"`{names[0]}` is read instead"
        left_out = tuple(NotRead(what=name, why=f"{why}; use `-r {name}`") for name in others)
        content = msgspec.structs.replace(first.content, not_read=(*first.content.not_read, *left_out))
        first = msgspec.structs.replace(first, content=content)
    source = names[0].removesuffix(".txt") + ".in"
    if source in names[1:] and first.content and first.content.lock:
        return [first, _read(reader, folder, source, options)]
    return [first]


def _read(reader: ManifestReader, folder: Folder, name: str, options: ReadOptions) -> _Found:
    try:
        return _Found(reader, name, reader.read(folder, name, options))
    except ManifestError as error:
        return _Found(reader, name, None, error)


def _compare(folder: Folder, chosen: _Found, others: list[_Found]) -> ManifestContent:
    """Return the chosen content with what was read beside it and where that disagrees."""
    if chosen.content is None:
        raise chosen.error or NoManifestError(f"cannot read `{folder.path}`")
    content = chosen.content
    warnings = [
        sentence
        for other in others
        if other.content and other.content.declares
        for sentence in disagreements(content, other.content)
    ]
    if not content.requirements and not content.lock:
        warnings.append(f"{chosen.name} asks for no packages")
    return _beside(msgspec.structs.replace(content, warnings=(*content.warnings, *warnings)), others)


def _beside(content: ManifestContent, others: list[_Found]) -> ManifestContent:
    """Add what the other manifests say of Python, and those that could not be read."""
    read = [other for other in others if other.content is not None]
    compared = [Manifest(path=other.name, format=other.reader.format, role="compared") for other in read]
    problems = [f"{other.error.message}; it was not compared" for other in others if other.error]
    ranges = [
        item
        for other in read
        if other.content and other.name == "pyproject.toml"
        for item in other.content.python_ranges
    ]
    left_out = [
        record
        for other in read
        if other.content and not other.content.declares
        for record in other.content.not_read
    ]
    return msgspec.structs.replace(
        content,
        manifests=(*content.manifests, *compared),
        python_ranges=(*content.python_ranges, *ranges),
        not_read=(*content.not_read, *left_out),
        warnings=(*content.warnings, *problems),
    )


def _merge(contents: list[ManifestContent]) -> ManifestContent:
    """Put several manifests together; a lock stays one only alone."""
    if len(contents) == 1:
        return contents[0]
    return ManifestContent(
        manifests=tuple(item for one in contents for item in one.manifests),
        requirements=tuple(item for one in contents for item in one.requirements),
        constraints=tuple(item for one in contents for item in one.constraints),
        not_read=tuple(item for one in contents for item in one.not_read),
        index_lines=tuple(item for one in contents for item in one.index_lines),
        python_ranges=tuple(item for one in contents for item in one.python_ranges),
        stated_pythons=tuple(item for one in contents for item in one.stated_pythons),
        warnings=tuple(item for one in contents for item in one.warnings),
        extras=tuple(item for one in contents for item in one.extras),
        groups=tuple(item for one in contents for item in one.groups),
    )


def _check_names(content: ManifestContent, options: ReadOptions, project: ManifestContent | None) -> None:
    """Refuse extras and groups that the manifest does not have, naming those that it has."""
    for kind, wanted, offered, elsewhere in (
        ("extra", options.extras, content.extras, project.extras if project else ()),
        ("group", options.groups, content.groups, project.groups if project else ()),
    ):
        known = {normalise_name(name) for name in offered}
        for name in wanted:
            if normalise_name(name) in known:
                continue
            manifest = content.manifests[0].path if content.manifests else "the application"
            hint = f"there are: {', '.join(sorted(offered))}" if offered else f"it has no {kind}s"
            if normalise_name(name) in {normalise_name(item) for item in elsewhere}:
                hint = f"pyproject.toml has it: `-r pyproject.toml --{kind} {name}`"
            raise UsageError(f"{manifest} has no {kind} `{safe_text(name)}`", hint=hint)


def _other_files(folder: Folder) -> list[NotRead]:
    lock = folder.exists("Pipfile.lock")
    return [
        NotRead(what=name, why=why)
        for name, why in _OTHER_FILES.items()
        if folder.exists(name) and not (name == "Pipfile" and lock)
    ]
