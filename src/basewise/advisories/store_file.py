"""Reading the bytes of a store file, with limits, and opening them as a database."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from basewise._internal.paths import cache_directory, write_atomically
from basewise.advisories.schema import SCHEMA_VERSION
from basewise.advisories.seal import LONGEST_SEAL_BYTES, Seal, read_seal
from basewise.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["BUILD_HINT", "BUILD_PREFIX", "NAME_HINT", "connect", "connect_file", "schema_of"]

BUILD_HINT = (
    "remove it and run `basewise db update` or `basewise db build`; without BASEWISE_STORE your own store, or the"
    " embedded one, is used"
)
NAME_HINT = (
    "name a store file, or make one with `basewise db update`; without BASEWISE_STORE your own store, or the"
    " embedded one, is used"
)
BUILD_PREFIX = ".basewise-store-"
"""Begin of the names of unfinished stores."""

MAX_STORE_BYTES = 2 * 1024**3
SQLITE_MAGIC = b"SQLite format 3\x00"
HEADER_BYTES = 100
MAX_REPLACEMENTS = 5
_BLOCK_BYTES = 1024**2
_GZIP_MAGIC = b"\x1f\x8b"


def stated_bytes(header: bytes) -> int:
    """Return how long a SQLite file is by its own header: size of a page times pages."""
    page_bytes = int.from_bytes(header[16:18], "big")
    return (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32], "big")


def checked_seal(header: bytes, tail: bytes, size: int, name: str, hint: str) -> Seal:
    """Return the seal of a store file of this schema.

    Args:
        header: First `HEADER_BYTES` of the file.
        tail: Last `LONGEST_SEAL_BYTES` of it.
        size: Its size in bytes.
        name: How to call it in messages.
        hint: What to do when it is damaged.

    Raises:
        StoreError: It is no store file, one of another schema, cut, or has grown.
    """
    if not header.startswith(SQLITE_MAGIC):
        raise StoreError(f"cannot read advisory store `{name}`: not a store file", hint=hint)
    found = read_seal(tail)
    if found is not None and found.schema != SCHEMA_VERSION:
        schema = f"schema {found.schema}, not {SCHEMA_VERSION}"
        raise StoreError(f"advisory store `{name}` has {schema}", hint=hint)
    stated = stated_bytes(header)
    if found is None and size == stated:
        raise StoreError(
            f"advisory store `{name}` was not finished, or written by another version of basewise", hint=hint
        )
    if found is None or size != stated + found.length:
        raise StoreError(f"advisory store `{name}` is damaged: it is cut or has grown", hint=hint)
    return found


def read_store_bytes(path: Path) -> bytes:
    """Return the bytes of a store file, decompressed and otherwise as they are.

    Raises:
        StoreError: It is missing, empty, unreadable or too large.
    """
    with _opened(path) as file:
        _size(file, path)
        if file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC:
            return _decompress(file, path)
        file.seek(0)
        return file.read()


def schema_of(path: Path) -> int | None:
    """Return the schema that the last line of a plain store file names; None for what is no such file."""
    try:
        if not path.is_file():  # opening a pipe would wait for a writer
            return None
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LONGEST_SEAL_BYTES))
            found = read_seal(file.read(LONGEST_SEAL_BYTES))
    except OSError:
        return None
    return None if found is None else found.schema


def connect(raw: bytes, name: str, hint: str) -> sqlite3.Connection:
    """Check the bytes of a store file and open them in memory, or from the cache directory where SQLite cannot.

    Raises:
        StoreError: They are not what was written.
        sqlite3.Error: They are no database.
        OutputError: The cache directory is needed and cannot be written.
    """
    import sqlite3  # noqa: PLC0415 - `--version` must not pay for it

    found = checked_seal(raw[:HEADER_BYTES], raw[-LONGEST_SEAL_BYTES:], len(raw), name, hint)
    content = memoryview(raw)[: -found.length]
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise _altered(name, hint)
    if hasattr(sqlite3.Connection, "deserialize"):
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        connection.deserialize(content)
        return _guarded(connection)
    path = cache_directory() / "stores" / f"{found.sha256}.sqlite"
    if not path.is_file() or path.read_bytes() != raw:
        write_atomically(path, raw)
    return _open_immutable(path)


def connect_file(path: Path) -> sqlite3.Connection:
    """Check a store file, compressed or not, and open it.

    A compressed file is opened in memory, another one where it lies: its bytes are hashed once, and read as
    they are asked for. It must not change while it is open; writing one replaces it instead.

    Raises:
        StoreError: It is missing, empty, unreadable, or not what was written.
        sqlite3.Error: It is no database.
        OutputError: The cache directory is needed and cannot be written.
    """
    for _ in range(MAX_REPLACEMENTS):
        with _opened(path) as file:
            size = _size(file, path)
            header = file.read(HEADER_BYTES)
            if header.startswith(_GZIP_MAGIC):
                return connect(_decompress(file, path), str(path), BUILD_HINT)
            _check_file(file, header, size, path)
            connection = _open_immutable(path)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return connection
            connection.close()
    raise StoreError(
        f"cannot read advisory store `{path}`: it is replaced again and again", hint="try again later"
    )


def _check_file(file: BinaryIO, header: bytes, size: int, path: Path) -> None:
    """Refuse a file whose bytes are not those of its seal."""
    file.seek(max(0, size - LONGEST_SEAL_BYTES))
    found = checked_seal(header, file.read(LONGEST_SEAL_BYTES), size, str(path), BUILD_HINT)
    file.seek(0)
    digest = hashlib.sha256()
    left = size - found.length
    while left and (block := file.read(min(left, _BLOCK_BYTES))):
        digest.update(block)
        left -= len(block)
    if left or digest.hexdigest() != found.sha256:
        raise _altered(str(path), BUILD_HINT)


def _altered(name: str, hint: str) -> StoreError:
    return StoreError(f"advisory store `{name}` is damaged: its content is not what was written", hint=hint)


def _open_immutable(path: Path) -> sqlite3.Connection:
    """Open a file that nobody changes: no lock, no journal; whoever renews it replaces it."""
    import sqlite3  # noqa: PLC0415 - `--version` must not pay for it

    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return _guarded(sqlite3.connect(uri, uri=True, check_same_thread=False))


def _guarded(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _opened(path: Path) -> BinaryIO:
    """Open a regular file.

    Raises:
        StoreError: It is missing, none, or unreadable.
    """
    try:
        if not path.is_file():
            why = "it is no regular file" if path.exists() else "there is no such file"
            raise StoreError(f"cannot read advisory store `{path}`: {why}", hint=NAME_HINT)
        return path.open("rb")
    except OSError as error:
        raise StoreError(
            f"cannot read advisory store `{path}`: {error.strerror or error}", hint=BUILD_HINT
        ) from error


def _size(file: BinaryIO, path: Path) -> int:
    """Return the size of an open file, in bytes.

    Raises:
        StoreError: It is empty, or larger than `MAX_STORE_BYTES`.
    """
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise StoreError(f"cannot read advisory store `{path}`: the file is empty", hint=BUILD_HINT)
    if size > MAX_STORE_BYTES:
        why = f"it is larger than {MAX_STORE_BYTES} bytes"
        raise StoreError(f"cannot read advisory store `{path}`: {why}", hint=BUILD_HINT)
    return size


def _decompress(file: BinaryIO, path: Path) -> bytes:
    """Return the uncompressed bytes, at most `MAX_STORE_BYTES` of them."""
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as inflated:
            content = inflated.read(MAX_STORE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"advisory store `{path}` is damaged: {error}", hint=BUILD_HINT) from error
    if len(content) > MAX_STORE_BYTES:
        raise StoreError(f"advisory store `{path}` holds more than {MAX_STORE_BYTES} bytes", hint=BUILD_HINT)
    return content
