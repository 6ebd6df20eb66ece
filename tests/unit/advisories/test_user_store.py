"""Which store is read, which one is written, and by whom at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from basewise._internal.paths import cache_directory
from basewise.advisories.store import Store
from basewise.advisories.user_store import alone_at, store_to_write, user_store
from basewise.advisories.write import write_store
from basewise.candidates.user_catalogue import read_user_catalogue
from basewise.errors import OutputError, StoreError
from basewise.matching.match import match
from basewise.model.advisory import FactKind
from basewise.progress import SilentProgress
from basewise.testing.feeds import FactsFeed, content_of, fact
from basewise.testing.unprivileged import open_the_way, run_unprivileged

FACT = fact("CVE-2026-0001", FactKind.FIXED, "1-1", origin="osv")


def write_own(as_of: str) -> Path:
    path = user_store()
    assert path is not None
    write_store(path, content_of(feeds=[FactsFeed("osv", [FACT], as_of=as_of)]))
    return path


def without_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a user whom the system does not know, as in a container with an arbitrary user id."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME", "BASEWISE_CACHE_DIR", "BASEWISE_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)


class Talk(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


class TestTheStoreThatIsRead:
    def test_is_the_embedded_one_where_there_is_no_other(self) -> None:
        with Store.open_default({}) as store:
            assert store.name == "embedded"

    def test_is_the_users_where_it_is_as_new_as_the_embedded_one(self) -> None:
        with Store.open_embedded() as embedded:
            newest = embedded.newest
        path = write_own(newest)
        with Store.open_default({}) as store:
            assert store.name == str(path)

    def test_is_the_embedded_one_where_that_is_newer(self) -> None:
        path = write_own("2020-01-01")
        with Store.open_default({}) as store:
            assert store.name == "embedded"
            said = {item.what: item.why for item in match((), None, store).not_covered}
            assert f"your own store `{path}` has osv and is not read" in said["advisories of your own store"]
        with Store.open_embedded() as store:
            assert "advisories of your own store" not in {
                item.what for item in match((), None, store).not_covered
            }

    def test_is_the_one_that_the_environment_names_however_old(self, tmp_path: Path) -> None:
        write_own("2999-01-01")
        path = tmp_path / "with a space\nand a line" / "store.sqlite"
        write_store(path, content_of(feeds=[FactsFeed("osv", [FACT], as_of="2020-01-01")]))
        with Store.open_default({"BASEWISE_STORE": str(path)}) as store:
            assert store.name == str(path)

    @pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "a directory", "a dangling link"])
    def test_is_never_another_one_because_the_users_is_damaged(self, damage: str) -> None:
        path = write_own("2999-01-01")
        raw = bytearray(path.read_bytes())
        path.unlink()
        if damage == "a directory":
            path.mkdir()
        elif damage == "a dangling link":
            path.symlink_to("nowhere")
        else:
            raw[5000] ^= 1
            path.write_bytes({"empty": b"", "cut": bytes(raw[:6000]), "flipped": bytes(raw)}[damage])
        with pytest.raises(StoreError) as caught:
            Store.open_default({})
        assert caught.value.exit_code == 4
        assert "basewise db update" in caught.value.hint
        assert str(path) in caught.value.message

    def test_is_the_embedded_one_where_nothing_says_whose_files_are_meant(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        without_home(monkeypatch)
        monkeypatch.chdir(tmp_path)
        assert user_store() is None
        assert read_user_catalogue() == ()
        with pytest.raises(OutputError, match="no home directory"):
            cache_directory()
        with Store.open_default({}) as store:
            assert store.name == "embedded"


class TestTheStoreThatIsWritten:
    def test_is_the_one_that_the_environment_names_else_the_users(self, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite"
        assert store_to_write({"BASEWISE_STORE": str(path)}) == path
        assert store_to_write({}) == user_store()

    @pytest.mark.parametrize("environment", [{"BASEWISE_STORE": ""}, {}])
    def test_is_asked_for_where_nothing_says_where(
        self, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without_home(monkeypatch)
        with pytest.raises(OutputError) as caught:
            store_to_write(environment)
        assert "BASEWISE_STORE" in caught.value.hint


class TestHoldingAStore:
    def test_lets_the_second_wait_and_says_so(self, tmp_path: Path) -> None:
        path, talk, entered = tmp_path / "store.sqlite", Talk(), threading.Event()

        def second() -> None:
            with alone_at(path, talk, seconds=30):
                entered.set()

        with alone_at(path, SilentProgress()):
            thread = threading.Thread(target=second)
            thread.start()
            assert not entered.wait(0.05)
        thread.join(30)
        assert entered.is_set()
        assert talk.notes == [f"another process renews `{path}`; waiting until it is done"]

    def test_gives_up_after_its_time(self, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite"
        with (
            alone_at(path, SilentProgress()),
            pytest.raises(OutputError, match="another process has been at it"),
            alone_at(path, SilentProgress(), seconds=0.05),
        ):
            raise AssertionError("both hold it")

    def test_does_not_wait_for_the_lock_of_a_dead_process(self, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite"
        (tmp_path / ".store.sqlite.lock").write_text("4194000")
        with alone_at(path, SilentProgress(), seconds=0):
            pass

    def test_removes_what_killed_processes_left(self, tmp_path: Path) -> None:
        kept = {"store.sqlite", "other.sqlite", ".store.sqlite.lock", ".other.sqlite.x"}
        for name in (*kept, ".store.sqlite.abcd", ".basewise-store-1.sqlite"):
            (tmp_path / name).write_bytes(b"x")
        with alone_at(tmp_path / "store.sqlite", SilentProgress()):
            assert {path.name for path in tmp_path.iterdir()} == kept

    def test_says_where_else_to_write_when_the_place_is_closed(self, tmp_path: Path) -> None:
        open_the_way(tmp_path)
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o555)

        def work() -> None:
            for path in (closed / "store.sqlite", closed / "below" / "store.sqlite"):
                with pytest.raises(OutputError) as caught, alone_at(path, SilentProgress()):
                    raise AssertionError("it was held")
                assert "BASEWISE_STORE" in caught.value.hint

        with alone_at(tmp_path / "warm.sqlite", SilentProgress()):  # imports what the other user cannot
            pass
        run_unprivileged(work)
        assert list(closed.iterdir()) == []
