"""Opening an advisory store: which file is read, whether it is what was written, and what it says of itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from basewise._internal.embedded import read_embedded
from basewise._internal.prepared import prepared
from basewise.advisories.annotations import Annotations
from basewise.advisories.schema import SCHEMA_VERSION, TABLES, table_definitions
from basewise.advisories.store_file import BUILD_HINT, NAME_HINT, connect, connect_file
from basewise.advisories.user_store import USER_HINT, user_store
from basewise.errors import KnowledgeError, OutputError, StoreError
from basewise.model.advisory import SourceStatus

if TYPE_CHECKING:
    import sqlite3

__all__ = ["EMBEDDED_STORE", "OpenedStore", "open_bytes", "open_default", "open_embedded", "open_path"]

EMBEDDED_STORE = "advisories/store.sqlite.gz"
MAX_NAMED = 3
_EMBEDDED_HINT = "install basewise again, or name another store in BASEWISE_STORE"


class OpenedStore:
    """A store file that was checked, with what is read of it at once.

    Args:
        connection: Of a file whose bytes are those that were written.
        name: How to call it in messages.
        hint: What to do when it is damaged.

    Attributes:
        lock: Held while the connection is used.
        meta: Its table of dates and versions.
        sources: What it holds of each source, sorted by name.
        releases: Numbers of packages and facts by (ecosystem, release), sorted.
        annotations: What it says of vulnerabilities themselves.
        passed_over: What is missing because a newer store is read than the user's own, "" for nothing.

    Raises:
        StoreError: Of another schema, empty, or with other tables than were written.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, hint: str) -> None:
        self.connection = connection
        self.name = name
        self.hint = hint
        self.lock = threading.Lock()
        self._check_tables()
        self.meta = {str(key): str(value) for key, value in connection.execute("SELECT key, value FROM meta")}
        self._check_content()
        self.sources = _read_sources(connection)
        self.releases = _read_releases(connection)
        self.annotations = Annotations(connection, self.meta, self.lock)
        self.passed_over = ""

    @property
    def newest(self) -> str:
        """Newest date of all sources, `YYYY-MM-DD`."""
        return max((source.as_of for source in self.sources), default="")

    def damaged(self, why: object, at: str = "") -> StoreError:
        """Return the error that says that the file is damaged."""
        place = f" at {at}" if at else ""
        return StoreError(f"advisory store `{self.name}` is damaged{place}: {why}", hint=self.hint)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _check_tables(self) -> None:
        """Refuse a file with anything but the expected tables, before any of them is read."""
        if table_definitions(self.connection) != TABLES:
            raise StoreError(
                f"advisory store `{self.name}` has not the tables of schema {SCHEMA_VERSION}", hint=self.hint
            )

    def _check_content(self) -> None:
        """Refuse a file of another schema, and an empty one."""
        schema = self.meta.get("schema")
        if schema != str(SCHEMA_VERSION):
            raise StoreError(
                f"advisory store `{self.name}` has schema {schema}, not {SCHEMA_VERSION}", hint=self.hint
            )
        if self.connection.execute("SELECT count(*) FROM release").fetchone()[0] == 0:
            raise StoreError(f"advisory store `{self.name}` is empty", hint=self.hint)


def open_default(environment: Mapping[str, str] | None = None) -> OpenedStore:
    """Open the store that `BASEWISE_STORE` names, else the user's own, else the embedded one.

    See `Store.open_default`.
    """
    stated = (os.environ if environment is None else environment).get("BASEWISE_STORE")
    if stated is not None:
        return open_path(stated)
    path = user_store()
    if path is None or not os.path.lexists(path):
        return open_embedded()
    own = open_path(path, USER_HINT)
    try:
        embedded = open_embedded()
    except BaseException:
        own.close()
        raise
    if own.newest >= embedded.newest:
        embedded.close()
        return own
    embedded.passed_over = _passed_over(own, embedded)
    own.close()
    return embedded


def _passed_over(own: OpenedStore, embedded: OpenedStore) -> str:
    """Say which sources only the store has that is not read, and how to have them again; "" for none."""
    lost = sorted({source.name for source in own.sources} - {source.name for source in embedded.sources})
    if not lost:
        return ""
    more = f" and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
    return (
        f"your own store `{own.name}` has {', '.join(lost[:MAX_NAMED])}{more} and is not read: its newest source is of"
        f" {own.newest}, the embedded store is of {embedded.newest}; renew it with `basewise db update`"
    )


def open_embedded() -> OpenedStore:
    """Open the store that comes with the package.

    Raises:
        StoreError: It is missing or damaged.
    """
    try:
        raw = read_embedded(EMBEDDED_STORE)
    except KnowledgeError as error:
        raise StoreError(error.message, hint=_EMBEDDED_HINT) from error
    return open_bytes(raw, "embedded", _EMBEDDED_HINT)


def open_path(path: Path | str, hint: str = BUILD_HINT) -> OpenedStore:
    """Open a store file, compressed or not.

    Args:
        path: The file.
        hint: What to do when it is damaged.

    Raises:
        StoreError: It is missing, empty or damaged.
    """
    if not str(path):
        raise StoreError("cannot read the advisory store: BASEWISE_STORE is empty", hint=NAME_HINT)
    return _open(lambda: connect_file(Path(path)), str(path), hint)


def open_bytes(raw: bytes, name: str, hint: str = BUILD_HINT) -> OpenedStore:
    """Open the uncompressed bytes of a store file.

    Args:
        raw: The file.
        name: How to call it in messages.
        hint: What to do when it is damaged.

    Raises:
        StoreError: It is damaged.
    """
    return _open(lambda: connect(raw, name, hint), name, hint)


def _open(connected: Callable[[], sqlite3.Connection], name: str, hint: str) -> OpenedStore:
    """Open what `connected` gives; whatever is wrong with it is a `StoreError`."""
    import sqlite3  # noqa: PLC0415 - `--version` must not pay for it

    connection = None
    try:
        connection = connected()
        return OpenedStore(connection, name, hint)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, StoreError) and error.hint in {BUILD_HINT, NAME_HINT}:
            error.hint = hint
        if isinstance(error, (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError, OutputError)):
            raise StoreError(f"advisory store `{name}` is damaged: {error}", hint=hint) from error
        raise


def _read_sources(connection: sqlite3.Connection) -> tuple[SourceStatus, ...]:
    """Return what the store holds of each source.

    Raises:
        msgspec.ValidationError: A value is of another type than was written.
    """
    rows = connection.execute(
        "SELECT name, ecosystem, as_of, entries, verified, note FROM source ORDER BY name"
    )
    return tuple(
        msgspec.convert(
            {
                "name": name,
                "ecosystem": ecosystem,
                "as_of": as_of,
                "entries": entries,
                "verified": bool(verified),
                "note": note,
            },
            prepared(SourceStatus),
        )
        for name, ecosystem, as_of, entries, verified, note in rows
    )


def _read_releases(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the numbers of packages and facts by (ecosystem, release).

    Raises:
        msgspec.ValidationError: A value is of another type than was written.
    """
    rows = connection.execute(
        "SELECT ecosystem, release, packages, facts FROM release ORDER BY ecosystem, release"
    ).fetchall()
    found = msgspec.convert(rows, prepared(list[tuple[str, str, int, int]]))
    return {(ecosystem, release): (packages, facts) for ecosystem, release, packages, facts in found}
