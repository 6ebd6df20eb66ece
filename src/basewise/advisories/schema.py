"""The tables of a store file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

__all__ = ["SCHEMA_VERSION", "TABLES", "table_definitions"]

SCHEMA_VERSION = 2

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
    "release": (
        "CREATE TABLE release (ecosystem TEXT NOT NULL, release TEXT NOT NULL, packages INTEGER NOT NULL,"
        " facts INTEGER NOT NULL, PRIMARY KEY (ecosystem, release)) WITHOUT ROWID"
    ),
    "exploited": "CREATE TABLE exploited (id TEXT PRIMARY KEY) WITHOUT ROWID",
    "rejected": "CREATE TABLE rejected (id TEXT PRIMARY KEY) WITHOUT ROWID",
    "score": (
        "CREATE TABLE score (id TEXT PRIMARY KEY, probability REAL NOT NULL, percentile REAL NOT NULL)"
        " WITHOUT ROWID"
    ),
    "vector": (
        "CREATE TABLE vector (number INTEGER PRIMARY KEY, source TEXT NOT NULL, vector TEXT NOT NULL)"
    ),
    "rated": (
        "CREATE TABLE rated (id TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (id, number))"
        " WITHOUT ROWID"
    ),
}
"""`release` counts the packages and facts of `package`; `rated` names the `vector` rows of a vulnerability."""


def table_definitions(connection: sqlite3.Connection) -> dict[str, str]:
    """Return name and definition of everything that the file defines; nothing but `TABLES` belongs there."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100").fetchall()
    return {f"{name}" if kind == "table" else f"{kind} {name}": f"{sql}" for kind, name, sql in rows}
