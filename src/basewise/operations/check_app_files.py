"""Which files of the build context a Dockerfile installs Python distributions from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from basewise.app.read import ReadOptions, read_application
from basewise.dockerfile.images import ResolvedStage
from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import json_words
from basewise.errors import ApplicationError, UsageError
from basewise.rules.pip_calls import PipCall
from basewise.rules.rule import Run

__all__ = ["constrained_by", "requirement_files"]


def requirement_files(
    folder: Path, calls: Sequence[PipCall], stages: Sequence[ResolvedStage]
) -> tuple[str, ...]:
    """Return the files of `-r` that are in the build context, relative to it and in order.

    Args:
        folder: The build context.
        calls: What installs.
        stages: All stages of the Dockerfile.
    """
    found = (
        name
        for call in calls
        for file in call.requirements
        for name in _in_folder(folder, file, _before(call.run, stages))
    )
    return tuple(dict.fromkeys(found))


def constrained_by(
    folder: Path, calls: Sequence[PipCall], stages: Sequence[ResolvedStage]
) -> frozenset[str] | None:
    """Return the distributions that the files of `-c` pin; None where one of them cannot be read."""
    names: set[str] = set()
    for call in calls:
        above = _before(call.run, stages) if call.constraints else ()
        for file in call.constraints:
            found = None if "://" in file else next(_in_folder(folder, file, above), None)
            if found is None:
                return None
            try:
                read = read_application(folder, ReadOptions(requirement_files=(folder / found,)))
            except (ApplicationError, UsageError):
                return None
            names |= {one.name for one in read.requirements if one.pinned_version is not None}
    return frozenset(names)


def _before(run: Run, stages: Sequence[ResolvedStage]) -> tuple[Part, ...]:
    """Return the instructions above a RUN, of all stages."""
    return tuple(part for one in stages for part in one.stage.parts if part.at < run.part.at)


def _in_folder(folder: Path, file: str, parts: Sequence[Part]) -> Iterator[str]:
    """Yield where in the build context a file of the image comes from: by what is copied, or by its path's end."""
    segments = PurePosixPath(file.lstrip("/")).parts
    if ".." in segments or "$" in file or not segments:
        return
    copied = [name for name in _copied_as(parts, segments[-1]) if (folder / name).is_file()]
    if copied:
        yield copied[-1]
        return
    for start in range(len(segments)):
        name = "/".join(segments[start:])
        if (folder / name).is_file():
            yield name
            return


def _copied_as(parts: Sequence[Part], wanted: str) -> Iterator[str]:
    """Yield the files of the build context that are copied to a file of this name, in order."""
    for part in parts:
        if part.keyword not in {"COPY", "ADD"} or part.flag("from") is not None:
            continue
        words = json_words(part.arguments) or tuple(part.arguments.split())
        sources = [PurePosixPath(word.removeprefix("./").lstrip("/")) for word in words[:-1]]
        renamed = (
            len(sources) == 1 and PurePosixPath(words[-1]).name == wanted and not words[-1].endswith("/")
        )
        for source in sources:
            if (renamed or source.name == wanted) and ".." not in source.parts:
                yield str(source)
