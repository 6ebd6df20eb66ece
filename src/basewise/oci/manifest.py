"""Manifests and indexes: which blobs an image is made of, and which image a platform gets.

Reference:
    OCI image specification, manifest.md, image-index.md, descriptor.md.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.text import safe_text
from basewise.errors import ImageError, InvalidValueError
from basewise.image.limits import limit_hint
from basewise.model.digest import Digest
from basewise.model.platform import LINUX_AMD64, Platform

__all__ = ["Descriptor", "Index", "Manifest", "read_manifest", "select_manifest"]

MAX_BLOB_BYTES = 2**43
_INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
_MANIFEST_TYPES = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
_CONFIG_TYPES = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_FOREIGN = ("foreign", "nondistributable")
_LAYER_PREFIXES = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
_ATTESTATION = "vnd.docker.reference.type"
_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7"}


class Descriptor(msgspec.Struct, frozen=True, kw_only=True):
    """A blob by digest, size and media type; `platform` is what an index says about a manifest."""

    digest: Digest
    size_bytes: int
    media_type: str = ""
    platform: Platform | None = None
    artifact_type: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    def annotation(self, name: str) -> str:
        """Return the value of an annotation, "" when there is none."""
        return dict(self.annotations).get(name, "")

    @property
    def is_index(self) -> bool:
        """It says that it is an index."""
        return self.media_type in _INDEX_TYPES

    @property
    def is_attestation(self) -> bool:
        """A statement of BuildKit about another manifest, not an image."""
        return bool(self.annotation(_ATTESTATION)) or (
            self.platform is not None and self.platform.os == "unknown"
        )

    @property
    def is_foreign(self) -> bool:
        """A layer that registries need not keep; its `urls` are never fetched."""
        return any(word in self.media_type for word in _FOREIGN)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One image: its configuration and its layers, from the lowest up."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...] = ()


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """Several images, one for each platform."""

    manifests: tuple[Descriptor, ...]


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str | None = None


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    size: int
    media_type: str | None = None
    platform: _Platform | None = None
    artifact_type: str | None = None
    annotations: dict[str, str] | None = None


class _Document(msgspec.Struct, rename="camel"):
    schema_version: int = 0
    media_type: str | None = None
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | None = None
    artifact_type: str | None = None
    annotations: dict[str, str] | None = None


def read_manifest(content: bytes, where: str, *, content_type: str = "") -> Manifest | Index:
    """Read a manifest or an index.

    Args:
        content: The JSON, limited in size and verified by whoever got it.
        where: What to call it in an error.
        content_type: What the transport said it is, "" where nothing does.

    Raises:
        ImageError: It is neither, is ambiguous, or is no container image.
    """
    document = _parse(content, where)
    stated = {text for text in (document.media_type, content_type.partition(";")[0].strip()) if text}
    if document.schema_version == 1:
        raise ImageError(
            f"cannot read {where}: its manifest is of the old schema 1",
            hint="push it again with a newer tool",
        )
    if (document.layers is not None) + (document.manifests is not None) != 1:
        raise ImageError(f"cannot read {where}: it is neither a manifest nor an index, or claims to be both")
    wrong = _MANIFEST_TYPES if document.manifests is not None else _INDEX_TYPES
    if stated & wrong:
        raise ImageError(f"cannot read {where}: it is not the {min(stated & wrong)} that it claims to be")
    if document.manifests is not None:
        return Index(manifests=tuple(_descriptor(found, where) for found in document.manifests))
    if document.config is None:
        raise ImageError(f"cannot read {where}: its manifest names no configuration")
    return _manifest(document, document.config, where)


def _manifest(document: _Document, config: _Descriptor, where: str) -> Manifest:
    manifest = Manifest(
        config=_descriptor(config, where),
        layers=tuple(_descriptor(found, where) for found in document.layers or ()),
        annotations=_pairs(document.annotations),
    )
    odd = document.artifact_type or next(
        (layer.media_type for layer in manifest.layers if not layer.media_type.startswith(_LAYER_PREFIXES)),
        "",
    )
    if manifest.config.media_type not in _CONFIG_TYPES or odd:
        kind = odd if manifest.config.media_type in _CONFIG_TYPES else manifest.config.media_type
        raise ImageError(
            f"{where} is not a container image (type `{safe_text(kind or 'unknown', limit=100)}`)",
            hint="name an image; charts, signatures and other artifacts have no file system",
        )
    return manifest


def select_manifest(
    index: Index, platform: Platform | None, where: str, *, max_entries: int = 10_000
) -> Descriptor:
    """Choose the manifest for a platform.

    Without a platform the only image of the index is taken, else the one for linux/amd64. Where several
    match, one with exactly the variant asked for wins, then the first.

    Args:
        index: From `read_manifest`.
        platform: What is asked for; None when the user said nothing.
        where: What to call it in an error.
        max_entries: More manifests than this are an error.

    Raises:
        ImageError: There is none; the error lists the platforms that there are.
    """
    if len(index.manifests) > max_entries:
        raise ImageError(
            f"cannot read {where}: its index names more than {max_entries} manifests",
            hint=limit_hint(max_entries),
        )
    images = [found for found in index.manifests if not found.is_attestation]
    if platform is None and len(images) == 1:
        return images[0]
    wanted = platform or LINUX_AMD64
    fitting = [found for found in images if found.platform is not None and _fits(found.platform, wanted)]
    # A manifest without a platform may be an index that has one.
    fitting = fitting or [found for found in images if found.platform is None]
    if not fitting:
        there = ", ".join(sorted({str(found.platform) for found in images})) or "none"
        raise ImageError(f"{where} has no image for `{wanted}`", hint=f"it has: {safe_text(there)}")
    return min(fitting, key=lambda found: found.platform is None or found.platform.variant != wanted.variant)


def _fits(found: Platform, wanted: Platform) -> bool:
    default = _DEFAULT_VARIANTS.get(wanted.architecture, "")
    return (found.os, found.architecture) == (wanted.os, wanted.architecture) and (
        not wanted.variant or (found.variant or default) == wanted.variant
    )


def _parse(content: bytes, where: str) -> _Document:
    try:
        plain = json.loads(content, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        return msgspec.convert(plain, prepared(_Document))
    except (ValueError, RecursionError) as error:  # also msgspec's and the decoder's
        reason = safe_text(str(error), limit=200)
        raise ImageError(
            f"cannot read {where}: no valid manifest: {reason}", hint="check the name and the registry"
        ) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _refuse_constant(text: str) -> float:
    raise ValueError(f"`{text}` is no number")


def _descriptor(stored: _Descriptor, where: str) -> Descriptor:
    if not 0 <= stored.size <= MAX_BLOB_BYTES:
        raise ImageError(f"cannot read {where}: a blob of {stored.size} bytes is not possible")
    try:
        digest = Digest.parse(stored.digest)
    except InvalidValueError as error:
        raise ImageError(f"cannot read {where}: {error.message}") from error
    return Descriptor(
        digest=digest,
        size_bytes=stored.size,
        media_type=stored.media_type or "",
        platform=_platform(stored.platform),
        artifact_type=stored.artifact_type or "",
        annotations=_pairs(stored.annotations),
    )


def _platform(stored: _Platform | None) -> Platform | None:
    if stored is None or not (stored.os or stored.architecture):
        return None
    return Platform(stored.os, stored.architecture, stored.variant or "")


def _pairs(annotations: dict[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((annotations or {}).items()))
