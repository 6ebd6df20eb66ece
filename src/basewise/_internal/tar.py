"""The header walk: members of a tar stream, one by one, nothing unpacked.

Reads what real archives hold: old, ustar, GNU (long names, base-256 sizes) and pax headers. The stream is
hostile: every size, count and name has a limit, and the walk is linear in the bytes read.

Reference: POSIX.1-2017, pax; the GNU tar manual, section "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

__all__ = ["ByteStream", "TarError", "TarMember", "walk_tar"]

BLOCK_BYTES = 512
MAX_MEMBERS = 2_000_000
MAX_HEADER_BYTES = 1024 * 1024
MAX_CHAINED_HEADERS = 8
MAX_MEMBER_BYTES = 2**43
_SKIP_CHUNK_BYTES = 1024 * 1024
_CHECKSUM_FIELD = slice(148, 156)


class TarError(Exception):
    """The stream is no readable tar."""


class ByteStream(Protocol):
    """Something to read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; fewer only at the end."""


class TarMember(msgspec.Struct, frozen=True, kw_only=True):
    """One member.

    Args:
        path: As written, without leading `./` and `/`; undecodable bytes as surrogates.
        kind: The type flag (`0` file, `1` hard link, `2` symbolic link, `5` directory …).
        link: Target of a link, as written.
        size_bytes: Of its content.
        content: The content where it was asked for, else None.
    """

    path: str
    kind: str
    link: str
    size_bytes: int
    content: bytes | None = None


def walk_tar(
    stream: ByteStream,
    wanted: Callable[[TarMember], bool],
    *,
    max_content_bytes: int,
    max_members: int = MAX_MEMBERS,
) -> Iterator[TarMember]:
    """Yield the members of a tar stream.

    Args:
        stream: The tar, decompressed.
        wanted: Says for a member without content whether to read its content.
        max_content_bytes: Wanted content beyond this is an error.
        max_members: More members than this are an error.

    Raises:
        TarError: A header is damaged, the stream ends early or a limit is hit.
    """
    for count, (header, extensions) in enumerate(_headers(stream)):
        if count >= max_members:
            raise TarError(f"more than {max_members} members")
        member = _member(header, extensions)
        content = None
        if wanted(member):
            if member.size_bytes > max_content_bytes:
                raise TarError(f"a wanted member has {member.size_bytes} bytes; at most {max_content_bytes}")
            content = _read_exactly(stream, member.size_bytes)
            _skip(stream, -member.size_bytes % BLOCK_BYTES)
        else:
            _skip(stream, member.size_bytes + -member.size_bytes % BLOCK_BYTES)
        yield msgspec.structs.replace(member, content=content) if content is not None else member


def _headers(stream: ByteStream) -> Iterator[tuple[bytes, dict[str, bytes]]]:
    """Yield each real header with what extension headers said before it."""
    shared: dict[str, bytes] = {}
    own: dict[str, bytes] = {}
    chained = 0
    while True:
        header = stream.read(BLOCK_BYTES)
        if not header or header.count(0) == BLOCK_BYTES:
            return
        _check(header)
        kind = header[156:157]
        if kind not in b"xgLK" or kind == b"":
            yield header, {**shared, **own}
            own, chained = {}, 0
            continue
        chained += 1
        if chained > MAX_CHAINED_HEADERS:
            raise TarError(f"more than {MAX_CHAINED_HEADERS} extension headers in a row")
        body = _extension_body(stream, header)
        if kind == b"g":
            shared.update(_pax_records(body))
        elif kind == b"x":
            own.update(_pax_records(body))
        else:
            own["path" if kind == b"L" else "linkpath"] = body.rstrip(b"\0")


def _extension_body(stream: ByteStream, header: bytes) -> bytes:
    size = _number(header[124:136])
    if size > MAX_HEADER_BYTES:
        raise TarError(f"an extension header has {size} bytes; at most {MAX_HEADER_BYTES}")
    body = _read_exactly(stream, size)
    _skip(stream, -size % BLOCK_BYTES)
    return body


def _pax_records(body: bytes) -> dict[str, bytes]:
    """Parse records of the form `LENGTH KEY=VALUE` and a newline."""
    records: dict[str, bytes] = {}
    start = 0
    while start < len(body):
        space = body.find(b" ", start, start + 8)
        digits = body[start:space] if space > 0 else b""
        if not digits.isdigit():
            raise TarError("a pax record has no length")
        end = start + int(digits)
        record = body[space + 1 : end]
        if end <= space or end > len(body) or not record.endswith(b"\n") or b"=" not in record:
            raise TarError("a pax record is damaged")
        key, _, value = record[:-1].partition(b"=")
        records[key.decode("utf-8", "replace")] = value
        start = end
    return records


def _member(header: bytes, extensions: dict[str, bytes]) -> TarMember:
    name = extensions.get("path")
    if name is None:
        name = _text(header[0:100])
        prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else b""
        name = prefix + b"/" + name if prefix else name
    size_text = extensions.get("size")
    if size_text is not None and not (size_text.isdigit() and len(size_text) < 16):  # noqa: PLR2004 - beyond the cap
        raise TarError("a pax size is no number")
    size = _number(header[124:136]) if size_text is None else int(size_text)
    if size > MAX_MEMBER_BYTES:
        raise TarError(f"a member says it has {size} bytes")
    kind = header[156:157].decode("latin-1").replace("\0", "0")
    return TarMember(
        path=_clean(name.decode("utf-8", "surrogateescape")),
        kind=kind,
        link=extensions.get("linkpath", _text(header[157:257])).decode("utf-8", "surrogateescape"),
        size_bytes=0 if kind in "123456" else size,
    )


def _clean(path: str) -> str:
    while path.startswith(("./", "/")):
        path = path[path.index("/") + 1 :]
    return path.rstrip("/")


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _number(field: bytes) -> int:
    """Read an octal number, or a base-256 one when its first bit is set."""
    if field[0] & 0x80:
        if field[0] & 0x40:
            raise TarError("a size is negative")
        return int.from_bytes(bytes([field[0] & 0x3F]) + field[1:], "big")
    digits = field.strip(b" \0")
    if digits and not (digits.isdigit() and max(digits) <= ord("7")):
        raise TarError("a header number is not octal")
    return int(digits or b"0", 8)


def _check(header: bytes) -> None:
    if len(header) < BLOCK_BYTES:
        raise TarError("the stream ends inside a header")
    stated = _number(header[_CHECKSUM_FIELD])
    if stated != sum(header) - sum(header[_CHECKSUM_FIELD]) + 8 * ord(" "):
        raise TarError("a header has a wrong checksum")


def _read_exactly(stream: ByteStream, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            raise TarError("the stream ends inside a member")
        data += part
    return bytes(data)


def _skip(stream: ByteStream, size: int) -> None:
    while size > 0:
        part = stream.read(min(size, _SKIP_CHUNK_BYTES))
        if not part:
            raise TarError("the stream ends inside a member")
        size -= len(part)
