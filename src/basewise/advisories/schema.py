"""The tables of a store file, and the hash over all that they hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SCHEMA_VERSION", "TABLES", "content_hash", "table_definitions"]

SCHEMA_VERSION = 1

TABLES = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "source": (
        "CREATE TABLE source (name TEXT PRIMARY KEY, ecosystem TEXT NOT NULL, as_of TEXT NOT NULL,"
        " entries INTEGER NOT NULL, verified INTEGER NOT NULL, note TEXT NOT NULL) WITHOUT ROWID"
    ),
    "package": (
        "CREATE TABLE package (ecosystem TEXT NOT NULL, release TEXT NOT NULL, name TEXT NOT NULL,"
        " record BLOB NOT NULL, PRIMARY KEY (ecosystem, release, name)) WITHOUT ROWID"
    ),
    "exploited": "CREATE TABLE exploited (id TEXT PRIMARY KEY) WITHOUT ROWID",
}
_ORDERED_ROWS = (
    "SELECT key, value FROM meta WHERE key <> 'sha256' ORDER BY key",
    "SELECT name, ecosystem, as_of, entries, verified, note FROM source ORDER BY name",
    "SELECT ecosystem, release, name, record FROM package ORDER BY ecosystem, release, name",
    "SELECT id FROM exploited ORDER BY id",
)


def table_definitions(connection: sqlite3.Connection) -> dict[str, str]:
    """Return name and definition of everything that the file defines; nothing but `TABLES` belongs there."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100").fetchall()
    return {f"{name}" if kind == "table" else f"{kind} {name}": f"{sql}" for kind, name, sql in rows}


def content_hash(connection: sqlite3.Connection) -> str:
    """Return the SHA-256 of all rows in their order, table after table, hexadecimal."""
    tables = [connection.execute(query).fetchall() for query in _ORDERED_ROWS]
    return hashlib.sha256(msgspec.msgpack.encode(tables)).hexdigest()
