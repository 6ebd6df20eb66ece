"""The advisory store: one SQLite file that is only read, checked as a whole when it is opened."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from basewise._internal.embedded import read_embedded
from basewise._internal.prepared import prepared
from basewise.advisories.annotations import Annotations
from basewise.advisories.content import (
    ECOSYSTEMS_WITHOUT_PACKAGES,
    Origin,
)
from basewise.advisories.facts import PackageRecord, advisories_of, advisory_of
from basewise.advisories.record_bytes import unpack_record
from basewise.advisories.schema import SCHEMA_VERSION, TABLES, table_definitions
from basewise.advisories.store_file import (
    BUILD_HINT,
    NAME_HINT,
    connect,
    connect_file,
)
from basewise.advisories.user_store import USER_HINT, user_store
from basewise.errors import KnowledgeError, OutputError, StoreError
from basewise.model.advisory import Advisory, SourceStatus

if TYPE_CHECKING:
    import sqlite3

__all__ = ["EMBEDDED_STORE", "Store"]

EMBEDDED_STORE = "advisories/store.sqlite.gz"
_EMBEDDED_HINT = "install basewise again, or name another store in BASEWISE_STORE"
_NOTHING = PackageRecord()
_ASKED_AT_ONCE = 500
"""Names in one statement; SQLite allows 999 values where it is old."""


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

    def __init__(self, connection: sqlite3.Connection, name: str, hint: str = BUILD_HINT) -> None:
        self.name = name
        self._hint = hint
        self._connection = connection
        self._lock = threading.Lock()
        self._decoder = msgspec.msgpack.Decoder(prepared(PackageRecord))
        self._records: dict[tuple[str, str, str], PackageRecord | None] = {}
        self._check()
        self._sources = self._read_sources()
        self._annotations = Annotations(connection, self._meta(), self._lock)
        self._releases = {
            (str(row[0]), str(row[1])): (int(row[2]), int(row[3]))
            for row in connection.execute(
                "SELECT ecosystem, release, packages, facts FROM release ORDER BY ecosystem, release"
            )
        }

    @classmethod
    def open_default(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Open the store that `BASEWISE_STORE` names, else the user's own, else the embedded one.

        The user's own store, which `basewise db update` writes, is passed over only where the embedded one is
        newer: where none of its sources is as new as the newest source of the embedded one.

        Args:
            environment: Variables; the process's own when None.

        Raises:
            StoreError: It is missing, empty or damaged; another one is never taken instead.
        """
        stated = (os.environ if environment is None else environment).get("BASEWISE_STORE")
        if stated is not None:
            return cls.open_path(stated)
        path = user_store()
        if path is None or not os.path.lexists(path):
            return cls.open_embedded()
        own, embedded = cls.open_path(path, USER_HINT), cls.open_embedded()
        newer, older = (own, embedded) if own.newest >= embedded.newest else (embedded, own)
        older.close()
        return newer

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
    def open_path(cls, path: Path | str, hint: str = BUILD_HINT) -> Self:
        """Open a store file, compressed or not.

        Args:
            path: The file.
            hint: What to do when it is damaged.

        Raises:
            StoreError: It is missing, empty or damaged.
        """
        if not str(path):
            raise StoreError("cannot read the advisory store: BASEWISE_STORE is empty", hint=NAME_HINT)
        return cls._open(lambda: connect_file(Path(path)), str(path), hint)

    @classmethod
    def open_bytes(cls, raw: bytes, name: str, hint: str = BUILD_HINT) -> Self:
        """Open the uncompressed bytes of a store file.

        Args:
            raw: The file.
            name: How to call it in messages.
            hint: What to do when it is damaged.

        Raises:
            StoreError: It is damaged.
        """
        return cls._open(lambda: connect(raw, name, hint), name, hint)

    @classmethod
    def _open(cls, connected: Callable[[], sqlite3.Connection], name: str, hint: str) -> Self:
        """Open what `connected` gives; whatever is wrong with it is a `StoreError`."""
        import sqlite3  # noqa: PLC0415 - `--version` must not pay for it

        connection = None
        try:
            connection = connected()
            return cls(connection, name, hint)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, StoreError) and error.hint in {BUILD_HINT, NAME_HINT}:
                error.hint = hint
            if isinstance(error, (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError, OutputError)):
                raise StoreError(f"advisory store `{name}` is damaged: {error}", hint=hint) from error
            raise

    def sources(self) -> tuple[SourceStatus, ...]:
        """Return what the store holds of each source, sorted by name."""
        return self._sources

    @property
    def as_of(self) -> str:
        """Oldest date of the sources of advisories, `YYYY-MM-DD`; lists of exploited ids and scores have their own."""
        return min(
            (s.as_of for s in self._sources if s.ecosystem not in ECOSYSTEMS_WITHOUT_PACKAGES), default=""
        )

    @property
    def newest(self) -> str:
        """Newest date of all sources, `YYYY-MM-DD`."""
        return max((source.as_of for source in self._sources), default="")

    @property
    def exploited_as_of(self) -> str:
        """Date of the list of exploited vulnerabilities, `YYYY-MM-DD`; "" when there is none."""
        return self._annotations.exploited_as_of

    @property
    def epss_as_of(self) -> str:
        """Date of the EPSS scores, `YYYY-MM-DD`; "" when there are none."""
        return self._annotations.epss_as_of

    def ecosystems(self) -> frozenset[str]:
        """Return the ecosystems of which the store knows a package."""
        return frozenset(ecosystem for ecosystem, _ in self._releases)

    def releases(self, ecosystem: str) -> frozenset[str]:
        """Return the releases of which the store knows a package."""
        return frozenset(release for name, release in self._releases if name == ecosystem)

    def release_counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return the numbers of packages and facts by (ecosystem, release), sorted."""
        return dict(self._releases)

    def facts(self, ecosystem: str, release: str, package: str) -> tuple[Advisory, ...]:
        """Return what is known of one source package in one release, sorted by vulnerability.

        A vulnerability whose CVE id was rejected is left out, and such an id is nobody's alias.

        Raises:
            StoreError: The file is damaged.
        """
        package_name = (ecosystem, release, package)
        return advisories_of(package_name, self.record(*package_name), self._annotations.rejected_ids)

    def stated_facts(self, ecosystem: str, release: str, package: str) -> tuple[Advisory, ...]:
        """Return what feeds said word for word: `facts` before anything is left out.

        Raises:
            StoreError: The file is damaged.
        """
        package_name = (ecosystem, release, package)
        return tuple(advisory_of(package_name, fact) for fact in self.record(*package_name).facts)

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

    def read_ahead(self, ecosystem: str, release: str, packages: Iterable[str]) -> None:
        """Read the records of many packages at once, for a third of what it takes to ask for each.

        Raises:
            StoreError: The file is damaged.
        """
        with self._lock:
            asked = dict.fromkeys(packages)
            missing = [name for name in asked if (ecosystem, release, name) not in self._records]
            for start in range(0, len(missing), _ASKED_AT_ONCE):
                names = missing[start : start + _ASKED_AT_ONCE]
                marks = ",".join("?" * len(names))
                rows = self._connection.execute(
                    f"SELECT name, record FROM package WHERE ecosystem = ? AND release = ? AND name IN ({marks})",  # noqa: S608 - question marks
                    (ecosystem, release, *names),
                ).fetchall()
                self._records.update(dict.fromkeys((ecosystem, release, name) for name in names))
                for name, record in rows:
                    key = (ecosystem, release, str(name))
                    self._records[key] = self._decoded(key, record)

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
        return self._annotations.exploited(cve_id, known_on)

    def exploited_ids(self) -> tuple[str, ...]:
        """Return the ids of the list of exploited vulnerabilities, sorted."""
        return tuple(sorted(self._annotations.exploited_ids))

    def rejected_ids(self) -> tuple[str, ...]:
        """Return the CVE ids that were taken back, sorted."""
        return tuple(sorted(self._annotations.rejected_ids))

    def epss(self, cve_id: str) -> tuple[float, float] | None:
        """Return the chance that a vulnerability is exploited within 30 days, and its percentile, both 0 to 1.

        Args:
            cve_id: CVE id.

        Returns:
            None when it has no score in this store; that is not a chance of 0.
        """
        return self._annotations.epss(cve_id)

    def epss_scores(self) -> tuple[tuple[str, float, float], ...]:
        """Return (CVE id, probability, percentile) of all that have a score, sorted."""
        return self._annotations.all_scores()

    def cvss(self, cve_id: str) -> tuple[tuple[str, str], ...]:
        """Return (who gave it, CVSS vector) of a vulnerability, sorted; nothing where none is known.

        Args:
            cve_id: CVE id.
        """
        return self._annotations.cvss(cve_id)

    def cvss_vectors(self) -> tuple[tuple[str, str, str], ...]:
        """Return (CVE id, who gave it, vector) of all vectors, sorted."""
        return self._annotations.all_vectors()

    def entry_count(self) -> int:
        """Return the number of entries of all sources of advisories."""
        return sum(s.entries for s in self._sources if s.ecosystem not in ECOSYSTEMS_WITHOUT_PACKAGES)

    def packages(self) -> tuple[tuple[str, str, str], ...]:
        """Return (ecosystem, release, package) of every record, sorted."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT ecosystem, release, name FROM package ORDER BY ecosystem, release, name"
            ).fetchall()
        return tuple((str(row[0]), str(row[1]), str(row[2])) for row in rows)

    def records(self) -> Iterator[tuple[tuple[str, str, str], PackageRecord]]:
        """Yield every package with its record, sorted; nothing of it is kept in memory.

        Raises:
            StoreError: The file is damaged.
        """
        rows = self._connection.cursor().execute(
            "SELECT ecosystem, release, name, record FROM package ORDER BY ecosystem, release, name"
        )
        for ecosystem, release, name, record in rows:
            key = (str(ecosystem), str(release), str(name))
            yield key, self._decoded(key, record)

    def origins(self) -> tuple[Origin, ...]:
        """Return where the facts of an update come from, sorted by name; nothing where no update wrote the store.

        Raises:
            StoreError: The file is damaged.
        """
        try:
            return msgspec.json.decode(self._meta().get("origins", "[]"), type=prepared(tuple[Origin, ...]))
        except msgspec.DecodeError as error:
            raise StoreError(f"advisory store `{self.name}` is damaged: {error}", hint=self._hint) from error

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
        if self._connection.execute("SELECT count(*) FROM release").fetchone()[0] == 0:
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
        return None if row is None else self._decoded(key, row[0])

    def _decoded(self, key: tuple[str, str, str], record: bytes) -> PackageRecord:
        try:
            return self._decoder.decode(unpack_record(record))
        except (msgspec.DecodeError, zlib.error) as error:
            raise StoreError(
                f"advisory store `{self.name}` is damaged at {'/'.join(key)}: {error}", hint=self._hint
            ) from error
