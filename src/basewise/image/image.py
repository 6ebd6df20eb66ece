"""Image and Layer: the same immutable views, whatever an image was read from.

A source (`oci/`) gives the configuration and, for each layer, a way to open its stored bytes. Reading,
verifying and merging stand here, so that every source is judged alike.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec

from basewise._internal.tar import ByteStream
from basewise.image.config import ImageConfig
from basewise.model.digest import DiffId, Digest
from basewise.model.evidence import NotCovered
from basewise.model.platform import Platform

__all__ = ["DirectoryLayer", "Image", "Layer", "OpenBlob", "StoredLayer"]


class OpenBlob(Protocol):
    """Opens the stored bytes of a layer from their beginning; may be called more than once."""

    def __call__(self) -> AbstractContextManager[ByteStream]:
        """Return a context manager that gives the stream.

        Raises:
            ImageError: The bytes cannot be had.
        """


class StoredLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer kept as a tar, compressed or not; its bytes are verified by whoever reads it.

    Args:
        digest: Of the stored bytes; None when the source states none.
        diff_id: Of the uncompressed tar, as the configuration states it.
        size_bytes: Of the stored bytes; None when the source states none.
        media_type: As the manifest states it; the bytes themselves decide about compression.
        open_blob: Opens the stored bytes.
    """

    digest: Digest | None
    diff_id: DiffId
    size_bytes: int | None
    media_type: str
    open_blob: OpenBlob

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return f"layer {self.digest or self.diff_id}"


class DirectoryLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A root file system on this machine, read as the one layer of an image."""

    root: Path

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return f"directory `{self.root}`"


Layer = StoredLayer | DirectoryLayer


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was opened: what it is, not yet what is inside.

    Args:
        reference: What the user named.
        name: The tag it is stored under, "" for none.
        digest: Of the manifest; None where the source has none.
        index_digest: Of the index that led to the manifest.
        config_digest: Of the configuration.
        layers: From the lowest up.
        compressed_bytes: Sum of the stored layers; None where they are not stored compressed.
        annotations: Of the manifest, sorted pairs.
        not_covered: What the source could not give.
        on_close: Releases what the source holds (connections, a temporary file).
    """

    reference: str
    name: str
    digest: Digest | None
    index_digest: Digest | None
    config_digest: Digest | None
    platform: Platform
    config: ImageConfig
    layers: tuple[Layer, ...]
    compressed_bytes: int | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        """Release what the source holds."""
        if self.on_close is not None:
            self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
