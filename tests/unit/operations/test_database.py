from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.feed import FeedResult
from basewise.advisories.store import Store
from basewise.errors import ArchiveError, OutputError, StoreError
from basewise.model.advisory import Advisory, FactKind, SourceStatus
from basewise.operations.db_build import db_build, wanted_sources
from basewise.operations.db_status import db_status
from basewise.progress import Progress
from basewise.testing.feeds import FactsFeed, fact

RELEASES = ("bookworm", "bullseye", "sid", "trixie")


class WholeArchive:
    """A feed as large as the real one, with a source for each release."""

    name = "debian_archive"

    def __init__(self, number: int = 400) -> None:
        self._facts = {
            release: tuple(
                fact(f"CVE-2026-{index:04}", FactKind.FIXED, "9-1", package="acl", release=release)
                for index in range(number)
            )
            for release in RELEASES
        }

    def collect(self, progress: Progress) -> FeedResult:
        feed = FactsFeed(self.name, (item for facts in self._facts.values() for item in facts))
        sources = tuple(
            SourceStatus(
                name=f"{self.name} {release}",
                ecosystem="debian",
                as_of="2026-12-24",
                entries=len(facts),
                verified=True,
            )
            for release, facts in self._facts.items()
        )
        return msgspec.structs.replace(feed.collect(progress), sources=sources)


def facts_of(path: Path, origin: str) -> list[Advisory]:
    with Store.open_path(path) as store:
        return [item for name in store.packages() for item in store.facts(*name) if item.origin == origin]


def lenient(tmp_path: Path, archive: WholeArchive) -> Path:
    output = tmp_path / "store.sqlite"
    db_build(output, archive=archive, allow_less=True)
    return output


def test_a_build_takes_the_archive_anew_and_keeps_the_rest(tmp_path: Path) -> None:
    output = tmp_path / "store.sqlite"
    result = db_build(output, archive=WholeArchive(), allow_less=True)
    assert result.size_bytes == output.stat().st_size
    assert result.kept == ("cpython", "debian_tracker", "kev")
    assert {item.package for item in facts_of(output, "debian_archive")} == {"acl"}
    with Store.open_default({}) as embedded, Store.open_path(output) as built:
        for branch in ("3.11", "3.14"):
            assert built.facts("cpython", branch, "cpython") == embedded.facts("cpython", branch, "cpython")
        assert built.exploited_ids() == embedded.exploited_ids()
        assert built.exploited_as_of == embedded.exploited_as_of
        assert {"2026-12-24"} == {s.as_of for s in built.sources() if s.name.startswith("debian_archive")}


def test_files_of_a_data_folder_are_read_instead_of_kept(tmp_path: Path, shared_data: Path) -> None:
    output = tmp_path / "store.sqlite"
    result = db_build(output, archive=WholeArchive(), data=shared_data, allow_less=True)
    assert result.kept == ()
    with Store.open_default({}) as embedded:
        kept = embedded.sources()
    assert without_notes(result.sources) == without_notes(kept)


def without_notes(sources: Iterable[SourceStatus]) -> list[SourceStatus]:
    """Return the sources of files, without what another version of their feed said of them."""
    return [
        msgspec.structs.replace(source, note="")
        for source in sources
        if not source.name.startswith("debian_archive")
    ]


def test_a_store_with_far_less_than_before_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    output = tmp_path / "store.sqlite"
    output.write_bytes(b"the old file")
    with pytest.raises(StoreError, match="would hold too little") as caught:
        db_build(output, archive=WholeArchive(10))
    assert "`debian_archive bookworm`" in caught.value.message
    assert output.read_bytes() == b"the old file"


def test_a_mirror_that_cannot_be_reached_is_an_error_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    monkeypatch.setenv("BASEWISE_DEBIAN_MIRROR", f"http://127.0.0.1:{port}/debian")
    monkeypatch.setenv("BASEWISE_DEBIAN_SECURITY_MIRROR", f"http://127.0.0.1:{port}/debian-security")
    output = tmp_path / "store.sqlite"
    output.write_bytes(b"the old file")
    with pytest.raises(ArchiveError):
        db_build(output)
    assert output.read_bytes() == b"the old file"


def test_an_output_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        db_build(tmp_path, archive=WholeArchive(), allow_less=True)


def test_a_build_does_not_fall_back_when_the_named_store_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEWISE_STORE", str(tmp_path / "none.sqlite"))
    with pytest.raises(StoreError, match="no such file"):
        db_build(tmp_path / "store.sqlite", archive=WholeArchive())
    with pytest.raises(StoreError, match="no such file"):
        db_status(today=date(2026, 11, 23))


def test_the_wanted_sources_are_those_of_the_catalogue_and_of_what_can_be_added() -> None:
    wanted = wanted_sources()
    assert list(wanted) == sorted(set(wanted))
    assert {"openssl", "glibc", "imagemagick", "ffmpeg", "tesseract", "gcc-12", "libglvnd"} <= set(wanted)


class TestStatus:
    def test_of_the_embedded_store_names_releases_sources_and_dates(self) -> None:
        with Store.open_embedded() as store:
            today = date.fromisoformat(store.newest)
        status = db_status(today=today)
        assert status.store == "embedded"
        counts = {(item.ecosystem, item.release): item for item in status.releases}
        for release in RELEASES:
            assert counts["debian", release].packages >= 700
            assert counts["debian", release].facts >= 370
        assert {source.name for source in status.coverage.sources} >= {
            "kev",
            "cpython 3.12",
            "debian_tracker",
        }
        ages = [source.age_days for source in status.coverage.sources]
        assert min(age for age in ages if age is not None) == 0
        assert None not in ages
        assert not status.coverage.complete

    def test_with_a_clock_before_the_store_says_so(self) -> None:
        status = db_status(today=date(2020, 1, 1))
        assert "the clock" in {item.what for item in status.coverage.not_covered}
        assert {source.age_days for source in status.coverage.sources} == {None}

    def test_of_a_named_store(self, tmp_path: Path) -> None:
        status = db_status(today=date(2026, 11, 23), store=lenient(tmp_path, WholeArchive()))
        assert status.store == str(tmp_path / "store.sqlite")
        (bookworm,) = [
            item for item in status.releases if (item.ecosystem, item.release) == ("debian", "bookworm")
        ]
        assert bookworm.facts >= 400
