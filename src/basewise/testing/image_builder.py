"""A builder of images for tests: any layers, written as an OCI layout or as what `docker save` writes.

Deterministic: the same calls give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from basewise.model.digest import DiffId, Digest
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes, zstd_bytes

__all__ = ["BuiltLayer", "ImageBuilder", "files", "write_index_layout"]

Compression = Literal["", "gzip", "zstd"]
_COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip_bytes, "zstd": zstd_bytes}
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_REFERENCE_NAME = "org.opencontainers.image.ref.name"
_CREATED = "2026-01-02T03:04:05Z"


class BuiltLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer as it is stored, and what its tar hashes to."""

    stored: bytes
    diff_id: DiffId
    media_type: str
    created_by: str

    @property
    def digest(self) -> Digest:
        """Of the stored bytes."""
        return Digest("sha256", _sha256(self.stored))


def files(contents: Mapping[str, str | bytes]) -> list[Member]:
    """Return members for plain files, with their directories before them, in a sorted order."""
    directories = {
        "/".join(path.split("/")[:depth]) for path in contents for depth in range(1, path.count("/") + 1)
    }
    members = [Member(path=f"{path}/", kind="5", mode=0o755) for path in sorted(directories)]
    return members + [
        Member(path=path, content=content.encode() if isinstance(content, str) else content)
        for path, content in sorted(contents.items())
    ]


class ImageBuilder:
    """Collects layers and a configuration, and writes the image.

    Args:
        platform: Of the image.
    """

    def __init__(self, platform: Platform = LINUX_AMD64) -> None:
        self.platform = platform
        self.layers: list[BuiltLayer] = []
        self.settings: dict[str, Any] = {}
        self.diff_ids: list[str] | None = None

    def layer(
        self,
        content: Mapping[str, str | bytes] | Sequence[Member] | bytes,
        *,
        compression: Compression = "gzip",
        created_by: str = "",
        stored: bytes | None = None,
    ) -> Self:
        """Add a layer.

        Args:
            content: Files by path, members, or a tar.
            compression: Of the stored bytes.
            created_by: Its line of the history.
            stored: What is stored instead of the compressed tar.
        """
        if isinstance(content, bytes):
            tar = content
        elif isinstance(content, Mapping):
            tar = tar_bytes(files(content))
        else:
            tar = tar_bytes(content)
        self.layers.append(
            BuiltLayer(
                stored=_COMPRESS[compression](tar) if stored is None else stored,
                diff_id=DiffId("sha256", _sha256(tar)),
                media_type=f"{_LAYER_TYPE}+{compression}" if compression else _LAYER_TYPE,
                created_by=created_by,
            )
        )
        return self

    def configure(self, **settings: object) -> Self:
        """Set values of the configuration's `config`: `User="app"`, `Env=[…]`, `ExposedPorts={…}`."""
        self.settings.update(settings)
        return self

    @property
    def config(self) -> bytes:
        """The configuration."""
        platform = {"os": self.platform.os, "architecture": self.platform.architecture}
        if self.platform.variant:
            platform["variant"] = self.platform.variant
        diff_ids = self.diff_ids
        if diff_ids is None:
            diff_ids = [str(layer.diff_id) for layer in self.layers]
        history = [{"created": _CREATED, "created_by": layer.created_by} for layer in self.layers]
        return _json(
            {
                **platform,
                "created": _CREATED,
                "config": self.settings,
                "rootfs": {"type": "layers", "diff_ids": diff_ids},
                "history": history,
            }
        )

    @property
    def manifest(self) -> bytes:
        """The manifest."""
        return _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST_TYPE,
                "config": _descriptor(self.config, _CONFIG_TYPE),
                "layers": [_descriptor(layer.stored, layer.media_type) for layer in self.layers],
            }
        )

    @property
    def digest(self) -> Digest:
        """Of the manifest."""
        return Digest("sha256", _sha256(self.manifest))

    @property
    def blobs(self) -> dict[Digest, bytes]:
        """Every blob of the image: manifest, configuration, layers."""
        contents = [self.manifest, self.config, *(layer.stored for layer in self.layers)]
        return {Digest("sha256", _sha256(content)): content for content in contents}

    def write_layout(self, directory: Path, *, tag: str = "latest") -> Path:
        """Write an OCI layout of this image alone."""
        return write_index_layout(directory, {tag: self})

    def write_oci_archive(self, path: Path, *, tag: str = "latest") -> Path:
        """Write an OCI layout in a tar."""
        path.write_bytes(tar_bytes(files(_layout_files({tag: self}))))
        return path

    def write_docker_archive(
        self,
        path: Path,
        *,
        tags: Sequence[str] = ("example:latest",),
        shape: Literal["old", "new"] = "old",
        compression: Compression = "",
    ) -> Path:
        """Write what `docker save` writes: layers as plain tars, in directories (old) or as blobs (new)."""
        members = self._old_members(tags) if shape == "old" else self._new_members(tags)
        path.write_bytes(_COMPRESS[compression](tar_bytes(members)))
        return path

    def _old_members(self, tags: Sequence[str]) -> list[Member]:
        config_name = f"{_sha256(self.config)}.json"
        layers = {f"{_sha256(b'%d' % at)}/layer.tar": self._plain(at) for at in range(len(self.layers))}
        saved = [{"Config": config_name, "RepoTags": list(tags), "Layers": list(layers)}]
        return files({config_name: self.config, **layers, "manifest.json": _json(saved)})

    def _new_members(self, tags: Sequence[str]) -> list[Member]:
        plain = ImageBuilder(self.platform)
        plain.settings, plain.diff_ids = self.settings, self.diff_ids
        for at, layer in enumerate(self.layers):
            plain.layer(self._plain(at), compression="", created_by=layer.created_by)
        saved = [
            {
                "Config": f"blobs/sha256/{_sha256(plain.config)}",
                "RepoTags": list(tags),
                "Layers": [f"blobs/sha256/{layer.digest.hexadecimal}" for layer in plain.layers],
            }
        ]
        layout = _layout_files(dict.fromkeys(tags, plain))
        return files({**layout, "manifest.json": _json(saved)})

    def _plain(self, at: int) -> bytes:
        from basewise._internal.gunzip import open_inflated  # noqa: PLC0415 - only for docker archives

        stored = _Bytes(self.layers[at].stored)
        inflated = open_inflated(stored, max_window_bytes=2**27)
        return b"".join(iter(lambda: inflated.read(2**20), b""))


class _Bytes:
    """Bytes as a stream."""

    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def read(self, size: int, /) -> bytes:
        part, self._left = bytes(self._left[:size]), self._left[size:]
        return part


def write_index_layout(
    directory: Path, images: Mapping[str, ImageBuilder], *, index: Iterable[ImageBuilder] = ()
) -> Path:
    """Write an OCI layout.

    Args:
        directory: Made when missing.
        images: Images by tag.
        index: Images of one multi-platform index, whose tag is `index`.
    """
    for path, content in _layout_files(images, list(index)).items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return directory


def _layout_files(images: Mapping[str, ImageBuilder], index: Sequence[ImageBuilder] = ()) -> dict[str, bytes]:
    blobs: dict[Digest, bytes] = {}
    entries = []
    for tag, image in images.items():
        blobs.update(image.blobs)
        entries.append(_entry(image, {_REFERENCE_NAME: tag}))
    if index:
        for image in index:
            blobs.update(image.blobs)
        content = _json(
            {
                "schemaVersion": 2,
                "mediaType": _INDEX_TYPE,
                "manifests": [_entry(image, None) for image in index],
            }
        )
        blobs[Digest("sha256", _sha256(content))] = content
        entries.append(_descriptor(content, _INDEX_TYPE) | {"annotations": {_REFERENCE_NAME: "index"}})
    return {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json({"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": entries}),
        **{f"blobs/{digest.algorithm}/{digest.hexadecimal}": content for digest, content in blobs.items()},
    }


def _entry(image: ImageBuilder, annotations: Mapping[str, str] | None) -> dict[str, Any]:
    platform = {"os": image.platform.os, "architecture": image.platform.architecture}
    if image.platform.variant:
        platform["variant"] = image.platform.variant
    entry = _descriptor(image.manifest, _MANIFEST_TYPE) | {"platform": platform}
    return entry | ({"annotations": dict(annotations)} if annotations else {})


def _descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{_sha256(content)}", "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
