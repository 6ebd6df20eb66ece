"""Headers and databases of rpm, written after their formats, for tests of what reads them."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["TAGS", "make_bdb", "make_header", "make_ndb", "make_sqlite"]

TAGS = {
    "name": 1000, "version": 1001, "release": 1002, "epoch": 1003, "arch": 1022, "source": 1044, "digests": 1035,
    "directory_indexes": 1116, "base_names": 1117, "directories": 1118, "digest_algorithm": 5011, "module": 5096,
}  # fmt: skip
_INT32, _STRING, _STRING_ARRAY = 4, 6, 8
_PAGE_BYTES = 4096
_BDB_MAGIC, _HASH_VERSION = 0x00061561, 9
_HASH, _OVERFLOW, _HASH_META = 13, 7, 8
_KEY_DATA, _OFF_PAGE = 1, 3
_PAGE_HEADER_BYTES = 26

Value = str | int | Sequence[str] | Sequence[int]


def make_header(values: Mapping[str, Value]) -> bytes:
    """Make the header of a package.

    Args:
        values: By the names of `TAGS`: text, number, texts or numbers.
    """
    index, store = [], b""
    for name, value in sorted(values.items(), key=lambda item: TAGS[item[0]]):
        kind, count, data = _encode(value)
        if kind == _INT32:
            store += b"\0" * (-len(store) % 4)
        index.append(struct.pack(">IIII", TAGS[name], kind, len(store), count))
        store += data
    return struct.pack(">II", len(index), len(store)) + b"".join(index) + store


def _encode(value: Value) -> tuple[int, int, bytes]:
    if isinstance(value, str):
        return _STRING, 1, value.encode() + b"\0"
    if isinstance(value, int):
        return _INT32, 1, struct.pack(">I", value)
    texts = [item.encode() + b"\0" for item in value if isinstance(item, str)]
    if texts:
        return _STRING_ARRAY, len(texts), b"".join(texts)
    numbers = [item for item in value if isinstance(item, int)]
    return _INT32, len(numbers), struct.pack(f">{len(numbers)}I", *numbers)


def make_sqlite(headers: Iterable[bytes], *, schema: str = "", page_bytes: int = 4096) -> bytes:
    """Make a sqlite database as rpm lays it out, or with another `schema` and nothing in it."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"PRAGMA page_size = {page_bytes}")
        connection.executescript(
            schema or "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
        )
        if not schema:
            connection.executemany(
                "INSERT INTO Packages (blob) VALUES (?)", ((header,) for header in headers)
            )
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def make_ndb(headers: Iterable[bytes]) -> bytes:
    """Make a `Packages.db` of one page of slots."""
    slots, blobs = [], b""
    for number, header in enumerate(headers, 1):
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
        body += b"\0" * (-(len(body) + 12) % 16)
        body += struct.pack("<II4s", zlib.adler32(body), len(header), b"BlbE")
        slots.append(
            struct.pack("<4sIII", b"Slot", number, (_PAGE_BYTES + len(blobs)) // 16, len(body) // 16)
        )
        blobs += body
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += [empty] * (_PAGE_BYTES // 16 - 2 - len(slots))
    start = struct.pack("<4sIIII12x", b"RpmP", 0, 1, 1, len(slots) + 1)
    return start + b"".join(slots) + blobs


def make_bdb(headers: Iterable[bytes], *, order: str = "<") -> bytes:
    """Make a BerkeleyDB hash database: each package on a page of its own, its header on overflow pages.

    Args:
        headers: Of the packages.
        order: `<` or `>`, the byte order.
    """
    pages: list[bytes] = [b""]
    for number, header in enumerate(headers, 1):
        first = len(pages) + 1
        key = bytes([_KEY_DATA]) + struct.pack(f"{order}I", number)
        item = struct.pack(f"{order}B3xII", _OFF_PAGE, first, len(header))
        offsets = (_PAGE_BYTES - len(key), _PAGE_BYTES - len(key) - len(item))
        filler = b"\0" * (offsets[1] - _PAGE_HEADER_BYTES - 4)
        pages.append(
            _page_header(order, len(pages), 0, 2, offsets[1], _HASH)
            + struct.pack(f"{order}2H", *offsets) + filler + item + key
        )  # fmt: skip
        room = _PAGE_BYTES - _PAGE_HEADER_BYTES
        parts = [header[at : at + room] for at in range(0, len(header), room)]
        for at, part in enumerate(parts):
            following = 0 if at == len(parts) - 1 else len(pages) + 1
            head = _page_header(order, len(pages), following, 1, len(part), _OVERFLOW)
            pages.append(head + part.ljust(room, b"\0"))
    meta = struct.pack(
        f"{order}8xIIIIBBBxIII",
        0,
        _BDB_MAGIC,
        _HASH_VERSION,
        _PAGE_BYTES,
        0,
        _HASH_META,
        0,
        0,
        len(pages) - 1,
        0,
    )
    pages[0] = meta.ljust(_PAGE_BYTES, b"\0")
    return b"".join(pages)


def _page_header(order: str, number: int, following: int, entries: int, offset: int, kind: int) -> bytes:  # noqa: PLR0917 - the fields of a page, in its order
    return struct.pack(f"{order}8xIIIHHBB", number, 0, following, entries, offset, 1, kind)
