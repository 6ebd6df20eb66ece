"""Which files of a layer are kept, and for whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol

from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.image.patterns import PatternSet

__all__ = ["FileReader", "Wanted"]


class FileReader(Protocol):
    """Whoever reads files of an image: says which, and what of them is kept.

    `name` and `version` are part of the key under which layers are remembered: raise `version` whenever what
    `condense` returns changes its meaning.
    """

    @property
    def name(self) -> str:
        """Lower case, unique: `dpkg`."""

    @property
    def version(self) -> int:
        """Raised with every change of what it keeps."""

    @property
    def wants(self) -> tuple[str, ...]:
        """Patterns of files kept whole, for `tree.read`."""

    @property
    def condenses(self) -> tuple[str, ...]:
        """Patterns of files of which only what `condense` returns is kept, for `tree.condensed`."""

    @property
    def max_file_bytes(self) -> int:
        """Larger files among those are left out and reported; 0 for the general limit."""

    def condense(self, path: str, content: bytes) -> bytes:
        """Reduce a file to what is needed of it. Runs once in a layer's life; must not raise on hostile bytes."""


class Wanted:
    """The wishes of several readers in one.

    Args:
        readers: In any order.
        limits: For files whose reader sets no limit of its own.
    """

    def __init__(self, readers: Sequence[FileReader], limits: Limits = DEFAULT_LIMITS) -> None:
        self.readers = tuple(readers)
        stated = limits.file_bytes != DEFAULT_LIMITS.file_bytes
        self._limits = [
            limits.file_bytes if stated else reader.max_file_bytes or limits.file_bytes for reader in readers
        ]
        self._others = (limits.kept_bytes, limits.path_bytes, limits.path_depth)
        self._whole = (1 << len(self.readers)) - 1

    @cached_property
    def match(self) -> Callable[[str], int]:
        """Return the bits of those who want a path; the patterns are compiled when a layer is read, not before."""
        condensing = len(self.readers)
        wants = [(pattern, at) for at, reader in enumerate(self.readers) for pattern in reader.wants]
        condenses = [
            (pattern, condensing + at)
            for at, reader in enumerate(self.readers)
            for pattern in reader.condenses
        ]
        return PatternSet([*wants, *condenses]).match

    def size_limit(self, bits: int) -> int:
        """Return how large a file may be that the readers of `bits` want: the largest of their limits."""
        count = len(self._limits)
        return max(limit for at, limit in enumerate(self._limits) if (bits >> at | bits >> (at + count)) & 1)

    def is_whole(self, bits: int) -> bool:
        """Tell whether somebody wants the file whole."""
        return bool(bits & self._whole)

    def condensing(self, bits: int) -> list[FileReader]:
        """Return the readers that condense the file."""
        bits >>= len(self.readers)
        return [reader for at, reader in enumerate(self.readers) if bits >> at & 1]

    @property
    def key(self) -> str:
        """A name for these wishes, equal only when the same is kept of every layer."""
        said = [
            (reader.name, reader.version, reader.wants, reader.condenses, limit)
            for reader, limit in zip(self.readers, self._limits, strict=True)
        ]
        return hashlib.sha256(repr((said, self._others)).encode()).hexdigest()[:16]
