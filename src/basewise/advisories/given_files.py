"""Files of publishers that somebody carried here: found in directories and zip files, told apart by their content."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from basewise._internal.text import plural
from basewise._internal.zip_members import ZipError, ZipLimits, read_members
from basewise.advisories.read_input import open_input
from basewise.advisories.reading import READERS
from basewise.advisories.recognised import Recognised, recognise
from basewise.errors import OutputError, StoreError
from basewise.progress import Progress

__all__ = ["READABLE", "GivenFile", "given_files"]

MAX_FILES = 10_000
MAX_NAMED = 3
UNPACK_LIMITS = ZipLimits(members=1_000, total_bytes=8 * 1024**3, member_bytes=1024**3)
READABLE = (
    "a bundle of `basewise db export`, a store, or files of OSV, Debian's tracker, Alpine, Wolfi, Chainguard, KEV, "
    "EPSS or NVD"
)
_BUFFER_BYTES = 1024**2
_SINGLE = frozenset({"cpython", "debian_tracker", "epss", "kev", "osv"})


class GivenFile(msgspec.Struct, frozen=True, order=True):
    """A file that was given, as what it was recognised, and what to call it."""

    what: Recognised
    shown: str
    path: Path


def given_files(paths: Iterable[Path], stack: ExitStack, talk: Progress) -> dict[str, list[GivenFile]]:
    """Return the files of each source, by the source's name.

    Args:
        paths: Files, zip files and directories.
        stack: Holds what zip files are unpacked into.
        talk: Told of each file.

    Raises:
        StoreError: A file that was named is unknown, nothing is known, or two files are the same source.
    """
    groups: dict[str, list[GivenFile]] = defaultdict(list)
    unknown: list[str] = []
    for path in paths:
        before = sum(map(len, groups.values()))
        for shown, file in _files(path, stack):
            talk.step(f"looking into {shown}")
            what = recognise(file)
            if what is None:
                unknown.append(shown)
            elif what.feed in READERS:
                groups[what.name].append(GivenFile(what, shown, file))
            else:
                raise StoreError(f"cannot import `{shown}`: nothing reads {what.feed} yet")
        if sum(map(len, groups.values())) == before:
            raise StoreError(
                f"cannot import `{path}`: nothing in it is known",
                hint=f"name {READABLE}; each as it is published: of OSV the zip file of an ecosystem, KEV and the"
                " tracker not compressed",
            )
    for name, files in groups.items():
        files.sort(key=lambda given: (given.what.repository != "main", given.shown))
        parts = [given.what.repository for given in files]
        twice = bool(parts[0]) and len(set(parts)) < len(parts)
        if twice or (len(files) > 1 and files[0].what.feed in _SINGLE):
            raise StoreError(
                f"cannot import `{files[1].shown}`: it is {name}, as `{files[0].shown}` is",
                hint="name one of them",
            )
    if unknown:
        shown = ", ".join(f"`{name}`" for name in unknown[:MAX_NAMED])
        talk.note(f"{plural(len(unknown), 'file is', 'files are')} nothing that can be read: {shown}")
    return groups


def _files(path: Path, stack: ExitStack) -> Iterator[tuple[str, Path]]:
    """Yield the files to look at, each with what to call it: of a directory all, of a zip file of files its files."""
    if path.is_dir():
        yield from ((str(file), file) for file in _walked(path))
    elif _is_zip_of_files(path):
        yield from _unpacked(path, Path(stack.enter_context(TemporaryDirectory(prefix="basewise-"))))
    else:
        yield str(path), path


def _walked(directory: Path) -> Iterator[Path]:
    """Yield the regular files below a directory, sorted; links are not followed.

    Raises:
        StoreError: There are more than `MAX_FILES`.
    """
    count = 0
    for folder, below, names in os.walk(directory):
        below.sort()
        for name in sorted(names):
            file = Path(folder) / name
            count += 1
            if count > MAX_FILES:
                raise StoreError(f"cannot import `{directory}`: it has more than {MAX_FILES} files")
            if not file.is_symlink() and file.is_file():
                yield file


def _is_zip_of_files(path: Path) -> bool:
    with open_input(path, _BUFFER_BYTES) as file:
        if file.read(2) != b"PK":
            return False
    return recognise(path) is None


def _unpacked(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a zip file, written under names of our own; only the last folder's name is kept.

    Raises:
        StoreError: It is damaged, over a limit, or a name leads out of it.
        OutputError: There is no space for them.
    """
    changed = path.stat().st_mtime
    try:
        with open_input(path, _BUFFER_BYTES) as file:
            for number, member in enumerate(read_members(file, UNPACK_LIMITS)):
                parts = member.name.replace("\\", "/").split("/")
                if member.problem or ".." in parts or not parts[0] or ":" in parts[0]:
                    why = member.problem or "its name leads out of it"
                    raise StoreError(f"cannot import `{path}`: `{member.name[:80]}`: {why}")
                parent = parts[-2] if len(parts) > 1 and parts[-2].isprintable() else "file"
                place = folder / str(number) / parent[:60]
                place.mkdir(parents=True)
                unpacked = place / ("main" if parts[-1] == "main.json" else "file")
                unpacked.write_bytes(member.content)
                os.utime(unpacked, (changed, changed))
                yield f"{path}/{member.name}", unpacked
    except ZipError as error:
        raise StoreError(f"cannot import `{path}`: {error}") from error
    except OSError as error:
        raise OutputError(
            f"cannot unpack `{path}`: {error.strerror or error}", hint="make space in the directory of TMPDIR"
        ) from error
