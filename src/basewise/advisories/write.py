"""Writing a store file: deterministic, built beside the old one and renamed into its place."""

from __future__ import annotations

import gzip
import os
import sqlite3
import tempfile
import zlib
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise.advisories.content import StoreContent
from basewise.advisories.schema import SCHEMA_VERSION, TABLES, content_hash

__all__ = ["encode_store", "write_store"]

_PAGE_BYTES = 4096


def write_store(path: Path, content: StoreContent) -> int:
    """Write `content` as a store file; compressed when the name ends in `.gz`.

    Args:
        path: Where to write.
        content: What to write.

    Returns:
        The size of the file in bytes.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
    """
    raw = encode_store(content)
    if path.name.endswith(".gz"):
        raw = gzip.compress(raw, compresslevel=9, mtime=0)
    write_atomically(path, raw)
    return len(raw)


def encode_store(content: StoreContent) -> bytes:
    """Return the bytes of a SQLite file with `content`; equal content gives equal bytes."""
    handle, name = tempfile.mkstemp(prefix="basewise-store-", suffix=".sqlite")
    os.close(handle)
    path = Path(name)
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            _fill(connection, content)
        finally:
            connection.close()
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, content: StoreContent) -> None:
    """Write all tables in one transaction, then pack the file."""
    encoder = msgspec.msgpack.Encoder()
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for definition in TABLES.values():
        connection.execute(definition)
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [("exploited_as_of", content.exploited.as_of), ("schema", str(SCHEMA_VERSION))],
    )
    connection.executemany(
        "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?)",
        [(s.name, s.ecosystem, s.as_of, s.entries, int(s.verified), s.note) for s in content.sources],
    )
    connection.executemany(
        "INSERT INTO package VALUES (?, ?, ?, ?)",
        [
            (*name, zlib.compress(encoder.encode(record), level=9))
            for name, record in sorted(content.packages.items())
        ],
    )
    connection.executemany("INSERT INTO exploited VALUES (?)", [(name,) for name in content.exploited.ids])
    connection.execute("INSERT INTO meta VALUES ('sha256', ?)", (content_hash(connection),))
    connection.execute("COMMIT")
    connection.execute("VACUUM")
