"""Remembered layers: right or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from basewise._internal.sized_directory import SizedDirectory
from basewise.image.layer_cache import LayerCache
from basewise.image.read_layer import read_layer
from basewise.image.wanted import Wanted
from basewise.model.digest import DiffId, Digest
from basewise.testing.layers import Everything, layer_of, stored_layer
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes

MEMBERS = [
    Member(path="d/", kind="5", mode=0o755),
    Member(path=b"d/caf\xe9", content=b"\0\1", mode=0o4755),
    Member(path="l", kind="2", link=b"to\xff"),
    Member(path="empty", kind="2"),
    Member(path="i/.wh.gone"),
    Member(path=".wh..wh..opq"),
    Member(path="i/j/" + "long" * 2000),
    Member(path="lib/x.so", content=b"elf"),
]
READER = Everything(condenses=("lib/*.so",))
WANTED = Wanted([READER])
LAYER = layer_of(*MEMBERS)


def cache_in(directory: Path, key: str = "key", **options: object) -> LayerCache:
    return LayerCache(key, directory=directory, **options)  # type: ignore[arg-type] # each test gives what it needs


def entry_of(directory: Path) -> Path:
    (entry,) = directory.glob("*.layer")
    return entry


def test_a_remembered_layer_is_the_layer_that_was_read(tmp_path: Path) -> None:
    content = read_layer(LAYER, WANTED)
    cache = cache_in(tmp_path)
    assert cache.get(LAYER) is None
    cache.put(content)
    assert cache_in(tmp_path).get(LAYER) == content
    assert content.not_covered


def test_a_layer_is_known_by_its_diff_id_where_no_blob_is_stored(tmp_path: Path) -> None:
    cache_in(tmp_path).put(read_layer(LAYER, WANTED))
    assert cache_in(tmp_path).get(msgspec.structs.replace(LAYER, digest=None)) is not None


def test_another_blob_cannot_claim_a_known_diff_id(tmp_path: Path) -> None:
    cache_in(tmp_path).put(read_layer(LAYER, WANTED))
    claiming = msgspec.structs.replace(LAYER, digest=Digest("sha256", "0" * 64))
    assert cache_in(tmp_path).get(claiming) is None


def test_a_known_blob_cannot_claim_another_diff_id(tmp_path: Path) -> None:
    cache_in(tmp_path).put(read_layer(LAYER, WANTED))
    claiming = msgspec.structs.replace(LAYER, diff_id=DiffId("sha256", "0" * 64))
    assert cache_in(tmp_path).get(claiming) is None


def test_a_recompressed_layer_is_remembered_once(tmp_path: Path) -> None:
    tar = tar_bytes(MEMBERS)
    first, second = (stored_layer(gzip_bytes(tar, level), tar) for level in (1, 9))
    cache = cache_in(tmp_path)
    cache.put(read_layer(first, WANTED))
    assert cache.get(second) is None
    cache.put(read_layer(second, WANTED))
    assert cache.get(first) is not None
    assert cache.get(second) is not None
    assert entry_of(tmp_path).is_file()


def damage_truncate(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def damage_nothing_left(_: bytes) -> bytes:
    return b""


def damage_flip(raw: bytes) -> bytes:
    return raw[:-7] + bytes([raw[-7] ^ 1]) + raw[-6:]


@pytest.mark.parametrize("damage", [damage_truncate, damage_nothing_left, damage_flip])
def test_a_damaged_entry_is_told_once_and_made_anew(tmp_path: Path, damage: object) -> None:
    other = layer_of(Member(path="other"))
    cache_in(tmp_path).put(read_layer(LAYER, WANTED))
    cache_in(tmp_path).put(read_layer(other, WANTED))
    for path in tmp_path.glob("*.layer"):
        path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator] # one of the functions above
    told: list[str] = []
    cache = cache_in(tmp_path, on_damage=told.append)
    assert cache.get(LAYER) is None
    assert cache.get(other) is None
    assert len(told) == 1
    assert "damaged" in told[0]
    cache.put(read_layer(LAYER, WANTED))
    assert cache.get(LAYER) is not None


def test_the_entry_of_another_layer_is_not_taken(tmp_path: Path) -> None:
    other = layer_of(Member(path="other"))
    cache_in(tmp_path).put(read_layer(LAYER, WANTED))
    raw = entry_of(tmp_path).read_bytes()
    cache_in(tmp_path).put(read_layer(other, WANTED))
    for path in tmp_path.glob("*.layer"):
        path.write_bytes(raw)
    assert cache_in(tmp_path).get(other) is None
    assert cache_in(tmp_path).get(LAYER) is not None


def test_entries_of_other_versions_are_ignored_and_not_removed(tmp_path: Path) -> None:
    cache_in(tmp_path, "newer").put(read_layer(LAYER, WANTED))
    assert cache_in(tmp_path, "mine").get(LAYER) is None
    assert entry_of(tmp_path).is_file()


def test_the_key_changes_with_every_wish() -> None:
    keys = {
        Wanted([reader]).key
        for reader in (
            Everything(),
            Everything(version=2),
            Everything("a"),
            Everything("a", condenses=("b",)),
            Everything(name="other"),
        )
    }
    assert len(keys) == 5
    assert Wanted([Everything()]).key == Wanted([Everything()]).key


def test_a_layer_that_was_not_read_to_its_end_is_not_remembered(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    cache.put(msgspec.structs.replace(read_layer(LAYER, WANTED), diff_id=None))
    assert list(tmp_path.iterdir()) == []


def test_the_longest_unused_files_are_removed_when_there_is_too_much(tmp_path: Path) -> None:
    directory = SizedDirectory(tmp_path / "kept", 350)
    for name in "abc":
        directory.write(name, bytes(100))
        past = time.time() - 1000 + ord(name)
        os.utime(tmp_path / "kept" / name, (past, past))
    assert directory.find("a") is not None
    directory.write("d", bytes(100))
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["a", "c", "d"]
    directory.write("huge", bytes(1000))
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["huge"]


def test_a_partial_file_is_not_seen_and_goes_when_it_is_old(tmp_path: Path) -> None:
    directory = SizedDirectory(tmp_path, 10**6)
    old, fresh = tmp_path / "old.part", tmp_path / "fresh.part"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    directory.write("whole", b"x")
    assert (old.exists(), fresh.exists()) == (False, True)


def test_what_fails_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    directory = SizedDirectory(tmp_path, 10**6)
    directory.write("name", b"before")
    with pytest.raises(TypeError), directory.writing("name") as file:
        file.write("half".upper())  # type: ignore[call-overload] # text cannot be written
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    assert directory.read("name") == b"before"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_directory_of_another_user_is_not_used(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    os.chown(foreign, 12345, 12345)
    cache = cache_in(foreign)
    cache.put(read_layer(LAYER, WANTED))
    assert list(foreign.iterdir()) == []
    assert cache.get(LAYER) is None


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = cache_in(tmp_path / "file" / "layers")
    cache.put(read_layer(LAYER, WANTED))
    assert cache.get(LAYER) is None


def test_the_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    cache_in(tmp_path / "layers").put(read_layer(LAYER, WANTED))
    assert (tmp_path / "layers").stat().st_mode & 0o777 == 0o700


def test_what_somebody_holds_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    files = SizedDirectory(tmp_path, 10)
    order: list[str] = []

    def second() -> None:
        with files.alone("ab-2"):
            order.append("second")

    thread = threading.Thread(target=second)
    with files.alone("ab-1"):
        thread.start()
        with files.alone("ab-1", seconds=0.01):
            order.append("impatient")
        with files.alone("cd"):
            order.append("another name")
        files.write("large", bytes(20))
    thread.join()
    assert order == ["impatient", "another name", "second"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ab.lock", "cd.lock", "large"]


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from basewise._internal.sized_directory import SizedDirectory\n"
        "with SizedDirectory(Path(sys.argv[1]), 10).alone('ab'): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    process.kill()
    process.communicate()
    with SizedDirectory(tmp_path, 10).alone("ab", seconds=60):
        pass
