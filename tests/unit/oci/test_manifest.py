"""Manifests and indexes: what is ambiguous, invalid or no image is said."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any, BinaryIO

import pytest

from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.image.limits import DEFAULT_LIMITS
from basewise.model.digest import Digest
from basewise.model.platform import LINUX_AMD64
from basewise.oci.assemble import assemble_image
from basewise.oci.manifest import Descriptor, Index, Manifest, read_manifest, select_manifest
from basewise.testing.image_builder import ImageBuilder

HEX = "0" * 64
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": f"sha256:{HEX}", "size": 5}
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{HEX}", "size": 5}
GOOD: dict[str, Any] = {"schemaVersion": 2, "config": CONFIG, "layers": [LAYER]}


def changed(**changes: object) -> str:
    return json.dumps(GOOD | changes)


def layer(**changes: object) -> str:
    return changed(layers=[LAYER | changes])


BAD = {
    "layers and manifests": (changed(manifests=[]), "claims to be both"),
    "neither": ('{"schemaVersion": 2}', "neither a manifest nor an index"),
    "says it is an index": (
        changed(mediaType="application/vnd.oci.image.index.v1+json"),
        "that it claims to be",
    ),
    "duplicate key": (changed().replace('"size": 5', '"size": 5, "size": 6'), "stands there twice"),
    "NaN": (changed(x=float("nan")), "is no number"),
    "size -1": (layer(size=-1), "is not possible"),
    "size 1e400": (layer(size=0).replace('"size": 0', '"size": 1e400'), "no valid manifest"),
    "size as text": (layer(size="12"), "no valid manifest"),
    "digest with a path": (layer(digest="sha256:../../etc"), "not a digest"),
    "digest in upper case": (layer(digest="sha256:" + "A" * 64), "not a digest"),
    "md5": (layer(digest="md5:" + "0" * 32), "not a digest"),
    "digest of a megabyte": (layer(digest="sha256:" + "0" * 2**20), "not a digest"),
    "digest with a newline": (layer(digest=f"sha256:{HEX}\n"), "not a digest"),
    "schema 1": ('{"schemaVersion": 1, "fsLayers": []}', "schema 1"),
    "a chart": (
        changed(config=CONFIG | {"mediaType": "application/vnd.cncf.helm.config.v1+json"}),
        "not a container image",
    ),
    "an artifact": (changed(artifactType="application/vnd.example"), "not a container image"),
    "a signature": (
        layer(mediaType="application/vnd.dev.cosign.simplesigning.v1+json"),
        "not a container image",
    ),
    "no configuration": (json.dumps({"schemaVersion": 2, "layers": []}), "names no configuration"),
    "a web page": ("<!doctype html><title>log in</title>", "no valid manifest"),
    "deep": ("[" * 100_000, "no valid manifest"),
    "not text": ("\udcff", "no valid manifest"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_manifest_of_an_image_is_said(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(ImageError, match=message):
        read_manifest(text.encode("utf-8", "surrogateescape"), "example")


def test_parameters_of_a_content_type_are_ignored() -> None:
    found = read_manifest(
        changed().encode(),
        "example",
        content_type="application/vnd.oci.image.manifest.v1+json; charset=utf-8",
    )
    assert isinstance(found, Manifest)
    with pytest.raises(ImageError, match="that it claims to be"):
        read_manifest(changed().encode(), "example", content_type="application/vnd.oci.image.index.v1+json")


def entry(platform: dict[str, str] | None, number: int = 0, **more: object) -> dict[str, object]:
    digest = f"sha256:{number:064x}"
    return (
        {"digest": digest, "size": 1, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
        | ({"platform": platform} if platform else {})
        | more
    )


def index(*entries: dict[str, object]) -> Index:
    found = read_manifest(json.dumps({"schemaVersion": 2, "manifests": entries}).encode(), "example")
    assert isinstance(found, Index)
    return found


AMD64 = {"os": "linux", "architecture": "amd64"}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}


def test_attestations_are_no_images() -> None:
    found = index(
        entry(UNKNOWN, 1),
        entry(AMD64, 2),
        entry(AMD64, 3, annotations={"vnd.docker.reference.type": "attestation-manifest"}),
    )
    assert select_manifest(found, None, "example").digest.hexadecimal.endswith("2")
    assert select_manifest(found, LINUX_AMD64, "example").digest.hexadecimal.endswith("2")


def test_of_two_that_match_the_first_is_taken() -> None:
    assert select_manifest(
        index(entry(AMD64, 1), entry(AMD64, 2)), LINUX_AMD64, "x"
    ).digest.hexadecimal.endswith("1")


def test_an_entry_without_platform_is_taken_where_no_other_fits() -> None:
    found = index(entry({"os": "linux", "architecture": "s390x"}, 1), entry(None, 2))
    assert select_manifest(found, LINUX_AMD64, "x").digest.hexadecimal.endswith("2")


def test_an_index_of_too_many_manifests_is_an_error() -> None:
    with pytest.raises(ImageError, match="more than 3 manifests"):
        select_manifest(index(*[entry(AMD64, at) for at in range(4)]), None, "x", max_entries=3)


class Memory:
    """Blobs in memory."""

    def __init__(self, blobs: dict[Digest, bytes]) -> None:
        self.blobs = blobs

    def read(self, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        content = self.blobs[descriptor.digest]
        assert len(content) <= max_bytes
        return content

    def open(self, descriptor: Descriptor) -> BinaryIO:
        return io.BytesIO(self.blobs[descriptor.digest])

    def has(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self.blobs


def nested(builder: ImageBuilder, depth: int) -> tuple[Memory, Descriptor]:
    blobs = builder.blobs
    digest, size = builder.digest, len(builder.manifest)
    for _ in range(depth):
        content = json.dumps(
            {"schemaVersion": 2, "manifests": [{"digest": str(digest), "size": size}]}
        ).encode()
        digest, size = Digest("sha256", hashlib.sha256(content).hexdigest()), len(content)
        blobs[digest] = content
    return Memory(blobs), Descriptor(digest=digest, size_bytes=size)


def opened(depth: int) -> Image:
    source, descriptor = nested(ImageBuilder().layer({"f": "x"}), depth)
    return assemble_image(source, descriptor, reference="example")


def test_indexes_lie_in_each_other_to_a_limit() -> None:
    assert opened(0).index_digest is None
    image = opened(DEFAULT_LIMITS.index_depth)
    assert image.index_digest is not None
    with pytest.raises(ImageError, match="more than 3 deep"):
        opened(DEFAULT_LIMITS.index_depth + 1)


def test_a_manifest_and_a_configuration_of_different_lengths_do_not_fit() -> None:
    for diff_ids in ([], [f"sha256:{HEX}"] * 2):
        builder = ImageBuilder().layer({"f": "x"})
        builder.diff_ids = diff_ids
        source, descriptor = nested(builder, 0)
        with pytest.raises(ImageError, match="cannot trust example: its manifest has 1 layers"):
            assemble_image(source, descriptor, reference="example")


def test_a_layer_that_is_stored_elsewhere_is_told_and_never_fetched() -> None:
    builder = ImageBuilder().layer({"f": "x"})
    manifest = json.loads(builder.manifest)
    manifest["layers"][0] |= {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "urls": ["https://example.com/layer"],
    }
    content = json.dumps(manifest).encode()
    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    blobs = {found: blob for found, blob in builder.blobs.items() if found != builder.layers[0].digest}
    image = assemble_image(
        Memory(blobs | {digest: content}),
        Descriptor(digest=digest, size_bytes=len(content)),
        reference="example",
    )
    assert image.layers == ()
    assert "stored elsewhere" in str(image.not_covered)
