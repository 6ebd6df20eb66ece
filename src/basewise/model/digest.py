"""Digests of the OCI image specification: of a stored blob, and of an uncompressed layer."""

from __future__ import annotations

import re
from typing import Self

import msgspec

from basewise.errors import InvalidValueError

__all__ = ["DiffId", "Digest"]

_HEX_LENGTH = {"sha256": 64, "sha512": 128}
_SHAPE = re.compile(r"(sha256|sha512):([0-9a-f]+)\Z")


class _ContentHash(msgspec.Struct, frozen=True, order=True):
    """An algorithm and its lower-case hexadecimal value."""

    algorithm: str
    hexadecimal: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `algorithm:hex`.

        Raises:
            InvalidValueError: The text is no sha256 or sha512 digest in lower case.

        Reference:
            OCI image specification, descriptor.md, section Digests.
        """
        found = _SHAPE.match(text)
        if found is None or len(found[2]) != _HEX_LENGTH[found[1]]:
            raise InvalidValueError(
                f"not a digest: {text[:100]!r}", hint="a digest reads `sha256:` and 64 lower-case hex digits"
            )
        return cls(found[1], found[2])

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits, for tables."""
        return self.hexadecimal[:12]

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hexadecimal}"


class Digest(_ContentHash, frozen=True, order=True):
    """Hash of a blob as it is stored (compressed, when it is a layer)."""


class DiffId(_ContentHash, frozen=True, order=True):
    """Hash of the uncompressed tar of a layer."""
