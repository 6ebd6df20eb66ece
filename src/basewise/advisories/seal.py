"""The last line of a store file: its schema, and the SHA-256 of everything before.

SQLite reads as many pages as the header states and never sees the line. One hash over the bytes finds any
flipped bit without decoding a row.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from basewise.advisories.schema import SCHEMA_VERSION

__all__ = ["LONGEST_SEAL_BYTES", "Seal", "read_seal", "seal", "seal_line"]

LONGEST_SEAL_BYTES = 96
_SEAL = re.compile(rb"basewise-store/(\d{1,9}) ([0-9a-f]{64})\n\Z")


class Seal(msgspec.Struct, frozen=True):
    """What the last line says, and its length in bytes."""

    schema: int
    sha256: str
    length: int


def read_seal(tail: bytes) -> Seal | None:
    """Return the seal at the end of `tail`, None when there is none.

    Args:
        tail: The last `LONGEST_SEAL_BYTES` of a file, or more of it.
    """
    found = _SEAL.search(tail, max(0, len(tail) - LONGEST_SEAL_BYTES))
    return Seal(int(found[1]), found[2].decode(), len(found[0])) if found else None


def seal_line(sha256: str) -> bytes:
    """Return the line for a file of this schema whose bytes have the given SHA-256, hexadecimal."""
    return f"basewise-store/{SCHEMA_VERSION} {sha256}\n".encode()


def seal(raw: bytes) -> bytes:
    """Return the bytes of a SQLite file with their seal after them."""
    return raw + seal_line(hashlib.sha256(raw).hexdigest())
