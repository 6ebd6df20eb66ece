"""Installed size and library names of a wheel on a server, from the end of its zip file alone.

One or two range requests of some kilobytes replace a download of up to gigabytes. Nothing read this way is
verified: the bytes cannot be compared with the file's hash.

Reference:
    PKWARE APPNOTE 4.3.12 (central directory), 4.3.14 (zip64 end), 4.3.16 (end of central directory).
"""

from __future__ import annotations

import re
import struct

import msgspec

from basewise._internal.http import HttpClient, HttpError
from basewise.fit.inspect import is_public_library

__all__ = ["RemoteSize", "UnreadableError", "read_directory", "remote_installed_size"]

TAIL_BYTES = 64 * 1024
MAX_DIRECTORY_BYTES = 32 << 20
MAX_MEMBERS = 200_000

_PARTIAL = 206
_END = b"PK\x05\x06"
_END_FIXED_BYTES = 22
_END64 = b"PK\x06\x06"
_MEMBER = b"PK\x01\x02"
_MEMBER_FIXED_BYTES = 46
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})\Z")


class RemoteSize(msgspec.Struct, frozen=True, kw_only=True):
    """What the zip directory of a remote wheel says.

    Args:
        size_bytes: Of the file.
        installed_bytes: Sum of the uncompressed sizes of its members.
        libraries: File names of its shared libraries that other wheels may need, sorted.
        members: Number of members.
        fetched_bytes: What was transferred to know this.
    """

    size_bytes: int
    installed_bytes: int
    libraries: tuple[str, ...]
    members: int
    fetched_bytes: int


class UnreadableError(Exception):
    """The server has no ranges, or this is no zip file that we can read."""


def remote_installed_size(client: HttpClient, url: str, size_bytes: int) -> RemoteSize | None:
    """Return the sizes of a remote wheel, read by range.

    Args:
        client: The HTTP client.
        url: Of the wheel.
        size_bytes: Size that the index states; the server must agree.

    Returns:
        The sizes, None when the server does not serve ranges, does not answer, states another size, or
        sends something that is no zip directory.
    """
    if size_bytes < _END_FIXED_BYTES:
        return None
    try:
        tail_start = max(0, size_bytes - TAIL_BYTES)
        tail = _fetch(client, url, tail_start, size_bytes)
        start, length, members = _find_directory(tail, tail_start)
        if members > MAX_MEMBERS or length > MAX_DIRECTORY_BYTES or start + length > size_bytes:
            return None
        fetched = len(tail)
        if start >= tail_start:
            directory = tail[start - tail_start : start - tail_start + length]
        else:
            directory = _fetch(client, url, start, tail_start) + tail[: max(0, start + length - tail_start)]
            directory = directory[:length]
            fetched += tail_start - start
        installed, libraries = read_directory(directory, members)
    except (HttpError, UnreadableError, struct.error):
        return None
    return RemoteSize(
        size_bytes=size_bytes,
        installed_bytes=installed,
        libraries=libraries,
        members=members,
        fetched_bytes=fetched,
    )


def _fetch(client: HttpClient, url: str, start: int, end: int) -> bytes:
    """Return bytes `start` to `end` (exclusive) of the file, whose size the server must know."""
    response = client.get_range(url, start, end - 1)
    stated = _CONTENT_RANGE.match(response.headers.get("content-range", ""))
    if response.status != _PARTIAL or stated is None or len(response.body) != end - start:
        raise UnreadableError
    if int(stated[1]) != start or int(stated[2]) != end - 1:
        raise UnreadableError
    return response.body


def _find_directory(tail: bytes, tail_start: int) -> tuple[int, int, int]:
    """Return offset, length and number of members of the central directory."""
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_FIXED_BYTES:
        raise UnreadableError
    members, length, start = struct.unpack_from("<HII", tail, at + 10)
    if members != _FULL_16 and _FULL_32 not in {length, start}:
        return start, length, members
    at64 = tail.rfind(_END64, 0, at)
    if at64 < 0:
        raise UnreadableError
    members, length, start = struct.unpack_from("<QQQ", tail, at64 + 32)
    if start > tail_start + len(tail):
        raise UnreadableError
    return start, length, members


def read_directory(directory: bytes, members: int) -> tuple[int, tuple[str, ...]]:
    """Return the sum of the uncompressed sizes, and the names of the public libraries.

    Args:
        directory: The central directory of a zip file.
        members: How many entries it has.

    Raises:
        UnreadableError, struct.error: It does not hold together.
    """
    total = 0
    libraries: set[str] = set()
    offset = 0
    for _ in range(members):
        if directory[offset : offset + 4] != _MEMBER:
            raise UnreadableError
        uncompressed, name, extra, comment = struct.unpack_from("<IHHH", directory, offset + 24)
        if uncompressed == _FULL_32:
            after_name = offset + _MEMBER_FIXED_BYTES + name
            uncompressed = _size64(directory[after_name : after_name + extra])
        total += uncompressed
        path = directory[offset + _MEMBER_FIXED_BYTES : offset + _MEMBER_FIXED_BYTES + name]
        file_name = path.rpartition(b"/")[2].decode("ascii", "replace")
        if is_public_library(file_name):
            libraries.add(file_name)
        offset += _MEMBER_FIXED_BYTES + name + extra + comment
    if offset != len(directory):
        raise UnreadableError
    return total, tuple(sorted(libraries))


def _size64(extra: bytes) -> int:
    """Return the uncompressed size of a zip64 extra field, where it always comes first."""
    offset = 0
    while offset + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, offset)
        if kind == 1:
            return int(struct.unpack_from("<Q", extra, offset + 4)[0])
        offset += 4 + length
    raise UnreadableError
