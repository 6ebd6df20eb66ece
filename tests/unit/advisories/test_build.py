from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from basewise.advisories.build import build_content, problems
from basewise.advisories.carried import Replaced, carried_records, carried_sources
from basewise.advisories.content import gather
from basewise.advisories.feed import FeedResult
from basewise.advisories.store import Store
from basewise.advisories.write import write_store
from basewise.errors import StoreError
from basewise.model.advisory import FactKind, SourceStatus, VersionRange
from basewise.progress import Progress, SilentProgress
from basewise.testing.feeds import FactsFeed, fact

AFFECTED = fact(
    "PYSEC-2026-1",
    FactKind.AFFECTED,
    package="pillow",
    ecosystem="pypi",
    release="",
    origin="osv",
    aliases=("CVE-2026-0009",),
    ranges=(VersionRange("1", "2"), VersionRange("3", last_affected="4")),
    versions=("0.9",),
    cvss=("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",),
)
FIXED = fact("CVE-2026-0001", FactKind.FIXED, "3.0.17-1", published="2026-03-01")


def source(name: str, entries: int) -> SourceStatus:
    return SourceStatus(name=name, ecosystem="debian", as_of="2026-11-23", entries=entries, verified=True)


def test_two_feeds_of_one_name_are_refused() -> None:
    with pytest.raises(StoreError, match="two feeds are called `kev`"):
        build_content([FactsFeed("kev"), FactsFeed("kev")], SilentProgress())


def test_a_feed_without_a_source_is_refused() -> None:
    class Nothing:
        name = "nothing"

        def collect(self, progress: Progress) -> FeedResult:
            progress.note("nothing there")
            return FeedResult(sources=())

    with pytest.raises(StoreError, match="read no source"):
        build_content([Nothing()], SilentProgress())


def test_a_source_below_its_floor_is_a_problem() -> None:
    content = msgspec.structs.replace(gather([]), sources=(source("debian_archive bookworm", 12),))
    assert problems(content) == ("source `debian_archive bookworm` has 12 entries, fewer than 300",)


def test_a_source_that_shrank_or_vanished_is_a_problem() -> None:
    content = msgspec.structs.replace(gather([]), sources=(source("kev", 1000),))
    previous = [source("kev", 20_000), source("cpython 3.12", 180)]
    assert problems(content, previous) == (
        "source `cpython 3.12` is missing",
        "source `kev` shrank from 20000 to 1000 entries",
    )
    assert problems(content, [source("kev", 1400)]) == ()


def test_facts_of_a_feed_that_is_not_asked_again_are_kept(tmp_path: Path) -> None:
    feeds = [
        FactsFeed("debian_archive", [FIXED], current=[("debian", "bookworm", "openssl", "3.0.18-1")]),
        FactsFeed("kev", exploited=["CVE-2020-0001"], as_of="2025-08-25"),
        FactsFeed("epss", scores=[("CVE-2026-0001", 0.5, 0.75)], as_of="2026-11-20"),
        FactsFeed("nvd", vectors=[("CVE-2026-0001", "nvd", "AV:N")], rejected=["CVE-2026-0001"]),
        FactsFeed("osv", [AFFECTED], ecosystem="pypi"),
    ]
    built = build_content(feeds, SilentProgress())
    write_store(tmp_path / "store.sqlite", built.content)
    with Store.open_path(tmp_path / "store.sqlite") as store:
        kept = gather(carried_sources(store, Replaced()), carried=carried_records(store, Replaced()))
    assert kept == built.content
