"""Members of a zip file that somebody else made: read in the order in which they lie, each within limits.

Only what a data file needs: stored and deflated members, one after the other, without extracting anything.
What is wrong with one member is said in its place; what is wrong with the file as a whole is an error.

Reference: APPNOTE.TXT, "ZIP File Format Specification", sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import importlib
import itertools
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

__all__ = ["ZipError", "ZipLimits", "ZipMember", "read_members"]

_CENTRAL = struct.Struct("<4s2x2xHH4xIIIHHHHHII")
_LOCAL = struct.Struct("<4s2xHH4x12xHH")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQ2x2xIIQQQQ")
_END64_LOCATOR = struct.Struct("<4sIQI")
_LONGEST_COMMENT = 0xFFFF
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
_EXTRA_64 = 1
_ENCRYPTED = 0x2041
_STORED, _DEFLATED = 0, 8
_FOLDER = "/"


class ZipLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What reading may cost.

    Args:
        members: Files in the zip file.
        directory_bytes: The list of them.
        member_bytes: One of them, inflated.
        total_bytes: All of them, inflated.
    """

    members: int = 400_000
    directory_bytes: int = 128 * 1024**2
    member_bytes: int = 64 * 1024**2
    total_bytes: int = 16 * 1024**3


class ZipMember(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a zip file: its bytes, or why they cannot be had."""

    name: str
    content: bytes = b""
    problem: str = ""


class ZipError(Exception):
    """The file cannot be read as a whole."""


class _Entry(msgspec.Struct, frozen=True, order=True, gc=False):
    """A line of the central directory, in the order of `offset`."""

    offset: int
    name: str
    flags: int
    method: int
    crc: int
    stored_bytes: int
    inflated_bytes: int


def read_members(file: BinaryIO, limits: ZipLimits) -> Iterator[ZipMember]:
    """Yield the members of a zip file; folders are passed over.

    Args:
        file: Open for reading, buffered, seekable.
        limits: What it may cost.

    Raises:
        ZipError: It is no zip file, cut, over a limit, or its members lie over each other.
    """
    entries, end = _directory(file, limits)
    left = limits.total_bytes
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        until = entries[number + 1].offset if number + 1 < len(entries) else end
        if entry.name in seen:
            yield ZipMember(name=entry.name, problem="a second file of this name")
            continue
        seen.add(entry.name)
        if entry.name.endswith(_FOLDER):
            continue
        member = _member(file, entry, until, limits.member_bytes)
        left -= len(member.content)
        if left < 0:
            raise ZipError(f"its files are larger than {limits.total_bytes} bytes")
        yield member


def _directory(file: BinaryIO, limits: ZipLimits) -> tuple[list[_Entry], int]:
    """Return the entries sorted by offset, and where the directory begins.

    Raises:
        ZipError: There is none, it is cut, or over a limit.
    """
    number, size, start = _end_of_directory(file)
    if number > limits.members:
        raise ZipError(f"it has more than {limits.members} files")
    if size > limits.directory_bytes:
        raise ZipError(f"its list of files is larger than {limits.directory_bytes} bytes")
    file.seek(start)
    raw = file.read(size)
    entries = []
    place = 0
    try:
        for _ in range(number):
            entry, place = _entry(raw, place)
            entries.append(entry)
    except (struct.error, IndexError) as error:
        raise ZipError("its list of files is damaged") from error
    entries.sort()
    if entries and entries[-1].offset >= start:
        raise ZipError("a file lies behind the list of files")
    if any(entry.offset == after.offset for entry, after in itertools.pairwise(entries)):
        raise ZipError("two files lie in one place")
    return entries, start


def _end_of_directory(file: BinaryIO) -> tuple[int, int, int]:
    """Return the number of entries, the size and the place of the central directory."""
    length = file.seek(0, 2)
    tail_start = max(0, length - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise ZipError("it is no zip file, or cut")
    _, disk, first_disk, _, number, size, start, comment = _END.unpack_from(tail, place)
    if place + _END.size + comment != len(tail) or disk or first_disk:
        raise ZipError("its end is damaged, or it is one of several parts")
    if number == _MOST_16 or _MOST_32 in {size, start}:
        number, size, start = _end_of_directory_64(file, tail_start + place)
    if start + size > tail_start + place:
        raise ZipError("its list of files is not where it should be")
    return number, size, start


def _end_of_directory_64(file: BinaryIO, end: int) -> tuple[int, int, int]:
    """Return the same from the records of a large file, which lie before the `end`."""
    try:
        file.seek(end - _END64_LOCATOR.size)
        magic, _, place, _ = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
        file.seek(place)
        magic64, _, _, _, _, number, size, start = _END64.unpack(file.read(_END64.size))
    except (OSError, ValueError, OverflowError, struct.error) as error:
        raise ZipError("its end is damaged") from error
    if (magic, magic64) != (b"PK\x06\x07", b"PK\x06\x06"):
        raise ZipError("its end is damaged")
    return number, size, start


def _entry(raw: bytes, place: int) -> tuple[_Entry, int]:
    """Return the entry at `place`, and where the next one begins."""
    (magic, flags, method, crc, stored, inflated, name_bytes, extra_bytes, comment_bytes, _, _, _, offset) = (
        _CENTRAL.unpack_from(raw, place)
    )
    if magic != b"PK\x01\x02":
        raise ZipError("its list of files is damaged")
    begin = place + _CENTRAL.size
    name = raw[begin : begin + name_bytes].decode("utf-8", "surrogateescape")
    after = begin + name_bytes + extra_bytes + comment_bytes
    if after > len(raw):
        raise ZipError("its list of files is cut")
    if _MOST_32 in {stored, inflated, offset}:
        extra = raw[begin + name_bytes : begin + name_bytes + extra_bytes]
        stored, inflated, offset = _large(extra, stored, inflated, offset)
    return _Entry(offset, name, flags, method, crc, stored, inflated), after


def _large(extra: bytes, stored: int, inflated: int, offset: int) -> tuple[int, int, int]:
    """Return sizes and offset, taken from the extra field where they do not fit."""
    place = 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        place += 4
        if kind == _EXTRA_64:
            numbers = iter(struct.unpack_from(f"<{size // 8}Q", extra, place))
            inflated = next(numbers, inflated) if inflated == _MOST_32 else inflated
            stored = next(numbers, stored) if stored == _MOST_32 else stored
            offset = next(numbers, offset) if offset == _MOST_32 else offset
        place += size
    return stored, inflated, offset


def _member(file: BinaryIO, entry: _Entry, until: int, most: int) -> ZipMember:
    """Read one member, which ends before `until`."""
    problem = _unreadable(entry, most)
    if problem:
        return ZipMember(name=entry.name, problem=problem)
    file.seek(entry.offset)
    raw = file.read(min(until - entry.offset, _LOCAL.size + 2 * _MOST_16 + entry.stored_bytes))
    if len(raw) < _LOCAL.size:
        raise ZipError("it is cut")
    magic, flags, method, name_bytes, extra_bytes = _LOCAL.unpack_from(raw)
    name_end = _LOCAL.size + name_bytes
    begin = name_end + extra_bytes
    end = begin + entry.stored_bytes
    if magic != b"PK\x03\x04" or entry.offset + end > until:
        raise ZipError(f"`{entry.name[:80]}` lies over another file, or is not where it should be")
    if method != entry.method or flags & _ENCRYPTED:
        return ZipMember(name=entry.name, problem="it contradicts the list of files")
    if raw[_LOCAL.size : name_end].decode("utf-8", "surrogateescape") != entry.name:
        return ZipMember(name=entry.name, problem="it has another name in the list of files")
    return _inflated(entry, raw[begin:end])


def _unreadable(entry: _Entry, most: int) -> str:
    """Return why a member is not read, "" when it is."""
    if entry.flags & _ENCRYPTED:
        return "it is encrypted"
    if entry.method not in {_STORED, _DEFLATED}:
        return f"it is compressed by method {entry.method}"
    if max(entry.inflated_bytes, entry.stored_bytes) > most:
        return f"it is larger than {most} bytes"
    return ""


def _inflated(entry: _Entry, stored: bytes) -> ZipMember:
    """Return the member with its bytes, checked."""
    content = stored
    if entry.method == _DEFLATED:
        inflater = _ZLIB.decompressobj(-15)
        try:
            content = inflater.decompress(stored, entry.inflated_bytes + 1)
        except _ZLIB.error:
            return ZipMember(name=entry.name, problem="its compressed bytes are damaged")
    if len(content) != entry.inflated_bytes:
        return ZipMember(name=entry.name, problem="it has another size than the list of files says")
    if _ZLIB.crc32(content) != entry.crc:
        return ZipMember(name=entry.name, problem="its checksum is wrong")
    return ZipMember(name=entry.name, content=content)


def _zlib_module() -> Any:  # noqa: ANN401 - two modules with one interface
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return importlib.import_module("zlib")


_ZLIB = _zlib_module()
