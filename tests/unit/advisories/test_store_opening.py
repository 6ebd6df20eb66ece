"""Which store file is opened, and what is refused."""

from __future__ import annotations

import gzip
import random
import sqlite3
from pathlib import Path

import pytest

from basewise.advisories.content import gather
from basewise.advisories.seal import read_seal, seal
from basewise.advisories.store import Store
from basewise.advisories.write import write_store
from basewise.errors import StoreError
from basewise.model.advisory import FactKind
from basewise.testing.feeds import content_of, fact

FACTS = tuple(fact(f"CVE-2026-000{number}", FactKind.OPEN) for number in (1, 2, 3))


def written(folder: Path) -> Path:
    path = folder / "store.sqlite"
    write_store(path, content_of(*FACTS))
    return path


def test_a_compressed_store_is_read_like_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite.gz"
    size = write_store(path, content_of(*FACTS))
    assert path.stat().st_size == size
    with Store.open_path(path) as store:
        assert len(store.facts("debian", "bookworm", "openssl")) == 3


def test_a_store_without_deserialize_is_read_through_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_store(tmp_path / "store.sqlite.gz", content_of(*FACTS))

    monkeypatch.setattr(sqlite3, "Connection", type("Bare", (), {}))
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "cache here"))
    with Store.open_path(tmp_path / "store.sqlite.gz") as store:
        assert len(store.facts("debian", "bookworm", "openssl")) == 3
    assert list((tmp_path / "cache here" / "stores").glob("*.sqlite"))


class TestTheStoreThatTheEnvironmentNames:
    def test_is_opened(self, tmp_path: Path) -> None:
        written(tmp_path)
        with Store.open_default({"BASEWISE_STORE": str(tmp_path / "store.sqlite")}) as store:
            assert store.name == str(tmp_path / "store.sqlite")

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "no such file"),
            (b"", "the file is empty"),
            (b"not a store at all", "not a store file"),
            (b"SQLite format 3\x00", "damaged"),
            (b"SQLite format 3\x00" + bytes(4080), "damaged"),
            (gzip.compress(b"", mtime=0), "not a store file"),
            (gzip.compress(b"SQLite format 3\x00" * 300, mtime=0)[:-20], "damaged"),
            (b"\x1f\x8b\x08\x00garbage", "damaged"),
        ],
    )
    def test_is_an_error_when_it_is_missing_empty_or_damaged(
        self, tmp_path: Path, content: bytes | None, says: str
    ) -> None:
        path = tmp_path / "store.sqlite"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(StoreError, match=says) as caught:
            Store.open_default({"BASEWISE_STORE": str(path)})
        assert caught.value.exit_code == 4
        assert "basewise db build" in caught.value.hint

    def test_is_an_error_when_it_is_an_empty_name_or_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="BASEWISE_STORE is empty"):
            Store.open_default({"BASEWISE_STORE": ""})
        with pytest.raises(StoreError, match="no regular file"):
            Store.open_default({"BASEWISE_STORE": str(tmp_path)})


def altered(tmp_path: Path, *statements: str) -> Path:
    """Return a store that somebody changed, and sealed again."""
    raw = written(tmp_path).read_bytes()
    found = read_seal(raw)
    assert found is not None
    path = tmp_path / "store.sqlite"
    path.write_bytes(raw[: -found.length])
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    path.write_bytes(seal(path.read_bytes()))
    return path


def test_every_flipped_bit_is_found_on_opening(tmp_path: Path) -> None:
    raw = written(tmp_path).read_bytes()
    generator = random.Random(14)  # noqa: S311 - the same flips in every run
    places = [
        *range(0, 100, 7),
        *range(len(raw) - 87, len(raw)),
        *(generator.randrange(len(raw)) for _ in range(200)),
    ]
    path = tmp_path / "flipped.sqlite"
    for place in places:
        damaged = bytearray(raw)
        damaged[place] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(StoreError):
            Store.open_path(path)
        with pytest.raises(StoreError):
            Store.open_bytes(bytes(damaged), "flipped")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW more AS SELECT 1",
        "CREATE TABLE more (a)",
        "DROP TABLE exploited",
        "CREATE TRIGGER t AFTER INSERT ON source BEGIN DELETE FROM package; END",
        "CREATE INDEX i ON source (as_of)",
    ],
)
def test_a_store_with_other_tables_is_refused(tmp_path: Path, statement: str) -> None:
    with pytest.raises(StoreError, match="has not the tables"):
        Store.open_path(altered(tmp_path, statement))


def test_a_package_table_that_is_an_endless_view_is_refused(tmp_path: Path) -> None:
    path = altered(
        tmp_path,
        "DROP TABLE package",
        "CREATE VIEW package AS WITH RECURSIVE n(ecosystem) AS (SELECT 1 UNION ALL SELECT 1 FROM n)"
        " SELECT ecosystem, 1 AS release, 1 AS name, 1 AS record FROM n",
    )
    with pytest.raises(StoreError, match="has not the tables"):
        Store.open_path(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE release SET packages = 'many'",
        "UPDATE source SET entries = 'many'",
        "UPDATE source SET as_of = x'ff'",
        "INSERT INTO exploited VALUES (x'00')",
        "INSERT INTO rejected VALUES (x'00')",
    ],
)
def test_a_store_with_values_of_another_type_is_refused(tmp_path: Path, statement: str) -> None:
    with pytest.raises(StoreError, match="is damaged"):
        Store.open_path(altered(tmp_path, statement))


def test_a_record_that_is_no_bytes_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    with Store.open_path(altered(tmp_path, "UPDATE package SET record = 'text'")) as store:
        with pytest.raises(StoreError, match="is damaged at debian/bookworm/openssl"):
            store.facts("debian", "bookworm", "openssl")
        with pytest.raises(StoreError, match="is damaged"):
            list(store.records())


def test_a_store_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = altered(tmp_path, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(StoreError, match="schema 99, not 2"):
        Store.open_path(path)
    raw = written(tmp_path).read_bytes()
    path.write_bytes(raw.replace(b"basewise-store/2 ", b"basewise-store/3 "))
    with pytest.raises(StoreError, match="schema 3, not 2"):
        Store.open_path(path)


def test_a_store_without_its_seal_is_refused(tmp_path: Path) -> None:
    raw = written(tmp_path).read_bytes()
    found = read_seal(raw)
    assert found is not None
    path = tmp_path / "store.sqlite"
    path.write_bytes(raw[: -found.length])
    with pytest.raises(StoreError, match="not finished, or written by another version"):
        Store.open_path(path)


def test_a_store_without_a_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    write_store(path, gather([]))
    with pytest.raises(StoreError, match="is empty"):
        Store.open_path(path)


def test_a_truncated_store_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / "store.sqlite"
    raw = path.read_bytes()
    for length in (100, 4096, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:length])
        with pytest.raises(StoreError):
            Store.open_path(path)


def test_the_embedded_store_opens_and_names_its_sources() -> None:
    with Store.open_default({}) as store:
        assert store.name == "embedded"
        names = {source.name.partition(" ")[0] for source in store.sources()}
        assert {"cpython", "debian_archive", "debian_tracker", "kev"} <= names


def test_a_damaged_embedded_store_is_a_store_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("basewise.advisories.store_opening.EMBEDDED_STORE", "lifecycles.json")
    with pytest.raises(StoreError, match="not a store file") as caught:
        Store.open_default({})
    assert "install basewise again" in caught.value.hint
    monkeypatch.setattr("basewise.advisories.store_opening.EMBEDDED_STORE", "advisories/missing.gz")
    with pytest.raises(StoreError):
        Store.open_default({})
