"""Headers out of rpm's sqlite database.

A database from an image is a program for SQLite: a view can be endless, a value larger than memory. So it is
opened from memory, read-only, only as the plain table that rpm makes, with limits and a bound on its work.

Reference:
    rpm, `lib/backend/sqlite.c`; SQLite, "Defense Against The Dark Arts".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from basewise.inventory.rpm_header import MAX_HEADER_BYTES

if TYPE_CHECKING:
    import sqlite3

__all__ = ["RpmDatabaseError", "iterate_sqlite_headers"]

MAX_ROWS = 200_000
_STEPS_BETWEEN_CALLS = 10_000
_MAX_CALLS = 2_000
_MAX_SQL_BYTES = 100_000
_HEADER_BYTES = 100
_WRITE_VERSION, _READ_VERSION = 18, 19
_ROLLBACK_JOURNAL = 1


class RpmDatabaseError(Exception):
    """A database of rpm does not hold together."""


def iterate_sqlite_headers(content: bytes) -> Iterator[bytes]:
    """Yield the headers of a database.

    Args:
        content: The whole file.

    Raises:
        RpmDatabaseError: It is no database of rpm, is damaged, or costs too much. What came before is good.
    """
    import sqlite3  # noqa: PLC0415 - only for an image with such a database

    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.deserialize(_without_log(content))
        _confine(connection)
        kinds = connection.execute("SELECT type, sql FROM sqlite_schema WHERE name = 'Packages'").fetchall()
        if len(kinds) != 1 or kinds[0][0] != "table" or not _is_plain(kinds[0][1]):
            raise RpmDatabaseError("it has no plain table `Packages`")
        rows = connection.execute("SELECT blob FROM Packages LIMIT ?", (MAX_ROWS + 1,))
        for number, (blob,) in enumerate(rows):
            if number == MAX_ROWS:
                raise RpmDatabaseError(f"it has more than {MAX_ROWS} packages")
            yield blob if isinstance(blob, bytes) else b""
    except (sqlite3.Error, UnicodeDecodeError, MemoryError, OverflowError) as error:
        raise RpmDatabaseError(str(error)) from error
    finally:
        connection.close()


def _without_log(content: bytes) -> bytes:
    """Return the database marked as one without write-ahead log: there is none beside a database in memory."""
    if len(content) < _HEADER_BYTES:
        raise RpmDatabaseError("it is too short")
    marked = bytearray(content)
    marked[_WRITE_VERSION] = marked[_READ_VERSION] = _ROLLBACK_JOURNAL
    return bytes(marked)


def _confine(connection: sqlite3.Connection) -> None:
    import sqlite3  # noqa: PLC0415 - as above

    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return calls > _MAX_CALLS

    def authorize(action: int, *_: str | None) -> int:
        allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA}
        return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY

    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_HEADER_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MAX_SQL_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0)
    connection.set_progress_handler(count, _STEPS_BETWEEN_CALLS)
    connection.set_authorizer(authorize)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cell_size_check = ON")


def _is_plain(sql: object) -> bool:
    """Tell whether a table is what rpm makes: no virtual table, no computed column."""
    text = sql.upper() if isinstance(sql, str) else ""
    return text.startswith("CREATE TABLE") and not any(word in text for word in (" AS ", "AS(", "GENERATED"))
