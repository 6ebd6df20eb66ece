"""Writing a store file: deterministic, built beside the old one and renamed into its place."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from basewise._internal.paths import make_atomically, write_atomically
from basewise.advisories.content import StoreContent
from basewise.advisories.record_bytes import pack_record
from basewise.advisories.schema import SCHEMA_VERSION, TABLES
from basewise.advisories.seal import seal_line
from basewise.advisories.store_file import BUILD_PREFIX
from basewise.errors import OutputError

__all__ = ["encode_store", "write_store"]

_PAGE_BYTES = 4096


def write_store(path: Path, content: StoreContent) -> int:
    """Write `content` as a store file; compressed, and as small as can be, when the name ends in `.gz`.

    The file is made beside its place and renamed there. Who has the old one open keeps reading it.

    Args:
        path: Where to write.
        content: What to write.

    Returns:
        The size of the file in bytes.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
    """
    if path.name.endswith(".gz"):
        raw = gzip.compress(
            encode_store(content, small=True, directory=path.parent), compresslevel=9, mtime=0
        )
        write_atomically(path, raw)
        return len(raw)
    sizes: list[int] = []
    make_atomically(path, lambda temporary: sizes.append(_make(temporary, content, small=False)))
    return sizes[0]


def encode_store(content: StoreContent, *, small: bool = False, directory: Path | None = None) -> bytes:
    """Return the bytes of a store file with `content`; equal content gives equal bytes.

    Args:
        content: What it holds.
        small: Take time to make the records small.
        directory: Where it is built, so that what a killed process leaves lies beside the store; the
            system's directory of temporary files when None.

    Raises:
        OutputError: There is no place to build it.
    """
    try:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=BUILD_PREFIX, suffix=".sqlite", dir=directory)
        os.close(handle)
        path = Path(name)
        try:
            _make(path, content, small=small)
            return path.read_bytes()
        finally:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot build an advisory store in `{directory or tempfile.gettempdir()}`: {error}",
            hint="make space there, or name a file elsewhere; the store before is unchanged",
        ) from error


def _make(path: Path, content: StoreContent, *, small: bool) -> int:
    """Fill an empty file and seal it; return its size.

    Raises:
        OSError: It cannot be written.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            _fill(connection, content, small=small)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise OSError(errno.EIO, f"{error}") from error
    with path.open("r+b") as file:
        line = seal_line(hashlib.file_digest(file, "sha256").hexdigest())
        file.write(line)
        return file.tell()


def _fill(connection: sqlite3.Connection, content: StoreContent, *, small: bool) -> None:
    """Write all tables in one transaction, each in the order of its key, so that its pages are full."""
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
            (*name, pack_record(encoder.encode(record), small=small))
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
