"""Headers out of rpm's own database format, `Packages.db` (ndb).

Reference:
    rpm, `lib/backend/ndb/rpmpkg.c`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from basewise.inventory.rpm_header import MAX_HEADER_BYTES
from basewise.inventory.rpm_sqlite import RpmDatabaseError

__all__ = ["NDB_MAGIC", "iterate_ndb_headers"]

NDB_MAGIC = b"RpmP"
MAX_SLOT_PAGES = 16_384
_PAGE_BYTES = 4_096
_BLOCK_BYTES = 16
_FILE_HEADER = struct.Struct("<4sIIII12x")
_SLOT = struct.Struct("<4sIII")
_BLOB_HEADER = struct.Struct("<4sIII")
_SLOT_MAGIC, _BLOB_MAGIC = b"Slot", b"BlbS"


def iterate_ndb_headers(content: bytes) -> Iterator[bytes]:
    """Yield the headers of a database.

    Args:
        content: The whole file.

    Raises:
        RpmDatabaseError: It is no such database, or a slot leads nowhere. What came before is good.
    """
    if len(content) < _PAGE_BYTES or content[:4] != NDB_MAGIC:
        raise RpmDatabaseError("it is no database of rpm")
    _, version, _, pages, _ = _FILE_HEADER.unpack_from(content)
    end = pages * _PAGE_BYTES
    if version != 0 or not 0 < pages <= MAX_SLOT_PAGES or end > len(content):
        raise RpmDatabaseError("its slots reach beyond the file")
    seen: set[int] = set()
    for at in range(_FILE_HEADER.size, end, _SLOT.size):
        magic, number, block, blocks = _SLOT.unpack_from(content, at)
        if magic != _SLOT_MAGIC:
            raise RpmDatabaseError("a slot is damaged")
        if block == 0:
            continue
        if block in seen or number == 0:
            raise RpmDatabaseError("two slots lead to one package")
        seen.add(block)
        yield _blob(content, block * _BLOCK_BYTES, blocks * _BLOCK_BYTES, number)


def _blob(content: bytes, start: int, size: int, number: int) -> bytes:
    if start + _BLOB_HEADER.size > len(content):
        raise RpmDatabaseError("a slot leads beyond the file")
    magic, own, _, length = _BLOB_HEADER.unpack_from(content, start)
    begin = start + _BLOB_HEADER.size
    if magic != _BLOB_MAGIC or own != number:
        raise RpmDatabaseError("a slot leads to no package")
    if length > min(size, MAX_HEADER_BYTES) or begin + length > len(content):
        raise RpmDatabaseError("a package reaches beyond its blocks")
    return content[begin : begin + length]
