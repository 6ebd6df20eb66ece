"""From a descriptor to an image: indexes resolved, the configuration read, a layer for each diff id.

Every source that knows blobs by digest (a layout, an archive, a registry) gives two functions and gets an image.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

import msgspec

from basewise._internal.tar import ByteStream
from basewise.errors import ImageError
from basewise.image.config import ImageConfig, read_config
from basewise.image.image import Image, StoredLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint, named_limit
from basewise.model.digest import Digest
from basewise.model.evidence import NotCovered
from basewise.model.platform import Platform
from basewise.oci.manifest import Descriptor, Manifest, read_manifest, select_manifest

__all__ = ["BlobSource", "assemble_image", "check_platform", "verify_blob"]


class BlobSource(Protocol):
    """Gives blobs by descriptor."""

    def read(self, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        """Return a small blob; `assemble_image` verifies it.

        Raises:
            ImageError: It cannot be had, or has more than `max_bytes`.
        """

    def open(self, descriptor: Descriptor) -> AbstractContextManager[ByteStream]:
        """Open a layer's stored bytes, from their beginning.

        Raises:
            ImageError: They cannot be had.
        """

    def has(self, descriptor: Descriptor) -> bool:
        """Tell whether the blob is there; asked only for layers that need not be."""


class _Found(msgspec.Struct, frozen=True):
    """A manifest, its digest, and the digest of the outermost index that led to it."""

    manifest: Manifest
    digest: Digest
    index_digest: Digest | None


def assemble_image(
    source: BlobSource,
    descriptor: Descriptor,
    *,
    reference: str,
    name: str = "",
    platform: Platform | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Image:
    """Open the image that a descriptor leads to.

    Args:
        source: Where the blobs are.
        descriptor: Of a manifest or an index.
        reference: What the user named; errors call the image so.
        name: The tag it is stored under.
        platform: What is asked for; None when the user said nothing.
        limits: For manifests, configuration and nesting.

    Raises:
        ImageError: Something is missing, inconsistent or not what its digest says.
    """
    found = _find_manifest(source, descriptor, reference, platform, limits)
    manifest = found.manifest
    content = source.read(manifest.config, max_bytes=named_limit(limits, "config_bytes"))
    verify_blob(content, manifest.config, f"the configuration of {reference}")
    config = read_config(content, reference)
    check_platform(config, platform, reference)
    layers, missing = _layers(source, manifest, config, reference)
    return Image(
        reference=reference,
        name=name,
        digest=found.digest,
        index_digest=found.index_digest,
        config_digest=manifest.config.digest,
        platform=config.platform,
        config=config,
        layers=layers,
        compressed_bytes=sum(layer.size_bytes for layer in manifest.layers),
        annotations=manifest.annotations,
        not_covered=missing,
    )


def verify_blob(content: bytes, descriptor: Descriptor, what: str) -> None:
    """Compare a small blob with its digest.

    Raises:
        ImageError: It is another.
    """
    computed = Digest(
        descriptor.digest.algorithm, hashlib.new(descriptor.digest.algorithm, content).hexdigest()
    )
    if computed != descriptor.digest:
        raise ImageError(
            f"cannot trust {what}: it hashes to {computed}, not to {descriptor.digest}",
            hint="pull or save the image again",
        )


def check_platform(config: ImageConfig, platform: Platform | None, reference: str) -> None:
    """Compare an image with the platform that the user asked for.

    Raises:
        ImageError: It is for another.
    """
    if platform is None:
        return
    same = (config.platform.os, config.platform.architecture) == (platform.os, platform.architecture)
    if not same or (platform.variant and config.platform.variant not in {"", platform.variant}):
        raise ImageError(
            f"{reference} is an image for `{config.platform}`, not for `{platform}`",
            hint="leave `--platform` out or name an image for several platforms",
        )


def _find_manifest(
    source: BlobSource, descriptor: Descriptor, reference: str, platform: Platform | None, limits: Limits
) -> _Found:
    index_digest: Digest | None = None
    for _ in range(limits.index_depth + 1):
        content = source.read(descriptor, max_bytes=named_limit(limits, "manifest_bytes"))
        verify_blob(content, descriptor, f"the manifest of {reference}")
        document = read_manifest(content, reference, content_type=descriptor.media_type)
        if isinstance(document, Manifest):
            return _Found(document, descriptor.digest, index_digest)
        index_digest = index_digest or descriptor.digest
        descriptor = select_manifest(
            document, platform, reference, max_entries=named_limit(limits, "index_entries")
        )
    raise ImageError(
        f"cannot read {reference}: its indexes lie more than {limits.index_depth} deep",
        hint=limit_hint("index_depth"),
    )


def _layers(
    source: BlobSource, manifest: Manifest, config: ImageConfig, reference: str
) -> tuple[tuple[StoredLayer, ...], tuple[NotCovered, ...]]:
    """Pair layers with diff ids; leave out those that need not be distributed and are not there."""
    if len(manifest.layers) != len(config.diff_ids):
        raise ImageError(
            f"cannot trust {reference}: its manifest has {len(manifest.layers)} layers, its configuration"
            f" {len(config.diff_ids)}",
            hint="the image is inconsistent; build it again",
        )
    layers = []
    missing = []
    for descriptor, diff_id in zip(manifest.layers, config.diff_ids, strict=True):
        if descriptor.is_foreign and not source.has(descriptor):
            missing.append(
                NotCovered(f"layer {descriptor.digest}", "it is stored elsewhere and was not fetched")
            )
            continue
        layers.append(
            StoredLayer(
                digest=descriptor.digest,
                diff_id=diff_id,
                size_bytes=descriptor.size_bytes,
                media_type=descriptor.media_type,
                open_blob=partial(source.open, descriptor),
            )
        )
    return tuple(layers), tuple(missing)
