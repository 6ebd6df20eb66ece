"""Writing a store file: deterministic, built beside the old one and renamed into its place."""

from __future__ import annotations

import gzip
import os
import sqlite3
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise.advisories.content import StoreContent
from basewise.advisories.schema import SCHEMA_VERSION, TABLES
from basewise.advisories.seal import seal
from basewise.advisories.store_file import BUILD_PREFIX
from basewise.errors import OutputError

__all__ = ["encode_store", "write_store"]

_PAGE_BYTES = 4096
_LEVEL = 9


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
    raw = encode_store(content, directory=path.parent)
    if path.name.endswith(".gz"):
        raw = gzip.compress(raw, compresslevel=9, mtime=0)
    write_atomically(path, raw)
    return len(raw)


def encode_store(content: StoreContent, *, directory: Path | None = None) -> bytes:
    """Return the bytes of a SQLite file with `content`; equal content gives equal bytes.

    Args:
        content: What it holds.
        directory: Where it is built, so that what a killed process leaves lies beside the store; the
            system's directory of temporary files when None.

    Raises:
        OutputError: There is no place to build it.
    """
    try:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=BUILD_PREFIX, suffix=".sqlite", dir=directory)
    except OSError as error:
        raise _unwritable(directory, error.strerror or str(error)) from error
    os.close(handle)
    path = Path(name)
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            _fill(connection, content)
        finally:
            connection.close()
        return seal(path.read_bytes())
    except (sqlite3.OperationalError, OSError) as error:
        raise _unwritable(path.parent, str(error)) from error
    finally:
        path.unlink(missing_ok=True)


def _unwritable(directory: Path | None, why: str) -> OutputError:
    return OutputError(
        f"cannot build an advisory store in `{directory or tempfile.gettempdir()}`: {why}",
        hint="make space there, or name a file elsewhere; the store before is unchanged",
    )


def _fill(connection: sqlite3.Connection, content: StoreContent) -> None:
    """Write all tables in one transaction, then pack the file."""
    encoder = msgspec.msgpack.Encoder()
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for definition in TABLES.values():
        connection.execute(definition)
    _fill_descriptions(connection, content)
    connection.executemany(
        "INSERT INTO package VALUES (?, ?, ?, ?)",
        (
            (*name, zlib.compress(encoder.encode(record), level=_LEVEL))
            for name, record in sorted(content.packages.items())
        ),
    )
    connection.executemany("INSERT INTO exploited VALUES (?)", ((name,) for name in content.exploited.ids))
    connection.executemany("INSERT INTO rejected VALUES (?)", ((name,) for name in content.rejected))
    connection.executemany("INSERT INTO score VALUES (?, ?, ?)", content.scores.rows)
    vectors = {pair: number for number, pair in enumerate(sorted({row[1:] for row in content.vectors}))}
    connection.executemany(
        "INSERT INTO vector VALUES (?, ?, ?)", ((number, *pair) for pair, number in vectors.items())
    )
    connection.executemany(
        "INSERT INTO rated VALUES (?, ?)", ((row[0], vectors[row[1:]]) for row in content.vectors)
    )
    connection.execute("COMMIT")
    connection.execute("VACUUM")


def _fill_descriptions(connection: sqlite3.Connection, content: StoreContent) -> None:
    """Write what describes the store: schema, dates, sources, releases with their counts."""
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [
            ("epss_as_of", content.scores.as_of),
            ("exploited_as_of", content.exploited.as_of),
            ("schema", str(SCHEMA_VERSION)),
            *((("origins", msgspec.json.encode(content.origins).decode()),) if content.origins else ()),
        ],
    )
    connection.executemany(
        "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?)",
        [(s.name, s.ecosystem, s.as_of, s.entries, int(s.verified), s.note) for s in content.sources],
    )
    packages: Counter[tuple[str, str]] = Counter()
    facts: Counter[tuple[str, str]] = Counter()
    for (ecosystem, release, _), record in content.packages.items():
        packages[ecosystem, release] += 1
        facts[ecosystem, release] += len(record.facts)
    connection.executemany(
        "INSERT INTO release VALUES (?, ?, ?, ?)",
        [(*release, number, facts[release]) for release, number in sorted(packages.items())],
    )
