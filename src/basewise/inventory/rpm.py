"""Packages of Red Hat's, Amazon's and SUSE's families: rpm's database, in each of its formats and places."""

from __future__ import annotations

from collections.abc import Iterator

from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.inventory.database import (
    Database,
    Record,
    decode_database,
    first_layers,
    installed_packages,
    owners,
    problems_of,
)
from basewise.inventory.rpm_bdb import is_bdb_hash, iterate_bdb_headers
from basewise.inventory.rpm_header import RpmHeaderError, read_rpm_header
from basewise.inventory.rpm_ndb import NDB_MAGIC, iterate_ndb_headers
from basewise.inventory.rpm_sqlite import RpmDatabaseError, iterate_sqlite_headers
from basewise.model.evidence import NotCovered
from basewise.model.package import PackageType

__all__ = ["RpmCataloger", "read_rpm_database"]

_PLACES = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
# In the order in which rpm itself prefers them: a change of format leaves the old file behind.
_FILES = ("rpmdb.sqlite", "Packages.db", "Packages")
_LOG = "-wal"
_SQLITE_MAGIC = b"SQLite format 3\0"
_MAX_BYTES = 160 * 1024 * 1024
_FAMILY = frozenset(
    {
        "almalinux", "amzn", "azurelinux", "centos", "fedora", "mariner", "ol", "opensuse-leap",
        "opensuse-tumbleweed", "photon", "rhel", "rocky", "sles",
    }
)  # fmt: skip


class RpmCataloger:
    """Finds `rpm` packages."""

    name = "rpm"
    version = 2
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = tuple(f"{place}/{file}" for place in _PLACES for file in _FILES)
    max_file_bytes = _MAX_BYTES

    def condense(self, path: str, content: bytes) -> bytes:  # noqa: ARG002 - of the protocol; the bytes say the format
        """Keep the records."""
        return read_rpm_database(content).encode()

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the packages, their layers and their files."""
        tree = view.tree
        not_covered: list[NotCovered] = []
        read: list[tuple[str, Database]] = []
        places = dict.fromkeys(real for place in _PLACES if (real := tree.resolve(place)) is not None)
        for path in (f"{place}/{file}" for place in places for file in _FILES):
            if tree.entry(path) is None:
                continue
            database = decode_database(tree.condensed(path, self.name))
            if database is None:
                not_covered.append(
                    NotCovered(f"packages of `{path}`", "it is too large, no file, or leads nowhere")
                )
                continue
            not_covered += problems_of(database, path)
            log = tree.lookup(f"{path}{_LOG}")
            if log is not None and log.size_bytes:
                not_covered.append(NotCovered(f"packages of `{path}`", "its write-ahead log is not read"))
            if database.records:
                read.append((path, database))
        if not read:
            return CatalogResult(not_covered=(*not_covered, *(() if not_covered else _traces(view))))
        path, database = read[0]
        not_covered += _others(database, read[1:])
        history = tree.condensed_history(tree.resolve(path) or path, self.name)
        layers = first_layers([(layer, decode_database(kept)) for layer, kept in history])
        owned, checksums = owners(PackageType.RPM, database, tree)
        return CatalogResult(
            packages=tuple(sorted(installed_packages(PackageType.RPM, database, path, layers))),
            owned=owned,
            checksums=checksums,
            not_covered=tuple(not_covered),
        )


def read_rpm_database(content: bytes) -> Database:
    """Read a database of any of rpm's formats.

    Args:
        content: The whole file; its first bytes say the format.

    Returns:
        The packages that could be read, a count of those that could not, and what stopped the reading.
    """
    records: list[Record] = []
    damaged = 0
    problems: list[str] = []
    try:
        for blob in _headers(content):
            try:
                record = read_rpm_header(blob)
            except RpmHeaderError:
                damaged += 1
                continue
            if record is not None:
                records.append(record)
    except RpmDatabaseError as error:
        problems.append(f"the database cannot be read to its end: {error}")
    if not records and not damaged and not problems:
        problems.append("it lists no installed package")
    return Database(tuple(records), (), damaged, tuple(problems))


def _headers(content: bytes) -> Iterator[bytes]:
    if content.startswith(_SQLITE_MAGIC):
        return iterate_sqlite_headers(content)
    if content.startswith(NDB_MAGIC):
        return iterate_ndb_headers(content)
    if is_bdb_hash(content):
        return iterate_bdb_headers(content)
    raise RpmDatabaseError("it is of no known format")


def _others(database: Database, rest: list[tuple[str, Database]]) -> Iterator[NotCovered]:
    """Yield the databases that say something else than the one that was taken."""
    known = {record.key for record in database.records}
    for path, other in rest:
        if {record.key for record in other.records} != known:
            yield NotCovered(f"packages of `{path}`", "another database of this image is newer and was taken")


def _traces(view: ImageView) -> list[NotCovered]:
    """Return what shows that rpm installed packages of which no database is left."""
    if view.distro is not None and view.distro.id in _FAMILY:
        return [NotCovered("rpm packages", f"this is {view.distro} without a package database")]
    return []
