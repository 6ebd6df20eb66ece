from __future__ import annotations

import sqlite3
from pathlib import Path

from basewise.advisories.content import gather
from basewise.advisories.schema import TABLES
from basewise.advisories.store import Store
from basewise.advisories.write import encode_store, write_store
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


def test_the_tables_of_a_new_file_are_those_that_are_expected(tmp_path: Path) -> None:
    written(tmp_path)
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert names == set(TABLES)
