"""Reading the bytes of a store file, with limits, and opening them as a database."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from basewise._internal.paths import cache_directory, write_atomically
from basewise.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["BUILD_HINT", "SQLITE_MAGIC", "connect", "inflate_record", "read_store_file", "stated_bytes"]

BUILD_HINT = "build it again with `basewise db build`, or unset BASEWISE_STORE to use the embedded store"
MAX_STORE_BYTES = 2 * 1024**3
MAX_RECORD_BYTES = 64 * 1024**2
SQLITE_MAGIC = b"SQLite format 3\x00"
_GZIP_MAGIC = b"\x1f\x8b"


def inflate_record(blob: bytes) -> bytes:
    """Return an uncompressed record.

    Raises:
        zlib.error: It is damaged, or larger than `MAX_RECORD_BYTES`.
    """
    inflater = zlib.decompressobj()
    raw = inflater.decompress(blob, MAX_RECORD_BYTES)
    if not inflater.eof:
        raise zlib.error(f"a record is cut, or larger than {MAX_RECORD_BYTES} bytes")
    return raw


def stated_bytes(raw: bytes) -> int:
    """Return how long a SQLite file is by its own header: size of a page times pages."""
    page_bytes = int.from_bytes(raw[16:18], "big")
    return (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(raw[28:32], "big")


def connect(raw: bytes) -> sqlite3.Connection:
    """Open the bytes of a store in memory, or from the cache directory where SQLite cannot do that.

    Raises:
        sqlite3.Error: They are no database.
        OutputError: The cache directory is needed and cannot be written.
    """
    import sqlite3  # noqa: PLC0415 - `--version` must not pay for it

    if hasattr(sqlite3.Connection, "deserialize"):
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        connection.deserialize(raw)
    else:
        import hashlib  # noqa: PLC0415 - only where SQLite was built without deserialize

        path = cache_directory() / "stores" / f"{hashlib.sha256(raw).hexdigest()}.sqlite"
        if not path.is_file() or path.read_bytes() != raw:
            write_atomically(path, raw)
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def read_store_file(path: Path) -> bytes:
    """Return the bytes of a store file, decompressed.

    Raises:
        StoreError: It is missing, empty, unreadable, damaged or larger than `MAX_STORE_BYTES`.
    """
    try:
        if not path.is_file():
            why = "it is no regular file" if path.exists() else "there is no such file"
            raise StoreError(f"cannot read advisory store `{path}`: {why}", hint=BUILD_HINT)
        if path.stat().st_size > MAX_STORE_BYTES:
            why = f"it is larger than {MAX_STORE_BYTES} bytes"
            raise StoreError(f"cannot read advisory store `{path}`: {why}", hint=BUILD_HINT)
        raw = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"cannot read advisory store `{path}`: {error.strerror or error}", hint=BUILD_HINT
        ) from error
    if not raw:
        raise StoreError(f"cannot read advisory store `{path}`: the file is empty", hint=BUILD_HINT)
    return _decompress(raw, path) if raw.startswith(_GZIP_MAGIC) else raw


def _decompress(raw: bytes, path: Path) -> bytes:
    """Return the uncompressed bytes, at most `MAX_STORE_BYTES` of them."""
    import io  # noqa: PLC0415 - compressed stores are rare

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            content = file.read(MAX_STORE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"advisory store `{path}` is damaged: {error}", hint=BUILD_HINT) from error
    if len(content) > MAX_STORE_BYTES:
        raise StoreError(f"advisory store `{path}` holds more than {MAX_STORE_BYTES} bytes", hint=BUILD_HINT)
    return content
