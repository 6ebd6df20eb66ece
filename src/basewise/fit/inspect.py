"""Measuring a wheel: which libraries it needs, carries, and how much room it takes.

The split of needs is by reachability. *Hard* is what an import needs: every extension module, and every
carried library that one reaches through DT_NEEDED. A wheel whose only ELF files are plain shared libraries
(loaded with ctypes) counts as reachable whole. *Soft* is what only plugins or programs need. Names are
matched by file name and SONAME over the whole wheel, not along search paths, as the loader reuses what is
loaded already.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import BinaryIO

import msgspec

from basewise._internal.elf import ElfError, ElfFacts, highest_version, is_elf, read_elf
from basewise.fit.facts import WheelFact

__all__ = ["InspectLimits", "WheelError", "inspect_wheel", "is_public_library", "split_needs"]

_MAX_METADATA_BYTES = 4 << 20
_HASH_CHUNK_BYTES = 1 << 20
_NEVER_ELF = frozenset(
    {".c", ".cc", ".cfg", ".cpp", ".csv", ".cu", ".cuh", ".dll", ".gif", ".gz", ".h", ".hpp", ".html", ".jpg"}
    | {".js", ".json", ".md", ".npy", ".npz", ".pdf", ".pem", ".png", ".proto", ".pxd", ".py", ".pyc", ".pyi"}
    | {".pyx", ".rst", ".svg", ".toml", ".ttf", ".txt", ".typed", ".xml", ".yaml", ".yml", ".zip"}
)
_SHARED_LIBRARY = re.compile(r"\.so(\.\d+)*\Z")
_EXTENSION_NAME = re.compile(r"\.(cpython-[^/]*|abi3)\.so\Z")
_MANGLED = re.compile(r"-[0-9a-f]{6,}\.so")
_PRINTABLE_NAME = re.compile(r"[\x21-\x7e]{1,200}\Z")
_OWN_LOADER = re.compile(r"ld-(linux|musl)[-.]")


class WheelError(Exception):
    """The file is no readable wheel, or exceeds a limit."""


class InspectLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one inspection.

    Args:
        members: Of the zip directory.
        member_bytes: Of one ELF file, uncompressed; a larger one makes the wheel uninspected.
        total_bytes: Of all ELF files together, uncompressed.
    """

    members: int = 200_000
    member_bytes: int = 1 << 30
    total_bytes: int = 6 << 30


def inspect_wheel(
    wheel: Path | BinaryIO, *, filename: str = "", measured: str = "", limits: InspectLimits | None = None
) -> WheelFact:
    """Measure a wheel.

    Args:
        wheel: The file, or a seekable binary file object.
        filename: Wheel file name; needed for a file object.
        measured: Date to note, `YYYY-MM-DD`.
        limits: Other limits than the defaults.

    Returns:
        The facts, `verified`. `inspected` is False when an ELF file could not be read: then sizes are
        known and needs are not.

    Raises:
        WheelError: No zip file, cut short, or over a limit.
    """
    if isinstance(wheel, Path):
        with wheel.open("rb") as file:
            return inspect_wheel(file, filename=filename or wheel.name, measured=measured, limits=limits)
    size, sha256 = _hash(wheel)
    limits = limits or InspectLimits()
    try:
        with zipfile.ZipFile(wheel) as archive:
            installed = _installed_bytes(archive, limits)
            found = _read_elves(archive, limits)
            requires_python = _requires_python(archive)
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise WheelError(f"cannot read wheel `{filename}`: {error}") from error
    base = WheelFact(
        filename=filename,
        sha256=sha256,
        size_bytes=size,
        installed_bytes=installed,
        verified=True,
        measured=measured,
        requires_python=requires_python,
    )
    return base if found is None else _with_needs(base, found)


def is_public_library(name: str) -> bool:
    """Tell whether a file name is that of a shared library that other wheels may need."""
    return (
        bool(_SHARED_LIBRARY.search(name))
        and _PRINTABLE_NAME.match(name) is not None
        and not _MANGLED.search(name)
        and not _EXTENSION_NAME.search(name)
    )


def split_needs(found: Mapping[str, ElfFacts]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the external sonames that an import needs, and those that only other parts need.

    Args:
        found: Facts of each ELF file by its path in the wheel.
    """
    by_name: dict[str, list[str]] = {}
    for path in found:
        for name in _names_of(path, found[path]):
            by_name.setdefault(name, []).append(path)
    reached = _reach(_roots(found), found, by_name)
    hard = _external((found[path] for path in reached), by_name)
    soft = _external((facts for path, facts in found.items() if path not in reached), by_name)
    return tuple(sorted(hard)), tuple(sorted(soft - hard))


def _hash(file: BinaryIO) -> tuple[int, str]:
    """Return size and SHA-256 of a file object, read from its beginning."""
    file.seek(0)
    digest = hashlib.sha256()
    size = 0
    while chunk := file.read(_HASH_CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    return size, digest.hexdigest()


def _installed_bytes(archive: zipfile.ZipFile, limits: InspectLimits) -> int:
    """Return the sum of uncompressed sizes by the zip directory."""
    members = archive.infolist()
    if len(members) > limits.members:
        raise WheelError(f"more than {limits.members} members")
    return sum(member.file_size for member in members)


def _requires_python(archive: zipfile.ZipFile) -> str | None:
    """Return `Requires-Python` of the metadata, "" when it states none, None when there is no metadata to read."""
    for member in archive.infolist():
        parts = member.filename.split("/")
        if len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA":  # noqa: PLR2004 - directory and file
            with archive.open(member) as stream:
                text = stream.read(_MAX_METADATA_BYTES).decode("utf-8", "replace")
            return HeaderParser().parsestr(text).get("Requires-Python", "")
    return None


def _read_elves(archive: zipfile.ZipFile, limits: InspectLimits) -> dict[str, ElfFacts] | None:
    """Return the facts of every ELF member by path; None when one could not be read."""
    found = {}
    total = 0
    for member in archive.infolist():
        if member.is_dir() or Path(member.filename).suffix in _NEVER_ELF:
            continue
        with archive.open(member) as stream:
            head = stream.read(64)
            if not is_elf(head):
                continue
            if member.file_size > limits.member_bytes or total + member.file_size > limits.total_bytes:
                return None
            content = head + stream.read(member.file_size)
        total += len(content)
        try:
            found[member.filename] = read_elf(content)
        except ElfError:
            return None
    return found


def _with_needs(base: WheelFact, found: Mapping[str, ElfFacts]) -> WheelFact:
    """Return `base` with what its ELF files say."""
    hard, soft = split_needs(found)
    carried = {name for path, facts in found.items() for name in _names_of(path, facts)}
    versions = {
        version for facts in found.values() for library, version in facts.versions if library not in carried
    }
    return msgspec.structs.replace(
        base,
        hard=hard,
        soft=soft,
        carries=_carried(found),
        glibc=highest_version(versions, "GLIBC"),
        glibcxx=highest_version(versions, "GLIBCXX"),
        cxxabi=highest_version(versions, "CXXABI"),
        inspected=True,
    )


def _carried(found: Mapping[str, ElfFacts]) -> tuple[str, ...]:
    """Return the sonames that other wheels may need; names mangled by a wheel repairer are private."""
    names = {
        name
        for path, facts in found.items()
        if not _is_extension(path, facts) and not facts.executable
        for name in _names_of(path, facts)
        if is_public_library(name)
    }
    return tuple(sorted(names))


def _names_of(path: str, facts: ElfFacts) -> set[str]:
    """Return the names under which a member satisfies DT_NEEDED."""
    return {path.rpartition("/")[2], facts.soname} - {""}


def _is_extension(path: str, facts: ElfFacts) -> bool:
    """Tell whether a member is a Python extension module."""
    name = path.rpartition("/")[2]
    return bool(_EXTENSION_NAME.search(name)) or (
        name.endswith(".so") and name.split(".", 1)[0] in facts.modules
    )


def _roots(found: Mapping[str, ElfFacts]) -> list[str]:
    """Return the extension modules, or every shared library when there is none."""
    extensions = [path for path, facts in found.items() if _is_extension(path, facts)]
    return extensions or [path for path in found if _SHARED_LIBRARY.search(path)]


def _reach(roots: list[str], found: Mapping[str, ElfFacts], by_name: Mapping[str, list[str]]) -> set[str]:
    """Return the members reached from `roots` through DT_NEEDED."""
    reached: set[str] = set()
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [other for name in found[path].needed for other in by_name.get(name, ())]
    return reached


def _external(facts: Iterable[ElfFacts], by_name: Mapping[str, list[str]]) -> set[str]:
    """Return the needed names that no member carries; the dynamic loader itself is part of the C library."""
    return {
        name.rpartition("/")[2]
        for one in facts
        for name in one.needed
        if name.rpartition("/")[2] not in by_name and not _OWN_LOADER.match(name)
    }
