"""The bytes of a package's record in a store: compressed where that pays."""

from __future__ import annotations

import importlib
import zlib
from typing import Any

__all__ = ["MAX_RECORD_BYTES", "pack_record", "unpack_record"]

MAX_RECORD_BYTES = 64 * 1024**2
_WORTH_COMPRESSING_BYTES = 128
_ZLIB_MAGIC = 0x78
_SMALLEST, _FAST = 9, 1


def pack_record(raw: bytes, *, small: bool) -> bytes:
    """Return an encoded record as it is stored.

    Args:
        raw: A MessagePack array; its first byte is never that of a zlib stream.
        small: Take three times as long to make it a fifth smaller.
    """
    if len(raw) < _WORTH_COMPRESSING_BYTES:
        return raw
    if small:
        return zlib.compress(raw, level=_SMALLEST)
    packed: bytes = _fast_zlib().compress(raw, _FAST)
    return packed


def unpack_record(blob: bytes) -> bytes:
    """Return the encoded record.

    Raises:
        zlib.error: It is damaged, or larger than `MAX_RECORD_BYTES`.
    """
    if not blob or blob[0] != _ZLIB_MAGIC:
        return blob
    inflater = zlib.decompressobj()
    raw = inflater.decompress(blob, MAX_RECORD_BYTES)
    if not inflater.eof:
        raise zlib.error(f"a record is cut, or larger than {MAX_RECORD_BYTES} bytes")
    return raw


def _fast_zlib() -> Any:  # noqa: ANN401 - two modules with one interface
    """Return ISA-L's module; loading is left to those who write."""
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return zlib
