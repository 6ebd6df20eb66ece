"""Layers for tests: made of given members, and a reader that wants everything."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import BinaryIO

from basewise.image.content import LayerContent
from basewise.image.image import StoredLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.image.read_layer import read_layer
from basewise.image.wanted import Wanted
from basewise.model.digest import DiffId, Digest
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes

__all__ = ["Everything", "content_of", "layer_of", "stored_layer"]


class Everything:
    """Wants every file whole, or those of the patterns, and says of condensed files how large they are.

    Args:
        wants: Patterns of files kept whole; all when there is none.
        condenses: Patterns of files that are condensed.
        name: As of a cataloger.
        version: As of a cataloger.
    """

    def __init__(
        self, *wants: str, condenses: tuple[str, ...] = (), name: str = "everything", version: int = 1
    ) -> None:
        self.name = name
        self.version = version
        self.wants = wants or ("**/*",)
        self.condenses = condenses
        self.max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:
        """Return a sentence about the file."""
        return f"{path} has {len(content)} bytes".encode("utf-8", "surrogateescape")


def stored_layer(
    stored: bytes,
    tar: bytes,
    *,
    digest: Digest | None = None,
    diff_id: DiffId | None = None,
    size_bytes: int | None = None,
) -> StoredLayer:
    """Return a layer of stored bytes; what is not stated is the truth about them."""

    def open_blob() -> BinaryIO:
        return io.BytesIO(stored)

    return StoredLayer(
        digest=digest or Digest("sha256", hashlib.sha256(stored).hexdigest()),
        diff_id=diff_id or DiffId("sha256", hashlib.sha256(tar).hexdigest()),
        size_bytes=len(stored) if size_bytes is None else size_bytes,
        media_type="",
        open_blob=open_blob,
    )


def layer_of(*members: Member) -> StoredLayer:
    """Return a gzip layer of members."""
    tar = tar_bytes(members)
    return stored_layer(gzip_bytes(tar), tar)


def content_of(
    members: Sequence[Member], *wants: str, limits: Limits = DEFAULT_LIMITS, condenses: tuple[str, ...] = ()
) -> LayerContent:
    """Read a layer of members, keeping what matches."""
    return read_layer(layer_of(*members), Wanted([Everything(*wants, condenses=condenses)], limits), limits)
