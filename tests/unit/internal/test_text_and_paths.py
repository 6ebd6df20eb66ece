"""Text made safe, units, and files written whole or not at all."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise._internal.paths import cache_directory, write_atomically
from basewise._internal.text import format_bytes, format_moment, plural, safe_text
from basewise._internal.units import parse_size
from basewise.errors import InvalidValueError, OutputError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("naïve 日本", "naïve 日本"),
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("a\r\n::error::b", r"a\r\n::error::b"),
        ("evil\u202etxt", r"evil\u202etxt"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("lone\ud800", r"lone\ud800"),
        ("c1\x9b31m", r"c1\x9b31m"),
    ],
)
def test_hidden_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_long_text_is_cut_with_a_sign() -> None:
    shown = safe_text("x" * 10_000_000, limit=20)
    assert shown == "x" * 19 + "…"


@given(st.text())
def test_safe_text_is_one_printable_line_that_any_encoding_can_write(text: str) -> None:
    shown = safe_text(text)
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (45_000, "45 kB"),
        (130_010_000, "130 MB"),
        (999_400_000, "999 MB"),
        (999_500_000, "1.00 GB"),
        (999_600, "1.0 MB"),
        (1_110_000_000, "1.11 GB"),
    ],
)
def test_bytes_are_shown_in_decimal_units(count: int | None, text: str) -> None:
    assert format_bytes(count) == text


def test_a_plural_follows_its_number() -> None:
    assert [plural(1, "package"), plural(2, "package"), plural(2, "library", "libraries")] == [
        "1 package",
        "2 packages",
        "2 libraries",
    ]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("800MB", 800_000_000),
        ("1GiB", 1 << 30),
        ("1gb", 10**9),
        ("1.5 GB", 1_500_000_000),
        ("12", 12),
        (" 7k ", 7000),
    ],
)
def test_a_size_is_read_with_its_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-5", "1 TBB", "GB", "1e9", "nan", "1" * 40, "½GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="not a size"):
        parse_size(text)


def test_a_file_is_written_whole_with_the_usual_rights(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]
    assert stat.S_IMODE(target.stat().st_mode) & 0o600 == 0o600


def test_a_private_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", b"x", private=True)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_an_unwritable_place_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept").write_text("kept")
    with pytest.raises(OutputError, match="cannot write"):
        write_atomically(tmp_path / "out", b"new")
    assert (tmp_path / "out" / "kept").read_text() == "kept"
    with pytest.raises(OutputError, match="cannot write"):
        write_atomically(tmp_path / "out" / "kept" / "below", b"new")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept", "out"]


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(pipe.read_bytes)
        write_atomically(pipe, b"through")
        assert reader.result(timeout=30) == b"through"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_the_null_device_stays_a_device() -> None:
    write_atomically(Path(os.devnull), b"nothing")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_the_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_directory() == tmp_path / "mine"
    monkeypatch.delenv("BASEWISE_CACHE_DIR")
    assert cache_directory().name == "basewise"


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    assert (
        format_moment(datetime(2026, 11, 23, 3, 0, tzinfo=timezone(timedelta(hours=5))))
        == "2026-11-22T22:00:00Z"
    )
    assert format_moment(datetime(2026, 11, 23, 3, 0, 7, 999, tzinfo=UTC)) == "2026-11-23T03:00:07Z"
