"""The header walk: members of a tar stream, one by one, nothing unpacked.

Reads what real archives hold: old, ustar, star, GNU (long names, base-256 sizes, sparse files) and pax headers,
as the container runtimes read them: a global pax header says nothing about members, a long name of GNU wins
over one of pax. The stream is hostile: every size, count and name has a limit, and the walk is linear in the
bytes read.

Reference: POSIX.1-2017, pax; the GNU tar manual, section "Basic Tar Format"; Go's archive/tar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import SEEK_CUR, BytesIO
from typing import Protocol

import msgspec

from basewise._internal.tar_header import (
    BLOCK_BYTES,
    EXTENSIONS,
    LongNames,
    TarError,
    TarMember,
    TooManyMembersError,
    check_header,
    read_member,
    read_number,
)

__all__ = ["ByteStream", "TarError", "TarMember", "TooManyMembersError", "walk_tar"]

MAX_MEMBERS = 2_000_000
MAX_HEADER_BYTES = 1024 * 1024
MAX_SPARSE_BLOCKS = 4_096
_CHUNK_BYTES = 512 * 1024
_ZERO_BLOCK = bytes(BLOCK_BYTES)
_FLAG = 156
_SIZE = slice(124, 136)


class ByteStream(Protocol):
    """Something to read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end."""


def walk_tar(
    stream: ByteStream,
    wanted: Callable[[TarMember], bool],
    *,
    max_content_bytes: int,
    max_members: int = MAX_MEMBERS,
    max_header_bytes: int = MAX_HEADER_BYTES,
) -> Iterator[TarMember]:
    """Yield the members of a tar stream.

    Args:
        stream: The tar, decompressed. It is read in large pieces, so that its position afterwards means nothing.
        wanted: Says for a member without content whether to read its content.
        max_content_bytes: Wanted content beyond this is an error.
        max_members: More members than this are an error.
        max_header_bytes: A longer extension header is an error.

    Raises:
        TarError: A header is damaged, the stream ends early or a limit is hit.
    """
    source = _Source(stream)
    names = LongNames()
    count = 0
    while True:
        header = source.block()
        if header is None or (header[0] == 0 and header == _ZERO_BLOCK):
            _check_end(header, source)
            return
        check_header(header)
        flag = header[_FLAG]
        if flag in EXTENSIONS:
            names.add(flag, _extension_body(source, header[_SIZE], max_header_bytes))
            continue
        if count == max_members:
            raise TooManyMembersError(f"more than {max_members} members")
        count += 1
        member = read_member(header, names, source.offset)
        if member.kind == "S":
            _skip_sparse_map(header, source)
        if wanted(member):
            yield _with_content(member, source, max_content_bytes)
        else:
            if size := member.size_bytes:
                source.skip(size + -size % BLOCK_BYTES)
            yield member


class _Source:
    """Reads a stream in large pieces and gives out blocks, without copying what is skipped."""

    def __init__(self, stream: ByteStream) -> None:
        self._read = stream.read
        self._seek: Callable[[int, int], object] | None = None
        if getattr(stream, "seekable", bool)():
            self._seek = stream.seek  # type: ignore[attr-defined] # it says so
        self._chunk = b""
        self._position = 0
        self._before = 0

    @property
    def offset(self) -> int:
        """Bytes of the stream up to here."""
        return self._before + self._position

    def block(self) -> bytes | None:
        """Return the next block, None at the end of the stream."""
        start = self._position
        end = start + BLOCK_BYTES
        if end <= len(self._chunk):
            self._position = end
            return self._chunk[start:end]
        data = self.take(BLOCK_BYTES, or_end=True)
        return data or None

    def take(self, size: int, *, or_end: bool = False) -> bytes:
        """Return exactly `size` bytes; nothing when `or_end` is set and the stream has ended."""
        start = self._position
        if start + size <= len(self._chunk):
            self._position += size
            return self._chunk[start : start + size]
        # Pieces are let go of one by one: of a large member there is one copy in memory, not two.
        joined = BytesIO()
        missing = size
        while missing > 0:
            if self._position >= len(self._chunk) and not self._fill():
                if or_end and missing == size:
                    return b""
                raise TarError("the stream ends early")
            part = self._chunk[self._position : self._position + missing]
            self._position += len(part)
            missing -= joined.write(part)
        return joined.getvalue()

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self._position += size
        while (beyond := self._position - len(self._chunk)) > 0:
            if beyond > _CHUNK_BYTES and self._seek is not None:
                # The last byte is read, so that an early end is seen.
                self._seek(beyond - 1, SEEK_CUR)
                self._before += beyond - 1
                beyond = 1
            if not self._fill():
                raise TarError("the stream ends inside a member")
            self._position = beyond

    def _fill(self) -> bool:
        self._before += len(self._chunk)
        self._chunk = self._read(_CHUNK_BYTES)
        self._position = 0
        return bool(self._chunk)


def _extension_body(source: _Source, size_field: bytes, max_bytes: int) -> bytes:
    size = read_number(size_field)
    if size > max_bytes:
        raise TarError(f"an extension header has {size} bytes; at most {max_bytes} (limit `header_bytes`)")
    body = source.take(size)
    source.skip(-size % BLOCK_BYTES)
    return body


def _with_content(member: TarMember, source: _Source, max_content_bytes: int) -> TarMember:
    size = member.size_bytes
    if size > max_content_bytes:
        raise TarError(f"a wanted member has {size} bytes; at most {max_content_bytes}")
    content = source.take(size)
    source.skip(-size % BLOCK_BYTES)
    return msgspec.structs.replace(member, content=content)


def _skip_sparse_map(header: bytes, source: _Source) -> None:
    """Pass over the blocks that continue the map of an old GNU sparse file; they are not part of its size."""
    continued = header[482]
    for _ in range(MAX_SPARSE_BLOCKS):
        if not continued:
            return
        continued = source.take(BLOCK_BYTES)[504]
    raise TarError(f"a sparse map of more than {MAX_SPARSE_BLOCKS} blocks")


def _check_end(header: bytes | None, source: _Source) -> None:
    """Two blocks of zeros end an archive, or the stream just ends; one such block inside hides what follows."""
    if header is not None and (source.block() or _ZERO_BLOCK) != _ZERO_BLOCK:
        raise TarError("data follows a single block of zeros")
