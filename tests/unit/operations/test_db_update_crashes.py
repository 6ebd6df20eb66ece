"""Updates that are killed, find no space, or meet each other: there is always a whole store."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from basewise.advisories.store import Store
from basewise.errors import OutputError
from basewise.testing.advisory_data import kev_json
from basewise.testing.fake_http import Answer, Seen
from basewise.testing.publishers import PublisherServer
from basewise.testing.updates import KEV_ENTRIES, kev_update, small_store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and mounts of Linux")
ROUNDS = 100
READERS = 4


class ListServer(PublisherServer):
    """Serves a list with `KEV_ENTRIES` + N entries as `/N.json`."""

    def answer(self, request: Seen) -> Answer:
        name = request.path.strip("/").removesuffix(".json")
        if name.isdigit():
            self.files.setdefault(request.path.strip("/"), kev_json(KEV_ENTRIES + int(name)))
        return super().answer(request)


@pytest.fixture
def server() -> Iterator[ListServer]:
    with ListServer({}) as server:
        yield server


def entries(path: Path) -> int:
    """Return how many more entries the list of a store has than the first one."""
    with Store.open_path(path) as store:
        return len(store.exploited_ids()) - KEV_ENTRIES


@pytest.fixture
def _small(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with a small store."""
    path = small_store(tmp_path_factory.mktemp("embedded"))
    monkeypatch.setattr(Store, "open_embedded", lambda: Store.open_path(path))


def start(
    path: Path, address: str, *, confine: Callable[[], None] | None = None, umask: int = -1
) -> subprocess.Popen[str]:
    arguments = ["kev", "--source", f"kev={address}", "--store", str(path), "--now", "2026-11-27"]
    return subprocess.Popen(
        [sys.executable, "-m", "basewise", "db", "update", *arguments, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=confine,  # noqa: PLW1509 - the child starts no thread before it is another program
        umask=umask,
    )


def test_a_hundred_updates_that_are_killed_leave_the_old_store_or_the_new_one(
    server: ListServer, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "basewise.testing.updates", server.url, str(tmp_path), str(ROUNDS), "17"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["old"] + counts["new"] == ROUNDS
    assert counts["killed"] >= ROUNDS // 4
    assert min(counts["old"], counts["new"]) >= ROUNDS // 20


def test_a_killed_command_leaves_a_store_that_opens(server: ListServer, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    kev_update(path, f"{server.url}/0.json")
    generator = random.Random(18)  # noqa: S311 - the same moments in every run
    before = 0
    for number in range(1, 5):
        process = start(path, f"{server.url}/{number}.json")
        try:
            process.communicate(timeout=generator.uniform(0.2, 1.2))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        found = entries(path)
        assert found in {before, number}
        before = found


def test_two_updaters_and_many_readers_disturb_nobody(server: ListServer, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    kev_update(path, f"{server.url}/0.json")
    done, seen, failures = threading.Event(), set[int](), list[str]()

    def read() -> None:
        while not done.is_set() and not failures:
            try:
                seen.add(entries(path))
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is a failure of this test
                failures.append(str(error))

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        updaters = [start(path, f"{server.url}/7.json") for _ in range(2)]
        printed = [json.loads(process.communicate(timeout=300)[0]) for process in updaters]
    finally:
        done.set()
    for reader in readers:
        reader.join(120)
    assert failures == []
    assert seen <= {0, 7}
    assert entries(path) == 7
    assert [process.returncode for process in updaters] == [0, 0]
    assert sorted(document["written"] for document in printed) == [False, True]
    received = [
        row["received_bytes"] for document in printed for row in document["sources"] if row["name"] == "kev"
    ]
    assert min(received) == 0
    assert max(received) == len(server.files["7.json"])


class TestNoSpace:
    def test_a_limit_on_file_size_leaves_the_old_store(self, server: ListServer, tmp_path: Path) -> None:
        path = tmp_path / "store.sqlite"
        kev_update(path, f"{server.url}/0.json")
        before = path.read_bytes()

        def confine() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

        process = start(path, f"{server.url}/1.json", confine=confine)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 4, said
        assert "error: cannot write" in said
        assert "the store before is unchanged" in said
        assert "Traceback" not in said
        assert path.read_bytes() == before
        assert {entry.name for entry in tmp_path.iterdir()} == {"store.sqlite", ".store.sqlite.lock"}

    @pytest.mark.usefixtures("_small")
    @pytest.mark.parametrize("free_kilobytes", [0, 100, 500])
    def test_a_full_disk_leaves_the_old_store(
        self, free_kilobytes: int, server: ListServer, tmp_path: Path
    ) -> None:
        with mounted(tmp_path / "disk", "size=4m") as disk:
            path = disk / "store.sqlite"
            kev_update(path, f"{server.url}/0.json")
            before = path.read_bytes()
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            (disk / "filler").write_bytes(bytes(free - free_kilobytes * 1024))
            server.files["1.json"] = kev_json(30_000)
            with pytest.raises(OutputError) as caught:
                kev_update(path, f"{server.url}/1.json")
            assert caught.value.exit_code == 4
            assert "No space left" in caught.value.message or "full" in caught.value.message
            assert path.read_bytes() == before
            assert {entry.name for entry in disk.iterdir()} == {
                "store.sqlite",
                ".store.sqlite.lock",
                "filler",
            }

    def test_a_disk_that_cannot_be_written_says_where_else(self, server: ListServer, tmp_path: Path) -> None:
        with mounted(tmp_path / "disk", "ro") as disk, pytest.raises(OutputError) as caught:
            kev_update(disk / "store.sqlite", f"{server.url}/1.json")
        assert "Read-only file system" in caught.value.message
        assert "BASEWISE_STORE" in caught.value.hint
        assert server.seen == []

    @pytest.mark.usefixtures("_small")
    @pytest.mark.parametrize(
        ("step", "number"),
        [("fsync", errno.ENOSPC), ("fsync", errno.EIO), ("rename", errno.EROFS), ("rename", errno.EDQUOT)],
    )
    def test_a_failure_at_the_last_steps_leaves_the_old_store(
        self,
        step: str,
        number: int,
        server: ListServer,
        tmp_path: Path,
    ) -> None:
        path = tmp_path / "store.sqlite"
        kev_update(path, f"{server.url}/0.json")
        before = path.read_bytes()
        with pytest.MonkeyPatch.context() as patch:
            break_step(patch, step, number, path)
            with pytest.raises(OutputError) as caught:
                kev_update(path, f"{server.url}/1.json")
        assert caught.value.exit_code == 4
        assert os.strerror(number) in caught.value.message
        assert path.read_bytes() == before
        assert {entry.name for entry in tmp_path.iterdir()} == {"store.sqlite", ".store.sqlite.lock"}
        kev_update(path, f"{server.url}/1.json")
        assert entries(path) == 1


@contextmanager
def mounted(directory: Path, options: str) -> Iterator[Path]:
    """Mount a small disk; skip where that is not allowed."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def break_step(patch: pytest.MonkeyPatch, step: str, number: int, path: Path) -> None:
    """Let the last steps of writing a store fail."""
    replace, fsync = Path.replace, os.fsync

    def no_fsync(handle: int) -> None:
        if path.name in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(number, os.strerror(number))
        fsync(handle)

    def no_replace(self: Path, target: Path) -> Path:
        if Path(target) == path:
            raise OSError(number, os.strerror(number))
        return replace(self, target)

    if step == "fsync":
        patch.setattr(os, "fsync", no_fsync)
    else:
        patch.setattr(Path, "replace", no_replace)


def test_a_narrow_umask_makes_a_store_of_ones_own(server: ListServer, tmp_path: Path) -> None:
    path = tmp_path / "a space\nand a line" / "store.sqlite"
    process = start(path, f"{server.url}/1.json", umask=0o077)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert entries(path) == 1
