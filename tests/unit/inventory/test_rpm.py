from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Callable
from functools import partial

import pytest

from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.rpm import RpmCataloger, read_rpm_database
from basewise.inventory.rpm_header import RpmHeaderError, read_rpm_header
from basewise.model.inventory import Inventory
from basewise.testing.rpm_databases import Value, make_bdb, make_header, make_ndb, make_sqlite
from basewise.testing.small_images import SmallFile, inventory_of, link
from basewise.testing.work import count_lines

ROCKY = {"etc/os-release": "ID=rocky\nVERSION_ID=9.5\n"}
SQLITE, NDB, BDB = "var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages"
FORMATS = {SQLITE: make_sqlite, NDB: make_ndb, BDB: make_bdb}


def header(name: str, version: str = "1.0", **values: Value) -> bytes:
    said: dict[str, Value] = {
        "name": name, "version": version, "release": "1.el9", "arch": "x86_64", "source": f"{name}-{version}-1.el9.src.rpm",
    }  # fmt: skip
    return make_header({**said, **values})


def look(*layers: dict[str, SmallFile]) -> Inventory:
    first, *others = layers
    return inventory_of({**ROCKY, **first}, *others, catalogers=[OsReleaseCataloger(), RpmCataloger()])


def names(inventory: Inventory) -> list[str]:
    return [f"{one.package.name} {one.package.version}" for one in inventory.packages]


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


@pytest.mark.parametrize("place", FORMATS)
def test_each_format_gives_the_same_packages(place: str) -> None:
    headers = [
        header("bash", "5.1.8"),
        header("openssl-libs", "3.0.7", epoch=1, source="openssl-3.0.7-1.el9.src.rpm"),
    ]
    found = look({place: FORMATS[place]([*headers, header("gpg-pubkey", "fd431d51")])})
    assert names(found) == ["bash 5.1.8-1.el9", "openssl-libs 1:3.0.7-1.el9"]
    package = found.packages[1].package
    assert (package.source, package.source_version, package.arch) == ("openssl", "1:3.0.7-1.el9", "x86_64")
    assert found.coverage.complete, said(found)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_long_header_on_many_pages_reads_in_both_byte_orders(order: str) -> None:
    long = header("long", directories=["/" + "x" * 5_000] * 4)
    database = read_rpm_database(make_bdb([long, header("short")], order=order))
    assert [record.name for record in database.records] == ["long", "short"]
    assert database.problems == ()


@pytest.mark.parametrize("page_bytes", [512, 4096, 65536])
def test_every_page_size_of_sqlite_reads(page_bytes: int) -> None:
    database = read_rpm_database(make_sqlite([header("bash")], page_bytes=page_bytes))
    assert [record.name for record in database.records] == ["bash"]


def test_a_database_in_the_mode_of_a_write_ahead_log_reads_and_a_log_beside_it_is_said() -> None:
    content = bytearray(make_sqlite([header("bash")]))
    content[18] = content[19] = 2
    assert names(look({SQLITE: bytes(content)})) == ["bash 1.0-1.el9"]
    assert look({SQLITE: bytes(content), f"{SQLITE}-wal": b""}).coverage.complete
    logged = look({SQLITE: bytes(content), f"{SQLITE}-wal": b"frames"})
    assert said(logged) == [f"packages of `{SQLITE}`: its write-ahead log is not read"]


def test_three_places_that_are_one_by_links_count_once() -> None:
    found = look(
        {
            "usr/lib/sysimage/rpm/rpmdb.sqlite": make_sqlite([header("bash")]),
            "var/lib/rpm": link("../../usr/lib/sysimage/rpm"),
            "usr/share/rpm": link("/usr/lib/sysimage/rpm"),
        }
    )
    assert names(found) == ["bash 1.0-1.el9"]
    assert found.packages[0].location == "usr/lib/sysimage/rpm/rpmdb.sqlite"
    assert found.coverage.complete, said(found)


def test_the_newer_format_is_taken_and_another_content_beside_it_is_said() -> None:
    same = look({SQLITE: make_sqlite([header("a")]), BDB: make_bdb([header("a")])})
    assert names(same) == ["a 1.0-1.el9"]
    assert same.coverage.complete
    other = look({SQLITE: make_sqlite([header("a")]), BDB: make_bdb([header("b")])})
    assert names(other) == ["a 1.0-1.el9"]
    assert said(other) == [f"packages of `{BDB}`: another database of this image is newer and was taken"]


@pytest.mark.parametrize(("epoch", "version"), [(None, "1.0-1.el9"), (0, "1.0-1.el9"), (7, "7:1.0-1.el9")])
def test_an_epoch_of_zero_is_none(epoch: int | None, version: str) -> None:
    record = read_rpm_header(header("a") if epoch is None else header("a", epoch=epoch))
    assert record is not None
    assert record.version == version


def test_the_label_of_a_module_is_kept() -> None:
    (one,) = look({SQLITE: make_sqlite([header("nodejs", module="nodejs:18:9050020240101:rhel9")])}).packages
    assert one.module == "nodejs:18:9050020240101:rhel9"


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 7,
        struct.pack(">II", 2**31, 10),
        struct.pack(">II", 1, 2**31),
        struct.pack(">IIIIII", 1, 4, 1000, 6, 2**31, 1) + b"name",
        struct.pack(">IIIIII", 1, 4, 1000, 6, 0, 1) + b"name",
        struct.pack(">IIIIII", 1, 5, 1000, 4, 0, 1) + b"name\0",
        make_header({"name": "a", "release": "1"}),
        make_header({"version": "1", "release": "1"}),
        make_header({"name": "a", "version": "1; rm -rf /", "release": "1"}),
        make_header({"name": "\x1b[31m", "version": "1", "release": "1"}),
        make_header({"name": "a" * 5_000, "version": "1", "release": "1"}),
        make_header({"name": "--nogpgcheck", "version": "1", "release": "1"}),
        header("python", base_names=["METADATA"], directory_indexes=[9], directories=["/x.dist-info/"]),
        make_header({"name": "a", "version": "1", "release": "1", "epoch": "text"}),
    ],
    ids=range(15),
)
def test_a_header_that_does_not_hold_together_is_an_error(blob: bytes) -> None:
    with pytest.raises(RpmHeaderError):
        read_rpm_header(blob)
    database = read_rpm_database(make_ndb([header("good"), blob]))
    assert [record.name for record in database.records] == ["good"]
    assert database.damaged == 1


HOSTILE_SCHEMAS = {
    "endless view": "CREATE VIEW Packages(hnum, blob) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i, x'00' FROM n;",
    "virtual table": "CREATE VIRTUAL TABLE Packages USING fts4(blob);",
    "computed column": "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL);"
    "INSERT INTO Packages(hnum) VALUES (1);",
    "computed column without the word": "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(900000000)));"
    "INSERT INTO Packages(hnum) VALUES (1);",
    "no such table": "CREATE TABLE Other(x);",
    "no such column": "CREATE TABLE Packages(x); INSERT INTO Packages VALUES (1);",
    "no rows": "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB);",
    "text instead of bytes": "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB); INSERT INTO Packages VALUES (1, 'text');",
    "numbers instead of bytes": "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB); INSERT INTO Packages VALUES (1, 5);",
}


class CountedConnection(sqlite3.Connection):
    """Counts the steps of SQLite's virtual machine, and stops what would not end."""

    steps = 0
    AT_ONCE = 100
    MOST_STEPS = 50_000_000

    def __init__(self, database: str, *, isolation_level: None) -> None:
        super().__init__(database, isolation_level=isolation_level)
        self.set_progress_handler(None, 0)

    def set_progress_handler(self, progress_handler: Callable[[], int | None] | None, n: int) -> None:
        since = 0

        def count() -> int:
            nonlocal since
            CountedConnection.steps += self.AT_ONCE
            since += self.AT_ONCE
            if CountedConnection.steps > self.MOST_STEPS:
                return 1
            if progress_handler is None or since < n:
                return 0
            since = 0
            return progress_handler() or 0

        super().set_progress_handler(count, self.AT_ONCE)


@pytest.mark.parametrize("schema", HOSTILE_SCHEMAS.values(), ids=HOSTILE_SCHEMAS)
def test_a_sqlite_database_that_is_a_program_does_not_run_and_is_said(
    schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_sqlite([], schema=schema)
    monkeypatch.setattr(sqlite3, "connect", CountedConnection)
    monkeypatch.setattr(CountedConnection, "steps", 0)
    count_lines(partial(read_rpm_database, content), at_most=10_000)
    assert CountedConnection.steps < 10_000
    found = look({SQLITE: content})
    assert names(found) == []
    assert len(said(found)) == 1, said(found)


TRIGGERS = (
    "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);"
    "CREATE TABLE Log(x); CREATE TRIGGER t AFTER INSERT ON Packages BEGIN INSERT INTO Log VALUES (1); END;"
    "INSERT INTO Packages(blob) VALUES (x'HEADER');"
)


def test_a_trigger_and_other_tables_do_no_harm() -> None:
    schema = TRIGGERS.replace("HEADER", header("bash").hex())
    assert names(look({SQLITE: make_sqlite([], schema=schema)})) == ["bash 1.0-1.el9"]


def damaged(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


TWO = [header("one"), header("two", directories=["/" + "y" * 9_000])]
DAMAGED = {
    "sqlite: garbage": (SQLITE, b"SQLite format 3\0" + b"\xff" * 5_000),
    "sqlite: too short": (SQLITE, b"SQLite format 3\0"),
    "sqlite: says a terabyte": (SQLITE, damaged(make_sqlite(TWO), 28, b"\x0f\xff\xff\xff")),
    "sqlite: encrypted": (SQLITE, hashlib.shake_256(b"seed").digest(8_192)),
    "ndb: slots beyond the file": (NDB, damaged(make_ndb(TWO), 12, struct.pack("<I", 2**31))),
    "ndb: bad slot": (NDB, damaged(make_ndb(TWO), 32, b"Slut")),
    "ndb: blob beyond the file": (NDB, damaged(make_ndb(TWO), 40, struct.pack("<I", 2**31))),
    "ndb: blob too long": (NDB, damaged(make_ndb(TWO), 4096 + 12, struct.pack("<I", 2**31))),
    "ndb: two slots, one package": (NDB, damaged(make_ndb(TWO), 48 + 8, make_ndb(TWO)[40:44])),
    "bdb: zeroed pages": (BDB, make_bdb(TWO)[:4096] + b"\0" * 4096 * 3),
    "bdb: page size 0": (BDB, damaged(make_bdb(TWO), 20, b"\0\0\0\0")),
    "bdb: encrypted": (BDB, damaged(make_bdb(TWO), 24, b"\1")),
    "bdb: a circle of pages": (BDB, damaged(make_bdb(TWO), 4096 * 4 + 16, struct.pack("<I", 4))),
    "bdb: overflow length 2^31": (BDB, damaged(make_bdb(TWO), 4096 * 2 - 5 - 4, struct.pack("<I", 2**31))),
    "bdb: overflow leads nowhere": (BDB, damaged(make_bdb(TWO), 4096 * 2 - 5 - 8, struct.pack("<I", 2**31))),
    "bdb: too many entries": (BDB, damaged(make_bdb(TWO), 4096 + 20, b"\xff\xff")),
    "nothing at all": (BDB, b""),
    "unknown format": (BDB, b"hello" * 1_000),
}


@pytest.mark.parametrize(("place", "content"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_database_costs_little_and_is_said(place: str, content: bytes) -> None:
    count_lines(partial(read_rpm_database, content), at_most=10_000)
    found = look({place: content})
    assert set(names(found)) <= {"one 1.0-1.el9", "two 1.0-1.el9"}
    assert said(found)


def test_a_removed_database_is_not_an_image_without_packages() -> None:
    found = look({SQLITE: make_sqlite([header("bash")])}, {"var/lib/rpm/.wh.rpmdb.sqlite": b""})
    assert said(found) == ["rpm packages: this is rocky 9.5 without a package database"]


def test_the_layer_that_brought_a_version_is_told() -> None:
    found = look(
        {SQLITE: make_sqlite([header("a"), header("b")])},
        {SQLITE: make_sqlite([header("a"), header("b", "2.0"), header("c")])},
    )
    assert [one.layer for one in found.packages] == [0, 1, 1]
