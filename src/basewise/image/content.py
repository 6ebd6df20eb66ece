"""What is kept of one layer after it was read once: metadata of all its entries, bytes of the wanted files.

Entries are columns, not objects: a layer has tens of thousands of them, and a warm run has milliseconds.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import msgspec

from basewise.model.digest import DiffId, Digest
from basewise.model.evidence import NotCovered

__all__ = [
    "BLOCK_DEVICE",
    "CHARACTER_DEVICE",
    "DIRECTORY",
    "FIFO",
    "FILE",
    "HARD_LINK",
    "SYMLINK",
    "LayerContent",
]

FILE = "-"
HARD_LINK = "h"
SYMLINK = "l"
DIRECTORY = "d"
CHARACTER_DEVICE = "c"
BLOCK_DEVICE = "b"
FIFO = "p"


class LayerContent(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    r"""One layer, read.

    Paths are relative to the root, normal (no `.`, `..`, empty component) and unique; none lies beneath an
    entry of this layer that is no directory. Undecodable bytes are surrogates.

    Args:
        digest: Of the stored bytes, computed; None for a directory.
        diff_id: Of the tar, computed; None for a directory.
        stored_bytes: Length of the stored bytes.
        tar_bytes: Length of the tar.
        disk_bytes: Contents of its regular files, hard links counted once.
        names: The paths, UTF-8 with surrogates passed, joined by NUL.
        kinds: One letter an entry, see the constants.
        modes: Permission bits, two bytes each, little endian.
        sizes: Content in bytes, eight bytes each, little endian; a hard link has that of its target.
        links: Index of an entry to the target of its link, as written.
        implied: Directories that have entries beneath and none of their own.
        removed: Paths that a whiteout takes out of the layers below.
        opaque: Directories that hide what the layers below have in them.
        kept: Path to the bytes of a wanted file.
        condensed: Cataloger to path to what it made of a file.
        not_covered: What was left out, with the reason.
    """

    digest: Digest | None
    diff_id: DiffId | None
    stored_bytes: int | None
    tar_bytes: int
    disk_bytes: int
    names: bytes
    kinds: bytes
    modes: bytes
    sizes: bytes
    links: Mapping[int, str]
    implied: tuple[str, ...]
    removed: tuple[str, ...]
    opaque: tuple[str, ...]
    kept: Mapping[str, bytes]
    condensed: Mapping[str, Mapping[str, bytes]]
    not_covered: tuple[NotCovered, ...]

    @cached_property
    def paths(self) -> list[str]:
        """The paths, in the order of the columns."""
        return self.names.decode("utf-8", "surrogateescape").split("\0") if self.kinds else []

    @cached_property
    def path_set(self) -> frozenset[str]:
        """The paths, for membership."""
        return frozenset(self.paths)

    @cached_property
    def mode_column(self) -> memoryview[int]:
        """Permission bits as integers."""
        return _column(self.modes, "H")

    @cached_property
    def size_column(self) -> memoryview[int]:
        """Sizes as integers."""
        return _column(self.sizes, "Q")


def _column(raw: bytes, form: Literal["H", "Q"]) -> memoryview[int]:
    if sys.byteorder == "big":
        swapped = array(form, raw)
        swapped.byteswap()
        raw = swapped.tobytes()
    return memoryview(raw).cast(form)
