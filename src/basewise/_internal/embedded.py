"""Reading the embedded data files."""

from __future__ import annotations

import gzip
import zlib
from importlib.resources import files
from typing import TypeVar

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import KnowledgeError

__all__ = ["decode_embedded", "read_embedded"]

Shape = TypeVar("Shape")


def read_embedded(name: str) -> bytes:
    """Return the bytes of `data/NAME`, decompressed when it ends in `.gz`.

    Raises:
        KnowledgeError: The file is missing or damaged.
    """
    try:
        raw = files("basewise.data").joinpath(name).read_bytes()
        return gzip.decompress(raw) if name.endswith(".gz") else raw
    except (OSError, EOFError, zlib.error) as error:
        raise KnowledgeError(
            f"cannot read embedded data `{name}`: {error}", hint="install basewise again"
        ) from error


def decode_embedded(name: str, shape: type[Shape]) -> Shape:
    """Decode the JSON of `data/NAME` into `shape`.

    Raises:
        KnowledgeError: The file is missing, damaged or of another shape.
    """
    try:
        return msgspec.json.decode(read_embedded(name), type=prepared(shape))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(
            f"embedded data `{name}` is damaged: {error}", hint="install basewise again"
        ) from error
