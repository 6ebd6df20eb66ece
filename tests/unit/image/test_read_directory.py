"""Reading a root file system directory: never outside, never stuck."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec
import pytest

from basewise.errors import ImageError
from basewise.image.content import LayerContent
from basewise.image.image import DirectoryLayer
from basewise.image.limits import DEFAULT_LIMITS
from basewise.image.read_directory import read_directory
from basewise.image.tree import merge_layers
from basewise.image.wanted import Wanted
from basewise.testing.layers import Everything
from basewise.testing.unprivileged import open_the_way, run_unprivileged

pytestmark = pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="this system cannot do it safely")


def read(root: Path, *wants: str, **limits: int) -> LayerContent:
    changed = msgspec.structs.replace(DEFAULT_LIMITS, **limits)
    return read_directory(DirectoryLayer(root=root), Wanted([Everything(*wants)], changed), changed)


def test_a_directory_is_read_like_a_layer(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "su").write_bytes(b"program")
    (tmp_path / "bin" / "su").chmod(0o4755)
    (tmp_path / "sbin").symlink_to("bin")
    os.link(tmp_path / "bin" / "su", tmp_path / "bin" / "twin")
    tree = merge_layers([content := read(tmp_path)])
    assert content.paths == ["bin", "bin/su", "bin/twin", "sbin"]
    assert tree.read("sbin/su") == tree.read("bin/twin") == b"program"
    assert [entry.path for entry in tree.files_with_mode(0o4000)] == ["bin/su", "bin/twin"]
    assert content.disk_bytes == 7
    assert content.not_covered == ()


def test_links_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "status").symlink_to(secret)
    (root / "environ").symlink_to("/proc/self/environ")
    (root / "outside").symlink_to(tmp_path)
    tree = merge_layers([content := read(root)])
    assert content.kept == {}
    assert content.paths == ["environ", "outside", "status"]
    assert tree.read("status") is None
    assert tree.read("outside/secret") is None


def test_a_wanted_file_that_links_to_an_unwanted_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("meta")
    os.link(tmp_path / "cache", tmp_path / "zmeta")
    assert read(tmp_path, "zmeta").kept == {"zmeta": b"meta"}


def test_pipes_and_sockets_are_listed_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        content = read(tmp_path)
    assert content.paths == ["pipe", "socket"]
    assert content.kinds == b"pp"
    assert content.kept == {}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make devices")
def test_devices_are_listed_and_not_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", 0o666 | 0o020000, os.makedev(1, 5))
    except OSError as error:
        pytest.skip(f"this machine does not let devices be made: {error}")
    assert read(tmp_path).kinds == b"c"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_a_file_of_endless_content_and_no_size_is_told() -> None:
    content = read(Path("/proc/self/net"), "dev")
    assert content.kept == {}
    assert "it changed while it was read" in str(content.not_covered)


def test_what_may_not_be_read_is_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "closed").mkdir(parents=True)
    (root / "closed" / "inside").write_text("x")
    (root / "secret").write_text("x")
    (root / "open").write_text("x")
    (root / "closed").chmod(0)
    (root / "secret").chmod(0)
    open_the_way(root / "open")

    def check() -> None:
        content = read(root)
        assert content.paths == ["closed", "open", "secret"]
        assert content.kept == {"open": b"x"}
        assert [(missing.what, missing.why) for missing in content.not_covered] == [
            ("closed", "it cannot be read: Permission denied"),
            ("secret", "it cannot be read: Permission denied"),
        ]

    run_unprivileged(check)


def test_a_root_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir(mode=0)
    open_the_way(root)

    def check() -> None:
        with pytest.raises(ImageError, match="Permission denied"):
            read(root)

    run_unprivileged(check)


def test_a_file_that_vanishes_is_told_and_the_rest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    real_stat = os.stat

    def stat_and_remove(path: str, *, dir_fd: int, follow_symlinks: bool) -> os.stat_result:
        known = real_stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        if path == "b":
            (tmp_path / "b").unlink()
        return known

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", stat_and_remove)
        content = read(tmp_path)
    assert content.kept == {"a": b"a", "c": b"c"}
    assert "No such file" in str(content.not_covered)


def test_limits_hold_for_directories_too(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"f{number}").write_bytes(bytes(50))
    assert "more than 3 entries" in str(read(tmp_path, entries=3).not_covered)
    assert "limit of 10" in str(read(tmp_path, file_bytes=10).not_covered)


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        read(tmp_path / "missing")
