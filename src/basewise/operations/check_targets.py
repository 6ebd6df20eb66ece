"""What is checked: each file once, with the way in which it is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from basewise.dockerfile.compose import ComposeBuild, ComposeFile, read_compose
from basewise.dockerfile.find import find_files, kind_of, read_file
from basewise.dockerfile.lock import project_root
from basewise.errors import BasewiseError, InputError, UsageError
from basewise.model.evidence import NotCovered

__all__ = ["Target", "Targets", "find_targets"]

DOCKERFILE, COMPOSE = "dockerfile", "compose"
_YAML = (".yml", ".yaml")
_REMOTE = ("http://", "https://", "git@", "git://", "ssh://", "github.com/")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One file to look at.

    Args:
        path: The file.
        shown: How it is named to the user.
        kind: `dockerfile` or `compose`.
        text: Its text.
        context: The build context where it is known, None where it must be searched for.
        target: The stage that is built, None for the last one.
        args: Build arguments.
        compose: What a compose file says; None for a Dockerfile.
        inside: It is a Dockerfile that stands inside of the compose file at `path`.
    """

    path: Path
    shown: str
    kind: str
    text: str
    context: Path | None = None
    target: str | None = None
    args: Mapping[str, str | None] = {}
    compose: ComposeFile | None = None
    inside: bool = False


class Targets(msgspec.Struct, frozen=True):
    """Files to look at, sorted, and what was left out with reasons."""

    files: tuple[Target, ...]
    not_covered: tuple[NotCovered, ...]


def find_targets(paths: Iterable[Path]) -> Targets:
    """Return every file that paths lead to: files, folders, and what compose files build.

    Args:
        paths: Dockerfiles, compose files and folders.

    Raises:
        InputError: A path is not there, a named file cannot be read, or nothing is there to check.
        UsageError: A path is an empty name.
    """
    finder = _Finder()
    named = list(paths)
    for path in named:
        if str(path) in {"", "."} and not path.is_dir():
            raise UsageError("a path is an empty name", hint="write `.` for the working directory")
        if path.is_dir():
            finder.folder(path)
        else:
            finder.file(path, named=True)
    if not finder.targets and not finder.not_covered:
        raise InputError(
            f"there is no Dockerfile and no compose file in {', '.join(f'`{path}`' for path in named)}",
            hint="name a Dockerfile: `basewise check path/to/Dockerfile`",
        )
    files = sorted(finder.targets.values(), key=lambda target: target.shown)
    return Targets(tuple(files), tuple(sorted(finder.not_covered)))


class _Finder:
    def __init__(self) -> None:
        self.targets: dict[tuple[Path, str], Target] = {}
        self.not_covered: set[NotCovered] = set()

    def folder(self, path: Path) -> None:
        found = find_files(path)
        self.not_covered |= set(found.not_covered)
        for file in found.files:
            try:
                self.file(file, named=False)
            except InputError as error:
                self.not_covered.add(NotCovered(file.as_posix(), error.message))

    def file(self, path: Path, *, named: bool) -> None:
        text = read_file(path)
        kind = kind_of(path) or (COMPOSE if named and path.suffix in _YAML else DOCKERFILE)
        if kind == COMPOSE:
            compose = read_compose(text, path.as_posix())
            self._add(Target(path=path, shown=path.as_posix(), kind=COMPOSE, text=text, compose=compose))
            for build in compose.builds:
                self._build(path, build)
        else:
            self._add(Target(path=path, shown=path.as_posix(), kind=DOCKERFILE, text=text))

    def _add(self, target: Target) -> None:
        """Add a target; one that a compose file builds says more than one that was found beside it."""
        key = (target.path.resolve(), target.shown if target.inside else "")
        known = self.targets.get(key)
        if known is None or (known.context is None and target.context is not None):
            shown = known.shown if known is not None else target.shown
            self.targets[key] = msgspec.structs.replace(target, shown=shown)

    def _build(self, compose: Path, build: ComposeBuild) -> None:
        where = f"what service `{build.service[:60]}` of {compose.as_posix()}:{build.line} builds"
        if build.context is None or build.context.startswith(_REMOTE):
            why = (
                "its context is elsewhere"
                if build.context
                else "a variable without a default hides its context"
            )
            self.not_covered.add(NotCovered(where, why))
            return
        context = compose.parent / build.context
        root = project_root(compose)
        if not context.resolve().is_relative_to(root):
            self.not_covered.add(NotCovered(where, f"its context lies outside of {root}"))
            return
        if build.inline is not None:
            self._inline(compose, build, context)
            return
        path = context / (build.dockerfile or "Dockerfile")
        try:
            if not path.resolve().is_relative_to(root):
                raise InputError(f"it lies outside of {root}")
            text = read_file(path)
        except BasewiseError as error:
            self.not_covered.add(NotCovered(where, error.message))
            return
        self._add(
            Target(
                path=path,
                shown=_tidy(path).as_posix(),
                kind=DOCKERFILE,
                text=text,
                context=context,
                target=build.target,
                args=build.args,
            )
        )

    def _inline(self, compose: Path, build: ComposeBuild, context: Path) -> None:
        text, line = build.inline or ("", 1)
        self._add(
            Target(
                path=compose,
                shown=f"{compose.as_posix()}#{build.service}",
                kind=DOCKERFILE,
                text="\n" * (line - 1) + text,
                inside=True,
                context=context,
                target=build.target,
                args=build.args,
            )
        )


def _tidy(path: Path) -> Path:
    """Return a path without `.` parts and `name/..` pairs, as far as names tell."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] not in {"..", path.anchor}:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return Path(*parts) if parts else Path()


def dockerfile_contexts(target: Target) -> Iterator[Path]:
    """Yield the folders that may be the build context of a Dockerfile, the likeliest first."""
    if target.context is not None:
        yield target.context
        return
    root = project_root(target.path)
    folder = target.path.parent
    yield folder
    above = folder.resolve()
    while above not in {root, above.parent}:
        above = above.parent
        yield above
