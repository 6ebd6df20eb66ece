"""`basewise db` as a user runs it: what is printed where, and with which exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from basewise.advisories.store import Store
from basewise.advisories.user_store import user_store
from basewise.cli.main import run
from basewise.testing.advisory_data import kev_json, tracker_json
from basewise.testing.publishers import PublisherServer

NOW = ("--now", "2026-11-29")
CANARY = "canary-pr0xy"


@pytest.fixture
def server() -> Iterator[PublisherServer]:
    files = {"tracker.json": tracker_json(), "kev.json": kev_json()}
    with PublisherServer(files, changed=datetime(2026, 11, 27, tzinfo=UTC)) as server:
        yield server


def named(server: PublisherServer) -> list[str]:
    return [
        "kev", "debian_tracker", "--source", f"kev={server.url}/kev.json", "--source",
        f"debian_tracker={server.url}/tracker.json", *NOW,
    ]  # fmt: skip


def test_an_update_prints_a_table_and_ends_with_0(
    server: PublisherServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "update", *named(server)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "kev                      updated  2026-11-20   9 days   1,200    -204" in printed.out
    assert "cpython 3.12             kept     2026-11-23   6 days     180" in printed.out
    assert str(user_store()) in "".join(printed.out.split())


def test_an_update_that_fails_in_part_ends_with_0_and_says_what_failed(
    server: PublisherServer, capsys: pytest.CaptureFixture[str]
) -> None:
    del server.files["tracker.json"]
    assert run(["db", "update", *named(server), "--format", "json"]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert not document["complete"]
    assert {row["name"]: row["outcome"] for row in document["sources"] if row["outcome"] != "kept"} == {
        "debian_tracker": "failed",
        "kev": "updated",
    }
    assert "note: cannot fetch debian_tracker" in printed.err


def test_an_update_that_gets_nothing_ends_with_4_and_says_the_age_of_what_stays(
    server: PublisherServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "update", *named(server)]) == 0
    capsys.readouterr()
    server.files.clear()
    assert run(["db", "update", *named(server)]) == 4
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "error: nothing was updated" in printed.err
    assert "newest source is of 2026-11-27, 2 days old" in printed.err
    assert "hint: " in printed.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["--source", "kev"],
        ["--source", "kev=ftp://mirror.example"],
        ["--source", f"kev=https://user:{CANARY}@mirror.example/"],
        ["--without", "nothing"],
        ["--offline"],
        ["kev", "--without", "kev"],
    ],
)
def test_wrong_usage_of_an_update_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "update", *arguments]) == 2
    printed = capsys.readouterr()
    assert "hint: " in printed.err
    assert CANARY not in printed.err


def test_an_offline_environment_keeps_an_update_from_asking(
    server: PublisherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEWISE_OFFLINE", "1")
    assert run(["db", "update", *named(server)]) == 2
    assert server.seen == []


def test_addresses_come_from_the_environment_too(
    server: PublisherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEWISE_SOURCE_KEV", f"{server.url}/missing.json {server.url}/kev.json")
    assert run(["db", "update", "kev", *NOW]) == 0
    assert [seen.path for seen in server.seen] == ["/missing.json", "/kev.json"]


def test_a_store_travels_as_a_bundle(
    server: PublisherServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(["db", "update", *named(server)]) == 0
    assert run(["db", "export", str(tmp_path / "bundle.zip")]) == 0
    assert "sha256 " in capsys.readouterr().out
    monkeypatch.setenv("BASEWISE_STORE", str(tmp_path / "other side" / "store.sqlite"))
    monkeypatch.setenv("BASEWISE_OFFLINE", "1")
    assert run(["db", "import", str(tmp_path / "bundle.zip"), *NOW]) == 0
    capsys.readouterr()
    assert run(["db", "status", "--format", "json", *NOW]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["store"] == str(tmp_path / "other side" / "store.sqlite")
    assert document["own_store_state"] == "another one was named"
    assert "kev" not in document["stale"]
    assert document["stale"] == ["debian_archive bullseye"]


def test_the_status_says_which_store_is_used_and_what_is_stale(
    server: PublisherServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "status", *NOW]) == 0
    before = capsys.readouterr().out
    assert "advisory store: embedded" in " ".join(before.split())
    assert "not there" in " ".join(before.split())
    assert re.search(r"^kev +2025-08-25 +461 days +stale", before, re.MULTILINE)
    assert run(["db", "update", *named(server)]) == 0
    capsys.readouterr()
    assert run(["db", "status", *NOW]) == 0
    after = capsys.readouterr().out
    assert "in use" in " ".join(after.split())
    assert re.search(r"^kev +2026-11-20 +9 days +fresh", after, re.MULTILINE)
    assert run(["db", "status", "--now", "2026-11-01"]) == 0
    assert "after the clock" in capsys.readouterr().out


def test_a_damaged_store_of_ones_own_is_4_for_every_command(
    server: PublisherServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "update", *named(server)]) == 0
    own = user_store()
    assert own is not None
    own.write_bytes(own.read_bytes()[:-1])
    (tmp_path / "requirements.txt").write_text("numpy==2.3.5\n")
    capsys.readouterr()
    for command in (
        ["db", "status"],
        ["db", "update", *named(server)],
        ["db", "export", str(tmp_path / "bundle.zip")],
        ["choose", str(tmp_path), "--offline"],
    ):
        assert run(command) == 4, command
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "basewise db update" in printed.err
    assert not (tmp_path / "bundle.zip").exists()


def test_no_store_at_all_is_4_and_never_an_answer_without_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("basewise.advisories.store_opening.EMBEDDED_STORE", "advisories/missing.gz")
    (tmp_path / "requirements.txt").write_text("numpy==2.3.5\n")
    for command in (["db", "status"], ["choose", str(tmp_path), "--offline"]):
        assert run(command) == 4
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "hint: " in printed.err


def test_a_user_without_a_home_reads_the_embedded_store_and_is_told_where_to_write(
    server: PublisherServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME", "BASEWISE_CACHE_DIR", "BASEWISE_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.chdir(tmp_path)
    assert run(["db", "status"]) == 0
    assert "embedded" in capsys.readouterr().out
    assert run(["db", "update", *named(server)]) == 4
    assert "BASEWISE_STORE" in capsys.readouterr().err
    monkeypatch.setenv("BASEWISE_STORE", str(tmp_path / "store.sqlite"))
    assert run(["db", "update", *named(server)]) == 4
    assert "BASEWISE_CACHE_DIR" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "cache"))
    assert run(["db", "update", *named(server)]) == 0
    with Store.open_path(tmp_path / "store.sqlite") as opened:
        assert len(opened.exploited_ids()) == 1200
