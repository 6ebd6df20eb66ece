"""Decompression by magic: members, padding, damage and limits of gzip and zstd."""

from __future__ import annotations

import gzip
import io
import struct
import sys

import pytest

from basewise._internal.gunzip import InflateError, open_inflated
from basewise.testing.tar_writer import gzip_bytes, zstd_bytes

DATA = b"some data, " * 5000


def inflate(stored: bytes, *, window: int = 2**27) -> bytes:
    stream = open_inflated(io.BytesIO(stored), max_window_bytes=window)
    return b"".join(iter(lambda: stream.read(1000), b""))


@pytest.fixture(params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with ISA-L, and as where it is not installed."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal.igzip", None)


GOOD = {
    "nothing": (b"", b""),
    "plain": (DATA, DATA),
    "gzip": (gzip_bytes(DATA), DATA),
    "gzip, trailing zeros": (gzip_bytes(DATA) + bytes(700), DATA),
    "gzip, two members": (gzip_bytes(DATA) + gzip_bytes(b"more"), DATA + b"more"),
    "gzip, empty member": (gzip_bytes(b"") + gzip_bytes(DATA), DATA),
    "zstd": (zstd_bytes(DATA), DATA),
    "zstd, two frames": (zstd_bytes(DATA) + zstd_bytes(b"more"), DATA + b"more"),
    "zstd, skippable frame first": (struct.pack("<II", 0x184D2A53, 5) + b"hello" + zstd_bytes(DATA), DATA),
    "zstd, skippable frame last": (zstd_bytes(DATA) + struct.pack("<II", 0x184D2A50, 3) + b"abc", DATA),
}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.usefixtures("library")
def test_a_stream_is_read_whatever_it_is(name: str) -> None:
    stored, expected = GOOD[name]
    assert inflate(stored) == expected


def flipped(stored: bytes, at: int) -> bytes:
    return stored[:at] + bytes([stored[at] ^ 0xFF]) + stored[at + 1 :]


BAD = {
    "gzip, truncated": (gzip_bytes(DATA)[:-20], "ends early"),
    "gzip, header only": (gzip_bytes(DATA)[:10], "ends early"),
    "gzip, half a trailer": (gzip_bytes(DATA)[:-4], "ends early"),
    "gzip, wrong checksum": (flipped(gzip_bytes(DATA), -8), "damaged"),
    "gzip, wrong length": (flipped(gzip_bytes(DATA), -1), "damaged"),
    "gzip, trailing garbage": (gzip_bytes(DATA) + b"garbage after the end", "damaged"),
    "gzip, damaged inside": (flipped(gzip_bytes(DATA), 40), "damaged|ends early"),
    "zstd, truncated": (zstd_bytes(DATA)[:-5], "ends early"),
    "zstd, trailing garbage": (zstd_bytes(DATA) + b"garbage after the end", "cannot be read"),
    "zstd, damaged": (flipped(zstd_bytes(DATA), 8), "cannot be read|ends early"),
    "xz": (b"\xfd7zXZ\x00", "compressed with xz"),
    "bzip2": (b"BZh91AY&SY", "compressed with bzip2"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.usefixtures("library")
def test_a_damaged_stream_is_an_error(name: str) -> None:
    stored, message = BAD[name]
    with pytest.raises(InflateError, match=message):
        inflate(stored)


def test_a_zstd_window_over_the_limit_is_refused_before_memory_is_taken() -> None:
    # A frame header that asks for a window of 2 GiB, in a frame of 17 bytes.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (31 - 10) << 3]) + b"\x01\x00\x00" + bytes(8)
    with pytest.raises(InflateError, match="cannot be read"):
        inflate(frame)
    assert inflate(zstd_bytes(DATA, window_log=20), window=2**20) == DATA


def test_a_zstd_dictionary_is_an_error() -> None:
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x01 | 0x20, 0x07, 0x05]) + b"\x01\x00\x00"
    with pytest.raises(InflateError, match="cannot be read"):
        inflate(frame)


def test_a_bomb_comes_out_in_pieces_of_the_size_asked_for() -> None:
    bomb = gzip.compress(bytes(50 * 2**20), mtime=0)
    stream = open_inflated(io.BytesIO(bomb), max_window_bytes=2**27)
    assert max(len(part) for part in iter(lambda: stream.read(65536), b"")) <= 65536
    frame = zstd_bytes(bytes(50 * 2**20))
    stream = open_inflated(io.BytesIO(frame), max_window_bytes=2**27)
    assert max(len(part) for part in iter(lambda: stream.read(65536), b"")) <= 65536
