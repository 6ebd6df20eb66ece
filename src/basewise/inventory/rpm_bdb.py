"""Headers out of a BerkeleyDB hash database, as rpm wrote it until 2020.

Reads the pages one by one: packages are items of hash pages, or chains of overflow pages. Every page of a chain
is visited once at most in the whole file, so no circle of pages costs more than the file is long.

Reference:
    Berkeley DB 5.3, `dbinc/db_page.h`; rpm, `lib/backend/db3.c`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from basewise.inventory.rpm_header import MAX_HEADER_BYTES
from basewise.inventory.rpm_sqlite import RpmDatabaseError

__all__ = ["is_bdb_hash", "iterate_bdb_headers"]

_MAGIC_OFFSET, _HASH_MAGIC = 12, 0x00061561
_META_BYTES = 72
_PAGE_HEADER_BYTES = 26
_MIN_PAGE, _MAX_PAGE = 512, 65_536
_HASH_UNSORTED, _HASH, _OVERFLOW, _HASH_META = 2, 13, 7, 8
_KEY_DATA, _OFF_PAGE = 1, 3
_OFF_PAGE_BYTES = 12
# The record of key 0 holds the number of the next package.
_LEAST_HEADER_BYTES = 16


class _Pages(msgspec.Struct, frozen=True):
    """A file as pages."""

    content: bytes
    order: str
    page_bytes: int

    @property
    def count(self) -> int:
        """Whole pages in the file."""
        return len(self.content) // self.page_bytes

    def header(self, number: int) -> tuple[int, int, int, int]:
        """Return the next page, the number of entries, the free offset (of data bytes, on overflow), the type."""
        start = number * self.page_bytes
        _, _, following, entries, offset, _, kind = struct.unpack_from(
            f"{self.order}IIIHHBB", self.content, start + 8
        )
        return following, entries, offset, kind


def is_bdb_hash(content: bytes) -> bool:
    """Tell whether a file is a BerkeleyDB hash database, of either byte order."""
    return len(content) >= _META_BYTES and _order_of(content) is not None


def _order_of(content: bytes) -> str | None:
    for order in ("<", ">"):
        if struct.unpack_from(f"{order}I", content, _MAGIC_OFFSET)[0] == _HASH_MAGIC:
            return order
    return None


def iterate_bdb_headers(content: bytes) -> Iterator[bytes]:
    """Yield the headers of a database.

    Args:
        content: The whole file.

    Raises:
        RpmDatabaseError: It is no such database, encrypted, or does not hold together. What came before is good.
    """
    order = _order_of(content) if len(content) >= _META_BYTES else None
    if order is None:
        raise RpmDatabaseError("it is no hash database")
    page_bytes = struct.unpack_from(f"{order}I", content, 20)[0]
    encryption, kind = content[24], content[25]
    last = struct.unpack_from(f"{order}I", content, 32)[0]
    if (
        kind != _HASH_META
        or encryption
        or not _MIN_PAGE <= page_bytes <= _MAX_PAGE
        or page_bytes & (page_bytes - 1)
    ):
        raise RpmDatabaseError("its first page is damaged, or it is encrypted")
    pages = _Pages(content, order, page_bytes)
    visited: set[int] = set()
    for number in range(1, min(last + 1, pages.count)):
        if pages.header(number)[3] in {_HASH, _HASH_UNSORTED}:
            yield from _items(pages, number, visited)
    if last >= pages.count:
        raise RpmDatabaseError(f"it ends after {pages.count} of {last + 1} pages")


def _items(pages: _Pages, number: int, visited: set[int]) -> Iterator[bytes]:
    """Yield the values of one hash page; keys stand at even places, values at odd ones."""
    start = number * pages.page_bytes
    entries = pages.header(number)[1]
    if _PAGE_HEADER_BYTES + 2 * entries > pages.page_bytes or entries % 2:
        raise RpmDatabaseError(f"page {number} is damaged")
    offsets = struct.unpack_from(f"{pages.order}{entries}H", pages.content, start + _PAGE_HEADER_BYTES)
    for at in range(1, entries, 2):
        begin, end = offsets[at], offsets[at - 1]
        if not _PAGE_HEADER_BYTES <= begin < end <= pages.page_bytes:
            raise RpmDatabaseError(f"an item of page {number} is damaged")
        item = pages.content[start + begin : start + end]
        if item[0] == _OFF_PAGE and len(item) >= _OFF_PAGE_BYTES:
            first, length = struct.unpack_from(f"{pages.order}II", item, 4)
            yield _chain(pages, first, length, visited)
        elif item[0] == _KEY_DATA and len(item) > _LEAST_HEADER_BYTES:
            yield item[1:]


def _chain(pages: _Pages, number: int, length: int, visited: set[int]) -> bytes:
    """Return a value that stands on overflow pages."""
    if length > min(MAX_HEADER_BYTES, len(pages.content)):
        raise RpmDatabaseError("a package is longer than the file")
    parts = []
    left = length
    while left > 0:
        if not 0 < number < pages.count or number in visited:
            raise RpmDatabaseError("a chain of pages leads nowhere or in a circle")
        visited.add(number)
        following, _, used, kind = pages.header(number)
        if kind != _OVERFLOW or used > pages.page_bytes - _PAGE_HEADER_BYTES or not used:
            raise RpmDatabaseError(f"page {number} is no part of a package")
        begin = number * pages.page_bytes + _PAGE_HEADER_BYTES
        parts.append(pages.content[begin : begin + min(used, left)])
        left -= used
        number = following
    return b"".join(parts)
