"""Updating the store from real servers on loopback: what fails leaves what was there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread

import pytest

from basewise._internal.retry import RetryLimits
from basewise.advisories.download import DownloadLimits
from basewise.advisories.store import Store
from basewise.advisories.user_store import user_store
from basewise.errors import OutputError, StoreError, UsageError
from basewise.model.store_update import DatabaseUpdate, Outcome, SourceUpdate
from basewise.operations.db_status import db_status
from basewise.operations.db_update import UpdateWishes, db_update
from basewise.progress import SilentProgress
from basewise.report.store_update import render_store_update
from basewise.testing.advisory_data import (
    every_address,
    every_file,
    kev_json,
    nvd_gz,
    osv_record,
    osv_zip,
    secdb_json,
    tracker_json,
)
from basewise.testing.fake_http import Answer
from basewise.testing.publishers import PublisherServer
from basewise.testing.updates import small_store

TODAY = date(2026, 11, 27)
CHANGED = datetime(2026, 11, 25, tzinfo=UTC)
LIMITS = DownloadLimits(
    idle_seconds=0.5, retry=RetryLimits(attempts=2, total_wait_seconds=0.1, first_wait_seconds=0.01)
)
FILES: dict[str, bytes] = {"tracker": tracker_json(), "kev.json": kev_json()}


class Talk(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.fixture(autouse=True)
def _small_embedded_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begin with a small store: an update that begins with the embedded one takes ten times as long."""
    if request.cls is not TestAFirstUpdate:
        path = small_store(tmp_path_factory.mktemp("embedded"))
        monkeypatch.setattr(Store, "open_embedded", lambda: Store.open_path(path))


@pytest.fixture
def server() -> Iterator[PublisherServer]:
    with PublisherServer(FILES, changed=CHANGED) as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "with a space" / "store.sqlite"


def update(
    server: PublisherServer,
    path: Path | None,
    *,
    today: date = TODAY,
    wanted: tuple[str, ...] = ("kev", "debian_tracker"),
    talk: Talk | None = None,
    allow_less: bool = False,
    allow_downgrade: bool = False,
) -> DatabaseUpdate:
    wishes = UpdateWishes(
        wanted=wanted,
        addresses=(f"kev={server.url}/kev.json", f"debian_tracker={server.url}/tracker"),
        limits=LIMITS,
        allow_less=allow_less,
        allow_downgrade=allow_downgrade,
    )
    return db_update(today=today, wishes=wishes, store=path, progress=talk)


def row(result: DatabaseUpdate, name: str) -> SourceUpdate:
    return next(row for row in result.sources if row.name == name)


def outcomes(result: DatabaseUpdate) -> dict[str, str]:
    return {row.name: str(row.outcome) for row in result.sources if row.outcome is not Outcome.KEPT}


class TestAFirstUpdate:
    def test_takes_over_what_came_and_keeps_the_rest_of_the_embedded_store(
        self, server: PublisherServer, path: Path
    ) -> None:
        result = update(server, path)
        assert outcomes(result) == {"kev": "updated", "debian_tracker": "updated"}
        assert result.written
        assert result.complete
        assert row(result, "kev").entries == 1200
        assert row(result, "debian_tracker").as_of == "2026-11-25"
        assert row(result, "debian_tracker").age_days == 2
        with Store.open_path(path) as store, Store.open_embedded() as embedded:
            assert len(store.facts("debian", "bookworm", "openssl")) > 1200
            assert store.exploited("CVE-2025-0001") is True
            assert store.facts("cpython", "3.12", "cpython") == embedded.facts("cpython", "3.12", "cpython")
            assert store.exploited_ids() != embedded.exploited_ids()
            kept = {source for source in embedded.sources() if source.name not in {"kev", "debian_tracker"}}
            assert kept < set(store.sources())
            archived = [
                item for item in store.facts("debian", "bookworm", "glibc") if item.origin == "debian_archive"
            ]
            assert archived == [
                item
                for item in embedded.facts("debian", "bookworm", "glibc")
                if item.origin == "debian_archive"
            ]
            assert not any(
                item.origin == "debian_tracker" for item in store.facts("debian", "bookworm", "glibc")
            )

    def test_is_what_other_commands_read_from_then_on(self, server: PublisherServer) -> None:
        update(server, None)
        own = user_store()
        with Store.open_default({}) as store:
            assert store.name == str(own)
        status = db_status(today=TODAY)
        assert status.own_store_state == "in use"
        assert "kev" not in status.stale

    def test_writes_the_store_that_the_environment_names(
        self, server: PublisherServer, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BASEWISE_STORE", str(path))
        assert update(server, None).store == str(path)
        assert path.is_file()

    def test_of_which_everything_fails_writes_nothing(self, server: PublisherServer, path: Path) -> None:
        server.script("GET", Answer(status=404), times=-1)
        with pytest.raises(StoreError, match="there is still no store") as caught:
            update(server, path)
        assert caught.value.exit_code == 4
        assert not path.exists()


class TestALaterUpdate:
    def test_fetches_and_writes_nothing_where_nothing_changed(
        self, server: PublisherServer, path: Path
    ) -> None:
        update(server, path)
        before = path.stat()
        result = update(server, path)
        assert outcomes(result) == {"kev": "unchanged", "debian_tracker": "unchanged"}
        assert not result.written
        assert path.stat().st_mtime_ns == before.st_mtime_ns
        assert row(result, "debian_tracker").entries == row(result, "debian_tracker").entries_before == 1200

    def test_does_not_read_again_what_did_not_change(self, server: PublisherServer, path: Path) -> None:
        update(server, path)
        server.files["kev.json"] = kev_json(1300)
        result = update(server, path)
        assert outcomes(result) == {"kev": "updated", "debian_tracker": "unchanged"}
        assert (row(result, "kev").entries_before, row(result, "kev").entries) == (1200, 1300)
        with Store.open_path(path) as store:
            tracked = [
                f for f in store.facts("debian", "bookworm", "openssl") if f.origin == "debian_tracker"
            ]
            assert len(tracked) == 1200
            assert len(store.exploited_ids()) == 1300

    def test_gives_the_same_bytes_as_one_that_reads_everything(
        self, server: PublisherServer, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        update(server, path)
        server.files["kev.json"] = kev_json(1300)
        update(server, path)
        monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "another cache"))
        update(server, tmp_path / "fresh.sqlite")
        assert path.read_bytes() == (tmp_path / "fresh.sqlite").read_bytes()

    def test_reads_a_stored_file_again_where_the_store_was_not_made_of_it(
        self, server: PublisherServer, path: Path, tmp_path: Path
    ) -> None:
        update(server, path)
        result = update(server, tmp_path / "other.sqlite")
        assert outcomes(result) == {"kev": "updated", "debian_tracker": "updated"}
        assert row(result, "kev").received_bytes == 0

    def test_of_one_source_leaves_the_others(self, server: PublisherServer, path: Path) -> None:
        update(server, path)
        server.files["kev.json"] = kev_json(1300)
        server.files["tracker"] = tracker_json(1300)
        result = update(server, path, wanted=("kev",))
        assert outcomes(result) == {"kev": "updated"}
        assert row(result, "debian_tracker").entries == 1200

    def test_that_fails_in_part_takes_over_the_rest_and_says_so(
        self, server: PublisherServer, path: Path
    ) -> None:
        update(server, path)
        server.files["kev.json"] = kev_json(1300)
        server.script("GET /tracker", Answer(status=404), times=-1)
        talk = Talk()
        result = update(server, path, talk=talk)
        assert outcomes(result) == {"kev": "updated", "debian_tracker": "failed"}
        assert not result.complete
        failed = row(result, "debian_tracker")
        assert (failed.entries, failed.as_of, failed.age_days) == (1200, "2026-11-25", 2)
        assert "status 404" in failed.problem
        assert any("status 404" in note for note in talk.notes)


BROKEN = {
    "cut at once": Answer(body=FILES["tracker"], cut_after=0),
    "cut in the middle": Answer(body=FILES["tracker"], cut_after=len(FILES["tracker"]) // 2),
    "cut near the end": Answer(body=FILES["tracker"], cut_after=len(FILES["tracker"]) * 99 // 100),
    "cut without a word": Answer(body=FILES["tracker"][:-9]),
    "missing": Answer(status=404),
    "a web page": Answer(body=b"<!doctype html><title>maintenance</title>"),
    "JSON of another kind": Answer(body=b'{"message": "rate limit"}'),
    "an empty table": Answer(body=b"{}"),
    "a list": Answer(body=b"[1, 2]"),
    "emptied": Answer(body=tracker_json(1)),
    "far less": Answer(body=tracker_json(110)),
    "of another hash": Answer(body=FILES["tracker"], headers={"Repr-Digest": "sha-256=:AAAA:"}),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_an_update_that_gets_nothing_good_leaves_the_store_and_says_its_age(
    fault: str, server: PublisherServer, path: Path
) -> None:
    update(server, path)
    before = path.read_bytes()
    server.script("GET", BROKEN[fault], times=-1)
    with pytest.raises(StoreError) as caught:
        update(server, path, wanted=("debian_tracker",))
    assert caught.value.exit_code == 4
    assert "nothing was updated: " in caught.value.message
    assert "newest source is of 2026-11-25, 2 days old" in caught.value.message
    assert path.read_bytes() == before


@pytest.mark.parametrize("fault", ["JSON of another kind", "emptied"])
def test_a_refused_file_is_not_asked_for_as_if_it_were_good(
    fault: str, server: PublisherServer, path: Path
) -> None:
    """Else the server's "not modified" would make a bad file the good one."""
    update(server, path)
    good = server.files["tracker"]
    server.files["tracker"] = BROKEN[fault].body
    with pytest.raises(StoreError):
        update(server, path, wanted=("debian_tracker",))
    with pytest.raises(StoreError):
        update(server, path, wanted=("debian_tracker",))
    server.files["tracker"] = good
    assert outcomes(update(server, path, wanted=("debian_tracker",))) == {"debian_tracker": "unchanged"}


def test_a_source_with_far_less_is_taken_over_only_when_that_is_allowed(
    server: PublisherServer, path: Path
) -> None:
    update(server, path)
    server.files["kev.json"] = kev_json(10)
    talk = Talk()
    result = update(server, path, talk=talk)
    assert outcomes(result) == {"kev": "refused", "debian_tracker": "unchanged"}
    assert "fewer than 1000" in row(result, "kev").problem
    assert "shrank from 1200 to 10" in row(result, "kev").problem
    with Store.open_path(path) as store:
        assert len(store.exploited_ids()) == 1200
    assert outcomes(update(server, path, allow_less=True))["kev"] == "updated"
    with Store.open_path(path) as store:
        assert len(store.exploited_ids()) == 10


class TestDates:
    def test_an_older_source_is_refused_unless_that_is_allowed(
        self, server: PublisherServer, path: Path
    ) -> None:
        update(server, path)
        server.files["kev.json"] = kev_json(released="2026-11-01T00:00:00Z")
        result = update(server, path)
        assert row(result, "kev").outcome is Outcome.REFUSED
        assert "`kev` is of 2026-11-01, older than the 2026-11-20 that is known" in row(result, "kev").problem
        assert row(result, "kev").as_of == "2026-11-20"
        allowed = update(server, path, allow_downgrade=True)
        assert (row(allowed, "kev").outcome, row(allowed, "kev").as_of) == (Outcome.UPDATED, "2026-11-01")

    def test_a_source_older_than_the_embedded_one_is_refused_at_the_first_update_too(
        self, server: PublisherServer, path: Path
    ) -> None:
        server.files["kev.json"] = kev_json(released="2020-01-01T00:00:00Z")
        assert row(update(server, path), "kev").outcome is Outcome.REFUSED

    def test_a_source_of_the_far_future_is_refused(self, server: PublisherServer, path: Path) -> None:
        server.files["kev.json"] = kev_json(released="2999-01-01T00:00:00Z")
        result = update(server, path, allow_downgrade=True)
        assert row(result, "kev").outcome is Outcome.REFUSED
        assert (
            "`kev` is dated 2999-01-01, and the clock of this machine says 2026-11-27"
            in row(result, "kev").problem
        )

    @pytest.mark.parametrize("today", [date(2021, 11, 27), date(2031, 11, 27)])
    def test_a_wrong_clock_is_said(self, today: date, server: PublisherServer, path: Path) -> None:
        update(server, path)
        headers = {"Date": "Fri, 27 Nov 2026 10:00:00 GMT"}
        server.script("GET", Answer(body=kev_json(1201), headers=headers))
        try:
            result = update(server, path, today=today, wanted=("kev",))
        except StoreError as error:
            said = f"{error.message} {error.hint}"
            assert today.year == 2021
        else:
            said = " ".join(result.notes)
            assert today.year == 2031
        assert "`127.0.0.1:" in said
        assert "without TLS" in said
        assert f"the clock of this machine says {today.isoformat()}" in said
        assert "`127.0.0.1` says 2026-11-27" in said
        assert len(server.seen) == 3

    def test_a_source_that_stands_still_grows_old_however_often_it_is_fetched(
        self, server: PublisherServer, path: Path
    ) -> None:
        server.validators = False
        for today in (TODAY, date(2026, 12, 15), date(2027, 1, 20)):
            result = update(server, path, today=today, wanted=("debian_tracker",))
        assert row(result, "debian_tracker").as_of == "2026-11-27"
        assert any("debian_tracker is 54 days old" in item.why for item in result.coverage.not_covered)
        assert "debian_tracker" in db_status(today=date(2027, 1, 20), store=path).stale


class TestTheStoreBefore:
    def test_is_an_error_when_it_is_damaged_and_is_not_replaced(
        self, server: PublisherServer, path: Path
    ) -> None:
        update(server, path)
        raw = bytearray(path.read_bytes())
        raw[9000] ^= 4
        path.write_bytes(raw)
        with pytest.raises(StoreError, match="damaged") as caught:
            update(server, path)
        assert "remove it, then run `basewise db update`" in caught.value.hint
        assert path.read_bytes() == bytes(raw)

    def test_is_made_anew_where_another_version_wrote_it(self, server: PublisherServer, path: Path) -> None:
        update(server, path)
        raw = path.read_bytes()
        seal = raw[raw.rindex(b"basewise-store/") :]
        path.write_bytes(raw[: -len(seal)] + seal.replace(b"store/", b"store/9", 1))
        with pytest.raises(StoreError, match="schema 9"):
            Store.open_path(path)
        talk = Talk()
        assert outcomes(update(server, path, talk=talk)) == {"kev": "updated", "debian_tracker": "updated"}
        assert any("written by another version" in note for note in talk.notes)


class TestWhatAUserAsksFor:
    def test_offline_asks_nobody(self, server: PublisherServer, path: Path) -> None:
        with pytest.raises(UsageError, match="offline") as caught:
            db_update(today=TODAY, wishes=UpdateWishes(offline=True), store=path)
        assert "basewise db import" in caught.value.hint
        assert server.seen == []

    def test_an_unknown_source_is_named_before_anybody_is_asked(
        self, server: PublisherServer, path: Path
    ) -> None:
        with pytest.raises(UsageError, match="no source is called `kiv`"):
            update(server, path, wanted=("kiv",))
        assert server.seen == []

    def test_a_certificate_file_that_is_none_is_an_error(self, tmp_path: Path, path: Path) -> None:
        (tmp_path / "ca.pem").write_text("none")
        with pytest.raises(StoreError, match="cannot connect"):
            db_update(today=TODAY, wishes=UpdateWishes(ca_file=tmp_path / "ca.pem"), store=path)

    def test_settings_of_the_working_directory_name_no_address(
        self, tmp_path: Path, path: Path, server: PublisherServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "basewise.toml").write_text('source_kev = "http://127.0.0.1:1/"\nstore = "x"\n')
        monkeypatch.chdir(tmp_path)
        assert outcomes(update(server, path, wanted=("kev",))) == {"kev": "updated"}


def test_a_cache_that_cannot_be_used_is_an_error_that_names_it(
    server: PublisherServer, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(OutputError) as caught:
        update(server, path)
    assert "BASEWISE_CACHE_DIR" in caught.value.hint
    assert not path.exists()


@pytest.mark.parametrize("name", ["", ".", "..", "folder"])
def test_a_directory_in_the_place_of_the_store_is_an_error_that_says_so(
    name: str, server: PublisherServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="it is a directory"):
        update(server, Path(name))
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_pipe_in_the_place_of_the_store_is_not_waited_for(server: PublisherServer, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    caught: list[StoreError] = []

    def renew() -> None:
        try:
            update(server, path)
        except StoreError as error:
            caught.append(error)

    thread = Thread(target=renew, daemon=True)
    thread.start()
    thread.join(timeout=30)
    assert ["it is no regular file" in error.message for error in caught] == [True]


def test_the_document_has_every_field(server: PublisherServer, path: Path) -> None:
    result = update(server, path)
    document = json.loads(render_store_update(result, "json", width=100, color=False))
    assert document["schema"] == "basewise.db-update/1"
    assert set(document) == {
        "schema", "store", "written", "size_bytes", "complete", "sources", "notes", "coverage",
    }  # fmt: skip
    assert set(document["sources"][0]) == {
        "name", "outcome", "as_of", "age_days", "entries", "entries_before", "received_bytes", "left_out",
        "origin", "problem", "notes",
    }  # fmt: skip
    table = render_store_update(result, "table", width=100, color=False)
    assert re.search(r"^kev +updated +2026-11-20 +7 days +1,200 +\+1,199$", table, re.MULTILINE)


class TestEverything:
    """All publishers at once, in their own forms and layouts."""

    @pytest.fixture
    def publishers(self) -> Iterator[PublisherServer]:
        with PublisherServer(every_file(), changed=CHANGED) as server:
            yield server

    def all_of(self, server: PublisherServer, path: Path, *without: str) -> DatabaseUpdate:
        wishes = UpdateWishes(addresses=every_address(server.url), limits=LIMITS, without=without)
        return db_update(today=TODAY, wishes=wishes, store=path)

    def test_is_fetched_by_default(self, publishers: PublisherServer, path: Path) -> None:
        result = self.all_of(publishers, path)
        assert set(outcomes(result)) == {
            "alpine_secdb 3.22", "alpine_secdb edge", "chainguard_secdb", "debian_tracker", "epss", "kev", "nvd",
            "osv AlmaLinux", "osv PyPI", "osv Red Hat", "osv Rocky Linux", "osv Ubuntu", "wolfi_secdb",
        }  # fmt: skip
        assert set(outcomes(result).values()) == {"updated"}
        with Store.open_path(path) as store:
            assert store.epss("CVE-2026-0001") == (0.00001, 0.5)
            assert store.cvss("CVE-2026-0001")[0][0] == "nvd@nist.gov"
            assert store.facts("alpine", "3.22", "community-1")
            for place in (("wolfi", "", "os-1"), ("ubuntu", "24.04", "ubuntu-1"), ("rhel", "9", "red-1")):
                assert store.facts(*place)
        again = self.all_of(publishers, path)
        assert set(outcomes(again).values()) == {"unchanged"}
        assert all(row.received_bytes == 0 for row in again.sources)

    def test_survives_that_one_part_is_emptied(self, publishers: PublisherServer, path: Path) -> None:
        self.all_of(publishers, path)
        for name in ("osv/PyPI/all.zip", "osv/Ubuntu/all.zip"):
            publishers.files[name] = osv_zip([osv_record("CVE-2026-9999", "x")])
        publishers.files["alpine/edge/community.json"] = secdb_json("edge", "community", 1300)
        result = self.all_of(publishers, path)
        assert {name: said for name, said in outcomes(result).items() if said != "unchanged"} == {
            "alpine_secdb edge": "updated",
            "osv PyPI": "refused",
            "osv Ubuntu": "refused",
        }
        with Store.open_path(path) as store:
            assert store.facts("pypi", "", "pypi-1")
            assert store.facts("ubuntu", "24.04", "ubuntu-1")
            assert len(store.facts("alpine", "edge", "community-1")) == 26

    def test_keeps_each_part_whatever_changes_beside_it(
        self, publishers: PublisherServer, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.all_of(publishers, path)
        publishers.files["osv/PyPI/all.zip"] = osv_zip(
            osv_record(f"CVE-2026-{number:04}", f"other-{number % 50}") for number in range(1, 1500)
        )
        publishers.files["nvd/nvd-2026.json.gz"] = nvd_gz(2026, 1500)
        self.all_of(publishers, path)
        monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "another cache"))
        self.all_of(publishers, tmp_path / "fresh.sqlite")
        assert path.read_bytes() == (tmp_path / "fresh.sqlite").read_bytes()
        with Store.open_path(path) as store:
            assert store.facts("pypi", "", "pypi-1") == ()
            assert store.facts("pypi", "", "other-1")

    def test_that_is_not_published_is_said(self, publishers: PublisherServer, path: Path) -> None:
        del publishers.files["alpine/edge/community.json"], publishers.files["alpine/v3.22/main.json"]
        for year in range(2002, 2010):
            del publishers.files[f"nvd/nvd-{year}.json.gz"]
        result = self.all_of(publishers, path)
        assert outcomes(result)["alpine_secdb 3.22"] == "failed"
        assert outcomes(result)["alpine_secdb edge"] == outcomes(result)["nvd"] == "updated"
        said = {item.what: item.why for item in result.coverage.not_covered}
        assert said["part of alpine_secdb edge"] == "not published: alpine_secdb edge community"
        assert said["part of nvd"] == "not published: nvd 2002, nvd 2003, nvd 2004 and 5 more"

    def test_that_fails_for_a_part_uses_the_file_of_before(
        self, publishers: PublisherServer, path: Path
    ) -> None:
        self.all_of(publishers, path)
        publishers.script("GET /nvd/nvd-2010", Answer(status=500), times=-1)
        publishers.files["nvd/nvd-2026.json.gz"] = nvd_gz(2026, 1500)
        result = self.all_of(publishers, path)
        assert outcomes(result)["nvd"] == "updated"
        assert "status 500" in row(result, "nvd").problem
        assert row(result, "nvd").entries == 1524
        assert not result.complete

    def test_without_the_list_of_branches_asks_for_the_known_ones(
        self, publishers: PublisherServer, path: Path
    ) -> None:
        del publishers.files["alpine/"]
        talk = Talk()
        wishes = UpdateWishes(
            wanted=("alpine_secdb",), addresses=every_address(publishers.url), limits=LIMITS
        )
        result = db_update(today=TODAY, wishes=wishes, store=path, progress=talk)
        assert outcomes(result)["alpine_secdb 3.22"] == "updated"
        assert outcomes(result)["alpine_secdb 3.10"] == "failed"
        assert any("list of branches cannot be read" in note for note in talk.notes)
