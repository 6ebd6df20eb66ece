"""Reading an input file of a feed, with a limit."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import BinaryIO

from basewise._internal.gunzip import InflateError, open_inflated
from basewise.advisories.feed import Input
from basewise.errors import StoreError

__all__ = [
    "MAX_INPUT_BYTES",
    "MAX_UNPACKED_BYTES",
    "input_of",
    "input_of_file",
    "open_input",
    "read_input",
    "unpacked",
]

MAX_INPUT_BYTES = 512 * 1024**2
MAX_UNPACKED_BYTES = 1024**3
_BLOCK_BYTES = 1024**2
_WINDOW_BYTES = 8 * 1024**2


def open_input(path: Path, buffer_bytes: int) -> BinaryIO:
    """Open a file to be read piece by piece.

    Raises:
        StoreError: It is missing, no regular file, or unreadable.
    """
    try:
        if path.exists() and not path.is_file():
            raise StoreError(f"cannot read advisory data `{path}`: it is no regular file")
        return path.open("rb", buffering=buffer_bytes)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_input(path: Path) -> bytes:
    """Return the bytes of `path`.

    Raises:
        StoreError: It is missing, unreadable, or larger than `MAX_INPUT_BYTES`.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(raw) > MAX_INPUT_BYTES:
        raise StoreError(f"cannot read advisory data `{path}`: larger than {MAX_INPUT_BYTES} bytes")
    return raw


def unpacked(raw: bytes, path: Path) -> bytes:
    """Return the bytes of a file decompressed, where gzip compressed it.

    Args:
        raw: Its bytes.
        path: For messages.

    Raises:
        StoreError: They are damaged, cut, or larger than `MAX_UNPACKED_BYTES`.
    """
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    stream = open_inflated(io.BytesIO(raw), max_window_bytes=_WINDOW_BYTES)
    content = bytearray()
    try:
        while part := stream.read(_BLOCK_BYTES):
            content += part
            if len(content) > MAX_UNPACKED_BYTES:
                raise StoreError(f"cannot read `{path}`: more than {MAX_UNPACKED_BYTES} bytes unpacked")
    except InflateError as error:
        raise StoreError(f"cannot read `{path}`: {error}", hint="fetch it again") from error
    return bytes(content)


def input_of(path: Path, raw: bytes, as_of: str) -> Input:
    """Return the record of a file that was read.

    Args:
        path: The file; only its name is kept.
        raw: Its bytes.
        as_of: Date of its data.
    """
    return Input(path.name, as_of, hashlib.sha256(raw).hexdigest())


def input_of_file(path: Path, as_of: str) -> Input:
    """Return the same of a file that is hashed piece by piece.

    Raises:
        StoreError: It cannot be read any more.
    """
    try:
        with path.open("rb") as file:
            return Input(path.name, as_of, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot read advisory data `{path}`: {error.strerror or error}",
        hint="name the folder that holds it",
    )
