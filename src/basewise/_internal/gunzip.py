"""Decompression of a stream whose first bytes say how it is compressed: gzip, zstd or not at all.

Gzip goes through ISA-L, twice as fast as zlib, and through zlib where ISA-L is not there. Several members, and
zeros after the last one, are one stream; anything else after it, a wrong checksum and an early end are errors.

Reference: RFC 1952; RFC 8878.
"""

from __future__ import annotations

import importlib
import io
import zlib
from collections.abc import Callable
from typing import Any, Protocol, cast

from basewise._internal.tar import ByteStream

__all__ = ["InflateError", "is_compressed", "is_stored", "open_inflated"]

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_OTHER_MAGIC = {b"BZh": "bzip2", b"\xfd7z": "xz", b"PK\x03": "zip", b"\x04\x22\x4d": "lz4"}
_HEAD_BYTES = 4
# The largest window that the format is decoded with.
_MAX_WINDOW_LOG = 31
_INPUT_BYTES = 256 * 1024


class InflateError(Exception):
    """The compressed stream is damaged, ends early, or is of a kind that is not read."""


class _ZstdDecompressor(Protocol):
    """What is used of the standard library's decompressor."""

    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return the next part."""


def open_inflated(stream: ByteStream, *, max_window_bytes: int) -> ByteStream:
    """Return the decompressed bytes of `stream`.

    Args:
        stream: The stored bytes, from their beginning.
        max_window_bytes: Memory that a zstd stream may ask for.

    Returns:
        A stream whose `read` raises `InflateError`.
    """
    head = _read_head(stream)
    joined = _Joined(head, stream)
    if head[:2] == _GZIP_MAGIC:
        return _Gunzipped(joined)
    if _is_zstd(head):
        return _Unzstd(joined, max_window_bytes)
    other = _OTHER_MAGIC.get(head[:3])
    if other is not None:
        raise InflateError(f"it is compressed with {other}; only gzip and zstd are read")
    return joined


def is_stored(inflated: ByteStream) -> bool:
    """Tell whether what `open_inflated` returned are the stored bytes themselves, because nothing compresses them."""
    return isinstance(inflated, _Joined)


def is_compressed(head: bytes) -> bool:
    """Tell whether a stream that begins with `head` (four bytes) is gzip or zstd."""
    return head[:2] == _GZIP_MAGIC or _is_zstd(head)


def _is_zstd(head: bytes) -> bool:
    return head == _ZSTD_MAGIC or int.from_bytes(head, "little") in _ZSTD_SKIPPABLE


def _read_head(stream: ByteStream) -> bytes:
    head = b""
    while len(head) < _HEAD_BYTES and (part := stream.read(_HEAD_BYTES - len(head))):
        head += part
    return head


class _Joined(io.RawIOBase):
    """The bytes already read, then the stream."""

    def __init__(self, head: bytes, stream: ByteStream) -> None:
        self._head = head
        self._read = stream.read

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            part, self._head = self._head[:size], self._head[size:]
            return part
        return self._read(size)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # callers pass bytes-like memory
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Gunzipped:
    """Decompressed gzip members, one after the other."""

    def __init__(self, stream: io.RawIOBase) -> None:
        module = _gzip_module()
        # ISA-L has an error of its own, which is not that of zlib.
        self._error: type[Exception] = getattr(module, "isal_zlib", zlib).error
        self._read: Callable[[int], bytes] = module.GzipFile(fileobj=stream, mode="rb").read

    def read(self, size: int, /) -> bytes:
        try:
            return self._read(size)
        except EOFError as error:
            raise InflateError("the gzip stream ends early") from error
        except self._error as error:
            raise InflateError(f"the gzip stream is damaged: {error}") from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise InflateError(f"the gzip stream is damaged: {error}") from error


def _gzip_module() -> Any:  # noqa: ANN401 - two modules with one interface
    try:
        return importlib.import_module("isal.igzip")
    except ImportError:
        return importlib.import_module("gzip")


class _Unzstd:
    """Decompressed zstd frames, one after the other."""

    def __init__(self, stream: ByteStream, max_window_bytes: int) -> None:
        self._stream = stream
        self._new = _zstd_factory(max_window_bytes)
        self._decompressor = self._new()
        self._inside = False

    def read(self, size: int, /) -> bytes:
        while True:
            part, ended = self._step(size)
            if part or ended:
                return part

    def _step(self, size: int) -> tuple[bytes, bool]:
        """Return some output, and whether the stream has ended."""
        raw = b""
        if self._decompressor.eof:
            raw = self._decompressor.unused_data
            self._decompressor = self._new()
            self._inside = False
        if not raw and self._decompressor.needs_input:
            raw = self._stream.read(_INPUT_BYTES)
            if not raw:
                if self._inside:
                    raise InflateError("the zstd stream ends early")
                return b"", True
        self._inside = True
        try:
            return self._decompressor.decompress(raw, size), False
        except Exception as error:
            # The module that defines the error is not the same for all versions of Python.
            if type(error).__name__ != "ZstdError":
                raise
            limit = " (limit `zstd_window_bytes`)" if "memory" in str(error) else ""
            raise InflateError(f"the zstd stream cannot be read: {error}{limit}") from error


def _zstd_factory(max_window_bytes: int) -> Callable[[], _ZstdDecompressor]:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        options = {
            module.DecompressionParameter.window_log_max: min(
                max_window_bytes.bit_length() - 1, _MAX_WINDOW_LOG
            )
        }
        return lambda: cast("_ZstdDecompressor", module.ZstdDecompressor(options=options))
    raise InflateError("this Python cannot read zstd; install `backports.zstd`")
