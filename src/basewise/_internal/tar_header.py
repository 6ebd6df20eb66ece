"""Tar headers: the fields of one block, the records of extension headers, and what they say together.

Reference: POSIX.1-2017, pax; the GNU tar manual, section "Basic Tar Format"; Go's archive/tar.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from zlib import adler32

import msgspec

__all__ = [
    "BLOCK_BYTES",
    "EXTENSIONS",
    "LongNames",
    "TarError",
    "TarMember",
    "TooManyMembersError",
    "check_header",
    "read_member",
    "read_number",
]

BLOCK_BYTES = 512
MAX_CHAINED_HEADERS = 8
MAX_MEMBER_BYTES = 2**43
_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK = b"xgLK"
EXTENSIONS = frozenset((_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK))
_ADLER_MODULUS = 65_521
# name, mode, size, type, link, magic, prefix
_FIELDS = Struct("100s8s16x12s20xB100s6s82x155s12x")
_CHECKSUM = slice(148, 156)
_SPARSE_REAL_SIZE = slice(483, 495)
_NO_DATA = frozenset("123456")
_MODE_MASK = 0o7777
_FIELD_ENDS = b"\0 "
_SPACES = 8 * ord(" ")
# A NUL is what old archives write for a file, and with a slash at the end of its name for a directory.
_KINDS = tuple(chr(flag or ord("0")) for flag in range(256))
_MAX_SIZE_DIGITS = 15


class TarError(Exception):
    """The stream is no readable tar."""


class TooManyMembersError(TarError):
    """The stream has more members than the limit."""


class TarMember(msgspec.Struct, frozen=True, gc=False):
    """One member.

    Args:
        path: As written, without leading `./` and `/`; undecodable bytes as surrogates.
        kind: The type flag (`0` file, `1` hard link, `2` symbolic link, `5` directory …).
        link: Target of a link, as written.
        size_bytes: Of the content as stored.
        mode: Permission bits, with setuid, setgid and sticky.
        content: The content where it was asked for, else None.
        full_bytes: Of a sparse file with its holes; otherwise as stored.
        offset: Where in the stream the content begins; not that of a sparse file of the old kind.
    """

    path: str
    kind: str
    link: str
    size_bytes: int
    mode: int = 0o644
    content: bytes | None = None
    full_bytes: int = 0
    offset: int = 0


class LongNames:
    """What extension headers say about the member that follows them."""

    def __init__(self) -> None:
        self._pax: dict[str, bytes] = {}
        self._gnu: dict[int, bytes] = {}
        self.chained = 0
        """How many of them in a row there were."""

    def add(self, kind: int, body: bytes) -> None:
        """Read one extension header."""
        self.chained += 1
        if self.chained > MAX_CHAINED_HEADERS:
            raise TarError(f"more than {MAX_CHAINED_HEADERS} extension headers in a row")
        if kind == _PAX:
            self._pax = _pax_records(body)
        elif kind != _PAX_GLOBAL:
            self._gnu[kind] = _text(body)

    def take(self) -> tuple[bytes | None, bytes | None, int | None, int | None]:
        """Return path, link, stored size and full size as far as they were said, and forget them."""
        pax, gnu = self._pax, self._gnu
        self._pax, self._gnu, self.chained = {}, {}, 0
        sparse = any(name.startswith("GNU.sparse.") for name in pax)
        path = (sparse and pax.get("GNU.sparse.name")) or pax.get("path")
        full = pax.get("GNU.sparse.realsize") or pax.get("GNU.sparse.size")
        return (
            gnu.get(_GNU_NAME) or path or None,
            gnu.get(_GNU_LINK) or pax.get("linkpath") or None,
            _pax_size(pax.get("size")),
            _pax_size(full),
        )


def read_member(header: bytes, names: LongNames, offset: int) -> TarMember:
    """Read the header of a member, with what extension headers said before it.

    Raises:
        TarError: A field is damaged or out of its limit.
    """
    name, mode, size_field, flag, link_field, magic, prefix = _FIELDS.unpack(header)
    path = link = size = full = None
    if names.chained:
        path, link, size, full = names.take()
    if path is None:
        path = _text(name)
        if magic == b"ustar\0" and prefix[0]:
            path = _text(prefix[:131] if header[508:512] == b"tar\0" else prefix) + b"/" + path
    if size is None:
        size = _size(size_field)
    if size > MAX_MEMBER_BYTES:
        raise TarError(f"a member says it has {size} bytes")
    kind = _KINDS[flag]
    if flag == 0 and path[-1:] == b"/":
        kind = "5"
    if kind in _NO_DATA:
        size = 0
    elif kind == "S":
        full = read_number(header[_SPARSE_REAL_SIZE])
    if link is None:
        link = _text(link_field) if link_field[0] else b""
    return TarMember(
        _clean(path.decode("utf-8", "surrogateescape")),
        kind,
        link.decode("utf-8", "surrogateescape") if link else "",
        size,
        _mode(mode),
        None,
        size if full is None else full,
        offset,
    )


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
        if b"\0" in value and key in {b"path", b"linkpath", b"GNU.sparse.name"}:
            raise TarError("a pax record names a path with a NUL")
        records[key.decode("utf-8", "replace")] = value
        start = end
    return records


def _pax_size(text: bytes | None) -> int | None:
    if not text:
        return None
    if not (text.isdigit() and len(text) <= _MAX_SIZE_DIGITS):
        raise TarError("a pax size is no number")
    return int(text)


def _clean(path: str) -> str:
    while path.startswith(("/", "./")):
        path = path[path.index("/") + 1 :]
    return path.rstrip("/")


def _text(field: bytes) -> bytes:
    end = field.find(0)
    return field if end < 0 else field[:end]


def _size(field: bytes) -> int:
    """Read a size; almost all are eleven digits and an end."""
    digits = field[:11]
    if field[11] in _FIELD_ENDS and digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            return _not_octal()
    return read_number(field)


@lru_cache(1024)
def _mode(field: bytes) -> int:
    return read_number(field) & _MODE_MASK


def read_number(field: bytes) -> int:
    """Read an octal number, or a base-256 one when its first bit is set."""
    if field[0] & 0x80:
        if field[0] & 0x40:
            raise TarError("a number is negative")
        return int.from_bytes(bytes([field[0] & 0x3F]) + field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    try:
        # `isdigit` first: `int` would also read signs, underscores and prefixes.
        return int(digits, 8) if digits.isdigit() else _not_octal()
    except ValueError:
        return _not_octal()


def _not_octal() -> int:
    raise TarError("a header number is not octal")


@lru_cache(16_384)
def _remainder(field: bytes) -> int:
    """Return what all bytes of the header must sum to, this field's own counted as they are, plus one."""
    return read_number(field) - _SPACES + (adler32(field) & 0xFFFF)


def check_header(header: bytes) -> None:
    """Compare the checksum: the sum of all bytes, its own field counted as spaces.

    The lower half of Adler-32 is one more than the sum of the bytes, modulo 65521, and comes from C. Old
    archives summed signed bytes.
    """
    field = header[_CHECKSUM]
    if ((adler32(header) & 0xFFFF) - _remainder(field)) % _ADLER_MODULUS == 0:
        return
    signed = sum(byte - 256 if byte > 127 else byte for byte in header) - sum(field)  # noqa: PLR2004 - sign bit
    if signed + _SPACES == read_number(field):
        return
    raise TarError("a header has a wrong checksum")
