"""The advisory store: one SQLite file that is only read, checked as a whole when it is opened."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from basewise._internal.embedded import read_embedded
from basewise._internal.paths import cache_directory, write_atomically
from basewise.advisories.content import PackageRecord
from basewise.advisories.exploited import may_be_exploited
from basewise.advisories.schema import SCHEMA_VERSION, TABLES, content_hash, table_definitions
from basewise.errors import KnowledgeError, OutputError, StoreError
from basewise.model.advisory import Advisory, SourceStatus

if TYPE_CHECKING:
    import sqlite3

__all__ = ["EMBEDDED_STORE", "Store"]

EMBEDDED_STORE = "advisories/store.sqlite.gz"
MAX_STORE_BYTES = 2 * 1024**3
MAX_RECORD_BYTES = 64 * 1024**2
_GZIP_MAGIC = b"\x1f\x8b"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_HINT = "build it again with `basewise db build`, or unset BASEWISE_STORE to use the embedded store"
_EMBEDDED_HINT = "install basewise again, or name another store in BASEWISE_STORE"
_NOTHING = PackageRecord()


class Store:
    """Advisory facts of packages, read on demand.

    Open one with `open_default`, `open_path` or `open_embedded`. It may be used from several threads.

    Args:
        connection: An open store file.
        name: How to call it in messages.
        hint: What to do when it is damaged.

    Raises:
        StoreError: Of another schema, empty, or not what was written.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, hint: str = _HINT) -> None:
        self.name = name
        self._hint = hint
        self._connection = connection
        self._lock = threading.Lock()
        self._decoder = msgspec.msgpack.Decoder(PackageRecord)
        self._records: dict[tuple[str, str, str], PackageRecord | None] = {}
        self._check()
        self._sources = self._read_sources()
        self._exploited = frozenset(row[0] for row in connection.execute("SELECT id FROM exploited"))
        self._exploited_as_of = str(self._meta().get("exploited_as_of", ""))
        self._releases = frozenset(
            (str(row[0]), str(row[1]))
            for row in connection.execute("SELECT DISTINCT ecosystem, release FROM package")
        )

    @classmethod
    def open_default(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Open the store that `BASEWISE_STORE` names, else the embedded one.

        Args:
            environment: Variables; the process's own when None.

        Raises:
            StoreError: It is missing, empty or damaged; another one is never taken instead.
        """
        stated = (os.environ if environment is None else environment).get("BASEWISE_STORE")
        return cls.open_embedded() if stated is None else cls.open_path(stated)

    @classmethod
    def open_embedded(cls) -> Self:
        """Open the store that comes with the package.

        Raises:
            StoreError: It is missing or damaged.
        """
        try:
            raw = read_embedded(EMBEDDED_STORE)
        except KnowledgeError as error:
            raise StoreError(error.message, hint=_EMBEDDED_HINT) from error
        return cls.open_bytes(raw, "embedded", _EMBEDDED_HINT)

    @classmethod
    def open_path(cls, path: Path | str) -> Self:
        """Open a store file, compressed or not.

        Raises:
            StoreError: It is missing, empty or damaged.
        """
        if not str(path):
            raise StoreError("cannot read the advisory store: BASEWISE_STORE is empty", hint=_HINT)
        raw = _read_file(Path(path))
        return cls.open_bytes(raw, str(path))

    @classmethod
    def open_bytes(cls, raw: bytes, name: str, hint: str = _HINT) -> Self:
        """Open the uncompressed bytes of a store file.

        Args:
            raw: The file.
            name: How to call it in messages.
            hint: What to do when it is damaged.

        Raises:
            StoreError: It is damaged.
        """
        import sqlite3  # noqa: PLC0415 - `--version` must not pay for it

        if not raw.startswith(_SQLITE_MAGIC):
            raise StoreError(f"cannot read advisory store `{name}`: not a store file", hint=hint)
        if len(raw) != _stated_bytes(raw):
            raise StoreError(f"advisory store `{name}` is damaged: it is cut or has grown", hint=hint)
        connection = None
        try:
            connection = _connect(raw)
            return cls(connection, name, hint)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError, OutputError)):
                raise StoreError(f"advisory store `{name}` is damaged: {error}", hint=hint) from error
            raise

    def sources(self) -> tuple[SourceStatus, ...]:
        """Return what the store holds of each source, sorted by name."""
        return self._sources

    @property
    def as_of(self) -> str:
        """Oldest date of the sources of advisories, `YYYY-MM-DD`; the list of exploited ids has its own."""
        from basewise.advisories.content import ECOSYSTEM_OF_EXPLOITED  # noqa: PLC0415

        return min((s.as_of for s in self._sources if s.ecosystem != ECOSYSTEM_OF_EXPLOITED), default="")

    @property
    def exploited_as_of(self) -> str:
        """Date of the list of exploited vulnerabilities, `YYYY-MM-DD`; "" when there is none."""
        return self._exploited_as_of

    def ecosystems(self) -> frozenset[str]:
        """Return the ecosystems of which the store knows a package."""
        return frozenset(ecosystem for ecosystem, _ in self._releases)

    def releases(self, ecosystem: str) -> frozenset[str]:
        """Return the releases of which the store knows a package."""
        return frozenset(release for name, release in self._releases if name == ecosystem)

    def facts(self, ecosystem: str, release: str, package: str) -> tuple[Advisory, ...]:
        """Return what is known of one source package in one release, sorted by vulnerability.

        Raises:
            StoreError: The file is damaged.
        """
        return tuple(
            Advisory(
                id=fact.id,
                ecosystem=ecosystem,
                release=release,
                package=package,
                kind=fact.kind,
                version=fact.version,
                origin=fact.origin,
                published=fact.published,
                detail=fact.detail,
                aliases=fact.aliases,
                severity=fact.severity,
            )
            for fact in self.record(ecosystem, release, package).facts
        )

    def record(self, ecosystem: str, release: str, package: str) -> PackageRecord:
        """Return facts, coverage, oldest statement and current version as one record; empty when unknown.

        Raises:
            StoreError: The file is damaged.
        """
        key = (ecosystem, release, package)
        with self._lock:
            if key not in self._records:
                self._records[key] = self._read_record(key)
            return self._records[key] or _NOTHING

    def covered(self, ecosystem: str, release: str, package: str) -> tuple[str, ...]:
        """Return the names of the feeds that looked at a package; empty when none did."""
        return self.record(ecosystem, release, package).covered_by

    def exploited(self, cve_id: str, known_on: str = "") -> bool | None:
        """Tell whether a vulnerability is on the list of exploited ones.

        Args:
            cve_id: CVE id.
            known_on: A date on which the vulnerability was already public, "" when not known.

        Returns:
            True when listed; False when it is not and was public before the list was made; None when
            the list could not know it. False says "not exploited as of `exploited_as_of`".
        """
        return may_be_exploited(cve_id, known_on, self._exploited, self._exploited_as_of)

    def exploited_ids(self) -> tuple[str, ...]:
        """Return the ids of the list of exploited vulnerabilities, sorted."""
        return tuple(sorted(self._exploited))

    def entry_count(self) -> int:
        """Return the number of facts of all sources."""
        return sum(source.entries for source in self._sources)

    def packages(self) -> tuple[tuple[str, str, str], ...]:
        """Return (ecosystem, release, package) of every record, sorted."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT ecosystem, release, name FROM package ORDER BY ecosystem, release, name"
            ).fetchall()
        return tuple((str(row[0]), str(row[1]), str(row[2])) for row in rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        """Refuse a file with anything but the expected tables, of another schema, empty, or altered."""
        if table_definitions(self._connection) != TABLES:
            raise StoreError(
                f"advisory store `{self.name}` has not the tables of schema {SCHEMA_VERSION}", hint=self._hint
            )
        meta = self._meta()
        if meta.get("schema") != str(SCHEMA_VERSION):
            raise StoreError(
                f"advisory store `{self.name}` has schema {meta.get('schema')}, not {SCHEMA_VERSION}",
                hint=self._hint,
            )
        if content_hash(self._connection) != meta.get("sha256"):
            raise StoreError(
                f"advisory store `{self.name}` is damaged: its content is not what was written",
                hint=self._hint,
            )
        if self._connection.execute("SELECT count(*) FROM package").fetchone()[0] == 0:
            raise StoreError(f"advisory store `{self.name}` is empty", hint=self._hint)

    def _meta(self) -> dict[str, str]:
        return {
            str(key): str(value) for key, value in self._connection.execute("SELECT key, value FROM meta")
        }

    def _read_sources(self) -> tuple[SourceStatus, ...]:
        rows = self._connection.execute(
            "SELECT name, ecosystem, as_of, entries, verified, note FROM source ORDER BY name"
        )
        return tuple(
            SourceStatus(
                name=name,
                ecosystem=ecosystem,
                as_of=as_of,
                entries=entries,
                verified=bool(verified),
                note=note,
            )
            for name, ecosystem, as_of, entries, verified, note in rows
        )

    def _read_record(self, key: tuple[str, str, str]) -> PackageRecord | None:
        row = self._connection.execute(
            "SELECT record FROM package WHERE ecosystem = ? AND release = ? AND name = ?", key
        ).fetchone()
        if row is None:
            return None
        try:
            return self._decoder.decode(_inflate(row[0]))
        except (msgspec.DecodeError, zlib.error) as error:
            raise StoreError(
                f"advisory store `{self.name}` is damaged at {'/'.join(key)}: {error}", hint=self._hint
            ) from error


def _inflate(blob: bytes) -> bytes:
    """Return an uncompressed record, at most `MAX_RECORD_BYTES` of it."""
    inflater = zlib.decompressobj()
    raw = inflater.decompress(blob, MAX_RECORD_BYTES)
    if not inflater.eof:
        raise zlib.error(f"a record is cut, or larger than {MAX_RECORD_BYTES} bytes")
    return raw


def _stated_bytes(raw: bytes) -> int:
    """Return how long the file is by its own header: size of a page times pages."""
    page_bytes = int.from_bytes(raw[16:18], "big")
    return (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(raw[28:32], "big")


def _connect(raw: bytes) -> sqlite3.Connection:
    """Open the bytes of a store in memory, or from the cache directory where SQLite cannot do that."""
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


def _read_file(path: Path) -> bytes:
    """Return the bytes of a store file, decompressed."""
    try:
        if not path.is_file():
            why = "it is no regular file" if path.exists() else "there is no such file"
            raise StoreError(f"cannot read advisory store `{path}`: {why}", hint=_HINT)
        if path.stat().st_size > MAX_STORE_BYTES:
            why = f"it is larger than {MAX_STORE_BYTES} bytes"
            raise StoreError(f"cannot read advisory store `{path}`: {why}", hint=_HINT)
        raw = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"cannot read advisory store `{path}`: {error.strerror or error}", hint=_HINT
        ) from error
    if not raw:
        raise StoreError(f"cannot read advisory store `{path}`: the file is empty", hint=_HINT)
    return _decompress(raw, path) if raw.startswith(_GZIP_MAGIC) else raw


def _decompress(raw: bytes, path: Path) -> bytes:
    """Return the uncompressed bytes, at most `MAX_STORE_BYTES` of them."""
    import io  # noqa: PLC0415 - compressed stores are rare

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            content = file.read(MAX_STORE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"advisory store `{path}` is damaged: {error}", hint=_HINT) from error
    if len(content) > MAX_STORE_BYTES:
        raise StoreError(f"advisory store `{path}` holds more than {MAX_STORE_BYTES} bytes", hint=_HINT)
    return content
