"""The OCI image layout: a directory, or the same in a tar.

Reference:
    OCI image specification, image-layout.md.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.regular_file import open_regular
from basewise._internal.tar import ByteStream
from basewise._internal.text import safe_text
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint, named_limit
from basewise.model.platform import Platform
from basewise.oci.assemble import assemble_image
from basewise.oci.manifest import Descriptor, Index, read_manifest

__all__ = ["FileStore", "LayoutDirectory", "open_layout"]

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
_LAYOUT_BYTES = 64 * 1024
_VERSION = "1.0.0"
_REFERENCE_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"
_SHOWN_NAMES = 20


class FileStore(Protocol):
    """Files of a layout or archive, by their path inside."""

    def open(self, path: str) -> AbstractContextManager[ByteStream]:
        """Open a file.

        Raises:
            ImageError: It is missing or no regular file.
        """

    def has(self, path: str) -> bool:
        """Tell whether there is something of this path."""


class LayoutDirectory:
    """Files of a directory; links are refused, because they may lead anywhere.

    Args:
        root: The directory.
        what: What to call it in an error.
    """

    def __init__(self, root: Path, what: str) -> None:
        self._root = root
        self._what = what

    def open(self, path: str) -> BinaryIO:
        """Open a regular file beneath the root; `path` is made of a digest or a fixed name."""
        try:
            return open_regular(self._root / path)
        except OSError as error:
            raise ImageError(
                f"cannot read `{path}` of {self._what}: {error.strerror or error}",
                hint="an OCI layout has `oci-layout`, `index.json` and `blobs/`; write the image again",
            ) from error

    def has(self, path: str) -> bool:
        """Tell whether there is something of this path."""
        return (self._root / path).exists()


class _Layout(msgspec.Struct, rename={"version": "imageLayoutVersion"}):
    version: str


class _LayoutBlobs:
    """The blobs of a layout."""

    def __init__(self, files: FileStore) -> None:
        self._files = files

    def read(self, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        path = blob_path(descriptor)
        return read_small(self._files, path, max_bytes)

    def open(self, descriptor: Descriptor) -> AbstractContextManager[ByteStream]:
        return self._files.open(blob_path(descriptor))

    def has(self, descriptor: Descriptor) -> bool:
        return self._files.has(blob_path(descriptor))


def blob_path(descriptor: Descriptor) -> str:
    """Return where a layout keeps a blob."""
    return f"blobs/{descriptor.digest.algorithm}/{descriptor.digest.hexadecimal}"


def open_layout(
    files: FileStore,
    *,
    reference: str,
    tag: str = "",
    platform: Platform | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Image:
    """Open an image of a layout.

    Args:
        files: The files of the layout.
        reference: What the user named.
        tag: Name of the image in the layout; "" when it has only one.
        platform: What is asked for.
        limits: What reading may cost.

    Raises:
        ImageError: It is no layout, or has no such image; the error lists those that there are.
    """
    _check_version(files, reference)
    content = read_small(files, INDEX_FILE, named_limit(limits, "manifest_bytes"))
    index = read_manifest(content, reference)
    if not isinstance(index, Index):
        raise ImageError(f"cannot read {reference}: its `index.json` is no index")
    descriptor = _choose(index, tag, reference, limits)
    return assemble_image(
        _LayoutBlobs(files),
        descriptor,
        reference=reference,
        name=_name_of(descriptor),
        platform=platform,
        limits=limits,
    )


def _check_version(files: FileStore, reference: str) -> None:
    try:
        version = msgspec.json.decode(
            read_small(files, LAYOUT_FILE, _LAYOUT_BYTES), type=prepared(_Layout)
        ).version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ImageError(f"cannot read {reference}: its `oci-layout` is no valid JSON: {error}") from error
    if version != _VERSION:
        raise ImageError(
            f"cannot read {reference}: its layout has version `{safe_text(version, limit=40)}`, not {_VERSION}"
        )


def _choose(index: Index, tag: str, reference: str, limits: Limits) -> Descriptor:
    """Return the descriptor of the tag, or the only one."""
    if len(index.manifests) > limits.index_entries:
        raise ImageError(
            f"cannot read {reference}: it has more than {limits.index_entries} images",
            hint=limit_hint("index_entries"),
        )
    images = [found for found in index.manifests if not found.is_attestation]
    if tag:
        images = [found for found in images if tag in _names_of(found)]
    distinct = {found.digest: found for found in images}
    if len(distinct) == 1:
        return images[0]
    names = sorted({_name_of(found) or str(found.digest) for found in index.manifests})
    there = safe_text(", ".join(names[:_SHOWN_NAMES]) or "none")
    wanted = f"no image `{tag}`" if tag else f"{len(distinct)} images and none was named"
    raise ImageError(f"{reference} has {wanted}", hint=f"append `:NAME`; it has: {there}")


def _name_of(descriptor: Descriptor) -> str:
    return descriptor.annotation(_CONTAINERD_NAME) or descriptor.annotation(_REFERENCE_NAME)


def _names_of(descriptor: Descriptor) -> set[str]:
    """Return every text that names an image of a layout: both annotations, the tag in them, its digest."""
    names = {descriptor.annotation(_CONTAINERD_NAME), descriptor.annotation(_REFERENCE_NAME)} - {""}
    tags = {name.rpartition(":")[2] for name in names if "/" not in name.rpartition(":")[2]}
    return names | tags | {str(descriptor.digest)}


def read_small(files: FileStore, path: str, max_bytes: int) -> bytes:
    """Return a whole file.

    Raises:
        ImageError: It is missing or has more than `max_bytes`.
    """
    parts = []
    count = 0
    try:
        with files.open(path) as stream:
            while count <= max_bytes and (part := stream.read(max_bytes + 1 - count)):
                parts.append(part)
                count += len(part)
    except OSError as error:
        raise ImageError(f"cannot read `{path}`: {error.strerror or error}") from error
    if count > max_bytes:
        raise ImageError(
            f"`{path}` has more than {max_bytes} bytes and is not read", hint=limit_hint(max_bytes)
        )
    return b"".join(parts)
