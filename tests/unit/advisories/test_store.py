from __future__ import annotations

import gzip
import random
import sqlite3
from pathlib import Path

import pytest

from basewise.advisories.content import gather
from basewise.advisories.schema import TABLES
from basewise.advisories.seal import read_seal, seal
from basewise.advisories.store import Store
from basewise.advisories.write import encode_store, write_store
from basewise.errors import StoreError
from basewise.model.advisory import FactKind
from basewise.progress import SilentProgress
from basewise.testing.feeds import FactsFeed, content_of, fact, store_of

FACTS = (
    fact(
        "CVE-2026-0001", FactKind.FIXED, "3.0.17-1~deb12u2", published="2026-03-01", detail="3.0.17-1~deb12u2"
    ),
    fact("CVE-2026-0002", FactKind.MENTIONED, "3.0.17-1~deb12u2"),
    fact("CVE-2026-0003", FactKind.OPEN, origin="debian_tracker", severity="low"),
    fact("CVE-2026-0001", FactKind.FIXED, "1:1.2.13-1", package="zlib", release="trixie"),
)


def written(folder: Path) -> Path:
    path = folder / "store.sqlite"
    write_store(path, content_of(*FACTS))
    return path


def test_facts_come_back_as_they_went_in() -> None:
    with store_of(*FACTS) as store:
        assert store.facts("debian", "bookworm", "openssl") == tuple(sorted(FACTS[:3]))
        assert store.facts("debian", "trixie", "zlib") == FACTS[3:]
        assert store.facts("debian", "trixie", "openssl") == ()


def test_a_package_that_was_looked_at_without_a_fact_is_covered() -> None:
    looked_at = FactsFeed("debian_archive", covered=[("debian", "bookworm", "acl")])
    with store_of(feeds=[looked_at]) as store:
        assert store.covered("debian", "bookworm", "acl") == ("debian_archive",)
        assert store.covered("debian", "bookworm", "attr") == ()
        assert store.facts("debian", "bookworm", "acl") == ()


def test_what_is_read_ahead_is_what_is_read_one_by_one() -> None:
    facts = [
        fact(f"CVE-2026-{number:04}", FactKind.OPEN, package=f"source-{number}") for number in range(1200)
    ]
    place = ("debian", "bookworm")
    names = ["unknown", *(one.package for one in facts)]
    with store_of(*facts) as one_by_one, store_of(*facts) as ahead:
        ahead.read_ahead(*place, names)
        ahead.read_ahead(*place, names[:3])
        assert [ahead.facts(*place, name) for name in names] == [
            one_by_one.facts(*place, name) for name in names
        ]
        assert len(ahead.facts(*place, "source-1199")) == 1


def test_sources_carry_name_date_and_count() -> None:
    with store_of(*FACTS) as store:
        assert [(s.name, s.as_of, s.entries) for s in store.sources()] == [
            ("debian_archive", "2026-11-23", 3),
            ("debian_tracker", "2026-11-23", 1),
        ]
        assert store.as_of == "2026-11-23"
        assert store.ecosystems() == {"debian"}
        assert store.releases("debian") == {"bookworm", "trixie"}


def test_scores_and_vectors_come_back_with_their_date() -> None:
    scores = FactsFeed(
        "epss", scores=[("CVE-2026-0002", 0.25, 0.9), ("CVE-2026-0001", 0.5, 1)], as_of="2026-11-20"
    )
    vectors = [
        ("CVE-2026-0001", "nvd@nist.gov", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        ("CVE-2026-0001", "cna@example.org", "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"),
        ("CVE-2026-0003", "nvd@nist.gov", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ]
    with store_of(*FACTS, feeds=[scores, FactsFeed("nvd", vectors=vectors, as_of="2026-11-21")]) as store:
        assert store.epss("CVE-2026-0001") == (0.5, 1.0)
        assert store.epss("CVE-2026-0009") is None
        assert store.epss_as_of == "2026-11-20"
        assert store.as_of == "2026-11-23"
        assert store.cvss("CVE-2026-0001") == (vectors[1][1:], vectors[0][1:])
        assert store.cvss("CVE-2026-0002") == ()
        assert store.epss_scores() == (("CVE-2026-0001", 0.5, 1.0), ("CVE-2026-0002", 0.25, 0.9))
        assert store.cvss_vectors() == (vectors[1], vectors[0], vectors[2])
        assert store.entry_count() == len(FACTS)


def test_a_rejected_id_is_no_fact_and_no_alias() -> None:
    ours = fact("PYSEC-2026-1", FactKind.OPEN, aliases=("CVE-2026-0001", "GHSA-1111-2222-3333"))
    rejected = FactsFeed("nvd", rejected=["CVE-2026-0001", "CVE-2026-0002"])
    with store_of(*FACTS, ours, feeds=[rejected]) as store:
        said = store.facts("debian", "bookworm", "openssl")
        assert [item.id for item in said] == ["CVE-2026-0003", "PYSEC-2026-1"]
        assert said[1].aliases == ("GHSA-1111-2222-3333",)
        assert store.facts("debian", "trixie", "zlib") == ()
        assert len(store.stated_facts("debian", "bookworm", "openssl")) == 4
        assert store.rejected_ids() == ("CVE-2026-0001", "CVE-2026-0002")


def test_counts_of_each_release_are_known_without_reading_it() -> None:
    looked_at = FactsFeed("debian_archive_more", covered=[("debian", "bookworm", "acl")])
    with store_of(*FACTS[2:], feeds=[looked_at]) as store:
        assert store.release_counts() == {("debian", "bookworm"): (2, 1), ("debian", "trixie"): (1, 1)}


def test_a_store_that_is_replaced_while_it_is_open_stays_what_it_was(tmp_path: Path) -> None:
    path = written(tmp_path)
    with Store.open_path(path) as store:
        write_store(path, content_of(FACTS[3]))
        assert len(store.facts("debian", "bookworm", "openssl")) == 3
        with Store.open_path(path) as renewed:
            assert renewed.facts("debian", "bookworm", "openssl") == ()


def test_the_order_of_feeds_and_facts_does_not_change_a_byte() -> None:
    feeds = [
        FactsFeed("debian_archive", FACTS[:2]),
        FactsFeed("debian_tracker", FACTS[2:3]),
        FactsFeed("kev", exploited=["CVE-2020-0001", "CVE-2019-0001"], as_of="2025-08-25"),
    ]
    results = [(feed.name, feed.collect(SilentProgress())) for feed in feeds]
    first = encode_store(gather(results))
    assert encode_store(gather(reversed(results))) == first
    assert encode_store(content_of(*FACTS)) == encode_store(content_of(*reversed(FACTS)))


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


def test_the_tables_of_a_new_file_are_those_that_are_expected(tmp_path: Path) -> None:
    written(tmp_path)
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert names == set(TABLES)


def test_the_embedded_store_opens_and_names_its_sources() -> None:
    with Store.open_default({}) as store:
        assert store.name == "embedded"
        names = {source.name.partition(" ")[0] for source in store.sources()}
        assert {"cpython", "debian_archive", "debian_tracker", "kev"} <= names


def test_a_damaged_embedded_store_is_a_store_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("basewise.advisories.store.EMBEDDED_STORE", "lifecycles.json")
    with pytest.raises(StoreError, match="not a store file") as caught:
        Store.open_default({})
    assert "install basewise again" in caught.value.hint
    monkeypatch.setattr("basewise.advisories.store.EMBEDDED_STORE", "advisories/missing.gz")
    with pytest.raises(StoreError):
        Store.open_default({})
