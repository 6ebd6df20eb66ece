"""What other builders leave in images and what is no reason to complain."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from basewise.errors import ImageError
from basewise.inventory.run import take_inventory
from basewise.model.inventory import Inventory
from basewise.oci.open import open_image
from basewise.testing.image_builder import ImageBuilder, files
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes

# The layer that every version of Docker has used for an instruction that changes no file.
EMPTY_LAYER = bytes.fromhex("1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000")
EMPTY_LAYER_DIGEST = "a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
PACKAGES = {
    "etc/os-release": "ID=debian\nVERSION_ID=13\nVERSION_CODENAME=trixie\n",
    "var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nVersion: 2.41-12\nArchitecture: amd64\n\n",
}


def inventory(text: str) -> Inventory:
    with open_image(text) as image:
        return take_inventory(image, cache=None)


def names(found: Inventory) -> list[str]:
    return [one.package.name for one in found.packages]


def test_the_empty_layer_of_docker_is_an_empty_layer(tmp_path: Path) -> None:
    assert hashlib.sha256(EMPTY_LAYER).hexdigest() == EMPTY_LAYER_DIGEST
    image = ImageBuilder().layer(PACKAGES)
    image.layer(gzip.decompress(EMPTY_LAYER), stored=EMPTY_LAYER, created_by="ENV A=b")
    image.layer(gzip.decompress(EMPTY_LAYER), stored=EMPTY_LAYER, created_by="CMD x")
    found = inventory(f"oci:{image.write_layout(tmp_path)}")
    assert names(found) == ["libc6"]
    assert [layer.entries for layer in found.image.layers] == [6, 0, 0]
    assert found.coverage.complete


def seekable_layer() -> tuple[bytes, bytes]:
    """Return a tar and how eStargz stores it: a gzip member for each entry, a table of contents, a footer."""
    landmark = Member(path=".no.prefetch.landmark", content=b"\x0f")
    table = Member(path="stargz.index.json", content=json.dumps({"version": 1, "entries": []}).encode())
    members = [*files(PACKAGES), landmark, table]
    parts = [tar_bytes([member], end=b"") for member in members] + [bytes(1024)]
    # The footer is an empty member whose extra field says where the table begins.
    extra = b"SG" + (22).to_bytes(2, "little") + b"%016xSTARGZ" % sum(len(part) for part in parts[:-2])
    footer = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + len(extra).to_bytes(2, "little") + extra
    footer += b"\x01\x00\x00\xff\xff" + bytes(8)
    return b"".join(parts), b"".join(map(gzip_bytes, parts)) + footer


def test_a_seekable_layer_with_a_table_and_a_footer_is_read_like_any_other(tmp_path: Path) -> None:
    tar, stored = seekable_layer()
    assert gzip.decompress(stored) == tar
    found = inventory(f"oci:{ImageBuilder().layer(tar, stored=stored).write_layout(tmp_path)}")
    assert names(found) == ["libc6"]
    assert found.coverage.complete


def rewrite_manifest(layout: Path, change: dict[str, object], layer: dict[str, object]) -> str:
    """Change the manifest of a layout, and the index that names it."""
    index = json.loads((layout / "index.json").read_bytes())
    old = layout / "blobs" / "sha256" / index["manifests"][0]["digest"].partition(":")[2]
    manifest = json.loads(old.read_bytes())
    manifest.update(change)
    manifest["layers"][0].update(layer)
    content = json.dumps(manifest).encode()
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(content)
    index["manifests"][0].update(digest=f"sha256:{digest}", size=len(content))
    index["manifests"][0]["annotations"] = {
        "containerimage.digest": f"sha256:{digest}", "containerimage.config.digest": "sha256:0",
        "io.containerd.image.name": "example:1", "config.digest": "x",
    }  # fmt: skip
    (layout / "index.json").write_text(json.dumps(index))
    return f"oci:{layout}"


def test_annotations_of_buildkit_change_nothing(tmp_path: Path) -> None:
    plain = inventory(f"oci:{ImageBuilder().layer(PACKAGES).write_layout(tmp_path / 'plain')}")
    text = rewrite_manifest(
        ImageBuilder().layer(PACKAGES).write_layout(tmp_path / "annotated"),
        {"annotations": {"containerimage.buildinfo": "e30=", "containerimage.exptypes": "\x1b[31m"}},
        {"annotations": {"containerd.io/snapshot/stargz/toc.digest": "sha256:1", "buildkit/createdat": "0"}},
    )
    assert inventory(text).packages == plain.packages
    assert inventory(text).coverage.complete


FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def test_a_foreign_layer_that_is_there_is_read_and_its_addresses_are_not_asked(tmp_path: Path) -> None:
    layout = ImageBuilder().layer(PACKAGES).layer({"x": "y"}).write_layout(tmp_path)
    text = rewrite_manifest(layout, {}, {"mediaType": FOREIGN, "urls": ["http://127.0.0.1:9/layer"]})
    found = inventory(text)
    assert names(found) == ["libc6"]
    assert found.coverage.complete


def test_a_foreign_layer_that_is_not_there_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    image = ImageBuilder().layer({"windows": "x"}).layer(PACKAGES)
    text = rewrite_manifest(
        image.write_layout(tmp_path), {}, {"mediaType": FOREIGN, "urls": ["http://127.0.0.1:9/layer"]}
    )
    digest = image.layers[0].digest
    (tmp_path / "blobs" / "sha256" / digest.hexadecimal).unlink()
    found = inventory(text)
    assert names(found) == ["libc6"]
    assert [(missing.what, missing.why) for missing in found.coverage.not_covered] == [
        (f"layer {digest}", "it is stored elsewhere and was not fetched")
    ]


def test_a_foreign_layer_of_no_bytes_that_is_stated_longer_is_an_error(tmp_path: Path) -> None:
    image = ImageBuilder().layer({"windows": "x"}).layer(PACKAGES)
    text = rewrite_manifest(image.write_layout(tmp_path), {}, {"mediaType": FOREIGN})
    (tmp_path / "blobs" / "sha256" / image.layers[0].digest.hexadecimal).write_bytes(b"")
    with pytest.raises(ImageError, match="it ends after 0 of"):
        inventory(text)


def said(found: Inventory) -> str:
    return "\n".join(f"{missing.what}: {missing.why}" for missing in found.coverage.not_covered)


def test_an_image_without_operating_system_says_so(tmp_path: Path) -> None:
    image = ImageBuilder().layer([Member(path="app", content=b"\x7fELF", mode=0o755)])
    found = inventory(f"oci:{image.write_layout(tmp_path)}")
    assert found.packages == ()
    assert found.distro is None
    assert not found.coverage.complete
    assert "distribution: there is no `os-release`" in said(found)
    assert "OS packages: there is no package database" in said(found)


def test_an_image_of_no_layers_says_that_it_has_no_files(tmp_path: Path) -> None:
    found = inventory(f"oci:{ImageBuilder().write_layout(tmp_path)}")
    assert "file system: the image has no files" in said(found)
    assert not found.coverage.complete


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("debian", "without a package database"),
        ("alpine", "without a package database"),
        ("wonder", "no package"),
    ],
)
def test_a_distribution_without_packages_is_not_an_image_without_findings(
    identifier: str, expected: str, tmp_path: Path
) -> None:
    image = ImageBuilder().layer({"etc/os-release": f"ID={identifier}\nVERSION_ID=13\n"})
    found = inventory(f"oci:{image.write_layout(tmp_path)}")
    assert found.distro is not None
    assert found.packages == ()
    assert not found.coverage.complete
    assert expected in said(found)


def test_packages_of_an_unknown_distribution_are_listed_and_it_is_told(tmp_path: Path) -> None:
    image = ImageBuilder().layer({"var/lib/dpkg/status": PACKAGES["var/lib/dpkg/status"]})
    found = inventory(f"oci:{image.write_layout(tmp_path)}")
    assert names(found) == ["libc6"]
    assert found.distro is None
    assert said(found) == "distribution: there is no `os-release`"
