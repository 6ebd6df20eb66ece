"""What a store says of packages: one record each, read when it is asked for and kept."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.facts import PackageRecord
from basewise.advisories.record_bytes import unpack_record
from basewise.advisories.store_opening import OpenedStore

__all__ = ["PackageRecords"]

_NOTHING = PackageRecord()
_ASKED_AT_ONCE = 500
"""Names in one statement; SQLite allows 999 values where it is old."""


class PackageRecords:
    """The packages of an open store file.

    Args:
        opened: The file.
    """

    def __init__(self, opened: OpenedStore) -> None:
        self._opened = opened
        self._connection = opened.connection
        self._lock = opened.lock
        self._decoder = msgspec.msgpack.Decoder(prepared(PackageRecord))
        self._records: dict[tuple[str, str, str], PackageRecord | None] = {}

    def record(self, key: tuple[str, str, str]) -> PackageRecord:
        """See `Store.record`."""
        with self._lock:
            if key not in self._records:
                self._records[key] = self._read_record(key)
            return self._records[key] or _NOTHING

    def read_ahead(self, ecosystem: str, release: str, packages: Iterable[str]) -> None:
        """See `Store.read_ahead`."""
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

    def names(self) -> tuple[tuple[str, str, str], ...]:
        """See `Store.packages`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT ecosystem, release, name FROM package ORDER BY ecosystem, release, name"
            ).fetchall()
        return tuple((str(row[0]), str(row[1]), str(row[2])) for row in rows)

    def all_records(self) -> Iterator[tuple[tuple[str, str, str], PackageRecord]]:
        """See `Store.records`."""
        rows = self._connection.cursor().execute(
            "SELECT ecosystem, release, name, record FROM package ORDER BY ecosystem, release, name"
        )
        for ecosystem, release, name, record in rows:
            key = (str(ecosystem), str(release), str(name))
            yield key, self._decoded(key, record)

    def _read_record(self, key: tuple[str, str, str]) -> PackageRecord | None:
        row = self._connection.execute(
            "SELECT record FROM package WHERE ecosystem = ? AND release = ? AND name = ?", key
        ).fetchone()
        return None if row is None else self._decoded(key, row[0])

    def _decoded(self, key: tuple[str, str, str], record: object) -> PackageRecord:
        if not isinstance(record, bytes):
            raise self._opened.damaged("its record is no bytes", "/".join(key))
        try:
            return self._decoder.decode(unpack_record(record))
        except (msgspec.DecodeError, zlib.error) as error:
            raise self._opened.damaged(error, "/".join(key)) from error
