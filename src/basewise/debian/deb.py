"""Reading `.deb` files: the Debian changelog inside, and nothing else.

Reference: deb(5); Debian Policy, sections 12.5 and 12.7.
"""

from __future__ import annotations

import bz2
import contextlib
import importlib
import lzma
import posixpath
import zlib
from collections.abc import Iterator
from typing import Protocol

import msgspec

from basewise._internal.tar import TarError, TarMember, walk_tar
from basewise.errors import ArchiveError

__all__ = ["DebChangelog", "ar_members", "read_changelog"]

MAX_INFLATED_BYTES = 2 * 1024**3
MAX_CHANGELOG_BYTES = 32 * 1024 * 1024
MAX_DICTIONARY_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER_BYTES = 60
_DOC = "usr/share/doc/"
# A native package has no upstream changelog: its Debian changelog is called `changelog.gz`.
_NAMES = ("changelog.Debian.gz", "changelog.Debian", "changelog.gz", "changelog")


class DebChangelog(msgspec.Struct, frozen=True):
    """The changelog of one binary package.

    Args:
        text: The changelog, None when the package carries none.
        linked_to: Package whose documentation directory this one links to, "" for none.
    """

    text: bytes | None
    linked_to: str = ""


class _Decompressor(Protocol):
    """What the decompressors of `lzma`, `bz2` and zstd have in common."""

    @property
    def eof(self) -> bool:
        """The end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Nothing more comes out without more data."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return the next part, at most `max_length` bytes of it."""


def read_changelog(data: bytes, package: str) -> DebChangelog:
    """Find the Debian changelog in a `.deb`.

    Args:
        data: The whole file.
        package: Binary package name; its documentation directory is looked at.

    Raises:
        ArchiveError: It is no readable `.deb`, or a limit is hit.
    """
    for name, start, size in ar_members(data):
        if name.startswith("data.tar"):
            stream = _Inflated(memoryview(data)[start : start + size], name)
            return _find_changelog(stream, package)
    raise ArchiveError(f"the `.deb` of `{package}` has no data archive")


def ar_members(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield name, offset and size of the members of an `ar` archive.

    Raises:
        ArchiveError: It is no `ar` archive or is damaged.
    """
    if not data.startswith(_AR_MAGIC):
        raise ArchiveError("a `.deb` does not start as an `ar` archive does")
    offset = len(_AR_MAGIC)
    while offset < len(data):
        header = data[offset : offset + _AR_HEADER_BYTES]
        digits = header[48:58].strip()
        start = offset + _AR_HEADER_BYTES
        if len(header) < _AR_HEADER_BYTES or header[58:60] != b"`\n" or not digits.isdigit():
            raise ArchiveError(f"the `ar` header at byte {offset} of a `.deb` is damaged")
        if start + int(digits) > len(data):
            raise ArchiveError("a `.deb` ends early")
        yield header[:16].decode("latin-1").strip().rstrip("/"), start, int(digits)
        offset = start + int(digits) + int(digits) % 2


def _find_changelog(stream: _Inflated, package: str) -> DebChangelog:
    """Walk the data archive; the best name wins, a link is the answer only where nothing is carried."""
    directory = f"{_DOC}{package}"
    paths = {f"{directory}/{name}": rank for rank, name in enumerate(_NAMES)}
    found: dict[int, bytes] = {}
    linked = ""

    def is_wanted(member: TarMember) -> bool:
        return member.path in paths and member.kind in {"0", "7"}

    try:
        for member in walk_tar(stream, is_wanted, max_content_bytes=MAX_CHANGELOG_BYTES):
            if member.content is not None:
                found[paths[member.path]] = _plain(member.content, member.path)
                if paths[member.path] == 0:
                    break
            elif member.kind in {"1", "2"} and (member.path == directory or member.path in paths):
                linked = linked or _linked_package(member, directory)
    except TarError as error:
        raise ArchiveError(f"cannot read the `.deb` of `{package}`: {error}") from error
    if not found:
        return DebChangelog(None, linked)
    return DebChangelog(found[min(found)])


def _linked_package(member: TarMember, directory: str) -> str:
    """Return the package whose documentation a link leads to, "" when it leads elsewhere."""
    start = "" if member.kind == "1" else posixpath.dirname(member.path)
    target = posixpath.normpath(posixpath.join("/", start, member.link)).lstrip("/")
    if not target.startswith(_DOC):
        return ""
    owner = target.removeprefix(_DOC).split("/", 1)[0]
    return "" if owner == posixpath.basename(directory) else owner


def _plain(content: bytes, path: str) -> bytes:
    """Inflate a changelog where it is compressed."""
    if not path.endswith(".gz"):
        return content
    inflate = zlib.decompressobj(wbits=31)
    try:
        text = inflate.decompress(content, MAX_CHANGELOG_BYTES + 1)
    except zlib.error as error:
        raise ArchiveError(f"cannot decompress `{path}`: {error}") from error
    if len(text) > MAX_CHANGELOG_BYTES:
        raise ArchiveError(f"`{path}` inflates to more than {MAX_CHANGELOG_BYTES} bytes; it is not read")
    if not inflate.eof:
        raise ArchiveError(f"cannot decompress `{path}`: it ends early")
    return text


class _Inflated:
    """The decompressed bytes of one member as a stream, with a cap on their number."""

    def __init__(self, data: memoryview, name: str) -> None:
        self._parts = _inflate(data, name)
        self._name = name
        self._total = 0
        self._pending = b""

    def read(self, size: int, /) -> bytes:
        """Return exactly `size` bytes, fewer only at the end."""
        parts = [self._pending]
        have = len(self._pending)
        while have < size and (part := next(self._parts, b"")):
            parts.append(part)
            have += len(part)
            self._total += len(part)
            if self._total > MAX_INFLATED_BYTES:
                raise ArchiveError(
                    f"`{self._name}` of a `.deb` inflates to more than {MAX_INFLATED_BYTES} bytes"
                )
        whole = b"".join(parts)
        self._pending = whole[size:]
        return whole[:size]


def _inflate(data: memoryview, name: str) -> Iterator[bytes]:
    """Yield the decompressed parts of a member, none larger than a chunk, none empty."""
    suffix = name.removeprefix("data.tar")
    try:
        if suffix == "":
            for start in range(0, len(data), _CHUNK_BYTES):
                yield bytes(data[start : start + _CHUNK_BYTES])
        elif suffix == ".gz":
            yield from _inflate_gzip(data, name)
        else:
            yield from _inflate_with(_decompressor(suffix, name), data, name)
    except (lzma.LZMAError, zlib.error, OSError) as error:
        raise ArchiveError(f"cannot decompress `{name}` of a `.deb`: {error}") from error


def _inflate_with(unpack: _Decompressor, data: memoryview, name: str) -> Iterator[bytes]:
    offset = 0
    while not unpack.eof:
        raw = b""
        if unpack.needs_input:
            raw = bytes(data[offset : offset + _CHUNK_BYTES])
            offset += len(raw)
            if not raw:
                raise ArchiveError(f"`{name}` of a `.deb` ends early")
        if part := unpack.decompress(raw, _CHUNK_BYTES):
            yield part


def _inflate_gzip(data: memoryview, name: str) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    offset, raw = 0, b""
    while not inflate.eof:
        if not raw:
            raw = bytes(data[offset : offset + _CHUNK_BYTES])
            offset += len(raw)
        part = inflate.decompress(raw, _CHUNK_BYTES)
        if not raw and not part and not inflate.eof:
            raise ArchiveError(f"`{name}` of a `.deb` ends early")
        raw = inflate.unconsumed_tail
        if part:
            yield part


def _decompressor(suffix: str, name: str) -> _Decompressor:
    if suffix == ".xz":
        return lzma.LZMADecompressor(memlimit=MAX_DICTIONARY_BYTES)
    if suffix == ".bz2":
        return bz2.BZ2Decompressor()
    if suffix == ".zst":
        for module in ("compression.zstd", "backports.zstd"):
            with contextlib.suppress(ImportError):
                decompressor: _Decompressor = importlib.import_module(module).ZstdDecompressor()
                return decompressor
        raise ArchiveError(
            f"cannot decompress `{name}` of a `.deb`: this Python has no zstd",
            hint="use Python 3.14 or install `backports.zstd`; Debian's own packages do not need it",
        )
    raise ArchiveError(f"cannot decompress `{name}` of a `.deb`: its compression is not known")
