"""Debian's `docker-registry`, filled by `skopeo`: the same image as from the layout that was pushed."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise.debian.mirrors import find_mirrors
from basewise.image.image import Image, StoredLayer
from basewise.inventory.run import take_inventory
from basewise.model.digest import Digest
from basewise.model.inventory import Inventory
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.oci.attestation import find_attestations
from basewise.oci.blob_cache import BlobCache
from basewise.oci.credentials import NoCredentials
from basewise.oci.open import open_image
from basewise.oci.referrers import list_referrers
from basewise.oci.registry import open_registry
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_options import RegistryOptions
from basewise.oci.tags import list_tags
from basewise.testing.docker_registry import DockerRegistry
from basewise.testing.image_builder import ImageBuilder

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
NAME = "team/app"
STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.41-12

Package: dash
Status: install ok installed
Architecture: amd64
Version: 0.5.12-12

"""
OS_RELEASE = 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def registry(
    require_programs: RequirePrograms, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DockerRegistry]:
    require_programs("docker-registry", "skopeo")
    with DockerRegistry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = ImageBuilder().configure(User="app", Env=["PATH=/usr/bin"])
    builder.layer(
        {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS, "usr/bin/old": b"x"}, created_by="base"
    )
    builder.layer({"usr/bin/.wh.old": b"", "usr/bin/tool": bytes(range(256)) * 4_000}, compression="zstd")
    return builder.write_layout(tmp_path_factory.mktemp("layout") / "image", tag="1")


@pytest.fixture
def client(registry: DockerRegistry) -> Iterator[RegistryClient]:
    options = RegistryOptions(insecure_hosts=frozenset({registry.host}))
    with RegistryClient(options, credentials=NoCredentials()) as made:
        yield made


def facts(image: Image) -> Inventory:
    """Return an inventory without where the image came from."""
    found = take_inventory(image, cache=None)
    return msgspec.structs.replace(found, image=msgspec.structs.replace(found.image, reference="", name=""))


def test_a_pulled_image_is_the_pushed_one(
    registry: DockerRegistry, layout: Path, client: RegistryClient, tmp_path: Path
) -> None:
    registry.push(f"oci:{layout}:1", f"{NAME}:1")
    reference = Reference.parse(f"{registry.host}/{NAME}:1")
    with open_image(f"oci:{layout}") as pushed:
        plain = open_registry(reference, client=client)
        kept = open_registry(reference, client=client, cache=BlobCache(tmp_path / "blobs"))
        for pulled in (plain, kept):
            assert pulled.digest == pushed.digest
            assert pulled.config_digest == pushed.config_digest
            assert [stored(layer).diff_id for layer in pulled.layers] == [
                stored(layer).diff_id for layer in pushed.layers
            ]
            assert pulled.compressed_bytes == pushed.compressed_bytes
            found, expected = facts(pulled), facts(pushed)
            assert found.packages == expected.packages
            assert len(found.packages) == 2
            assert found == expected


def test_a_debian_system_is_the_same_from_the_layout_and_from_the_registry(
    registry: DockerRegistry, client: RegistryClient, require_programs: RequirePrograms, tmp_path: Path
) -> None:
    require_programs("mmdebstrap", root=True)
    mirrors = find_mirrors()
    made = subprocess.run(
        [
            "mmdebstrap",
            "--quiet",
            "--mode=root",
            "--variant=essential",
            "trixie",
            tmp_path / "root.tar",
            f"deb {mirrors.main} trixie main",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    builder = ImageBuilder().layer((tmp_path / "root.tar").read_bytes(), created_by="mmdebstrap")
    layout = builder.write_layout(tmp_path / "image", tag="1")
    registry.push(f"oci:{layout}:1", "debian/system:1")
    with open_image(f"oci:{layout}") as pushed:
        pulled = open_registry(Reference.parse(f"{registry.host}/debian/system:1"), client=client)
        found = facts(pulled)
        assert len(found.packages) > 50
        assert found == facts(pushed)


def stored(layer: object) -> StoredLayer:
    assert isinstance(layer, StoredLayer)
    return layer


def test_opening_fetches_kilobytes(registry: DockerRegistry, layout: Path, client: RegistryClient) -> None:
    registry.push(f"oci:{layout}:1", f"{NAME}:1")
    image = open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=client)
    before = client.transfer.bytes_fetched
    assert before < 4_000
    take_inventory(image, cache=None)
    assert client.transfer.bytes_fetched - before == image.compressed_bytes


def test_a_download_is_resumed_from_the_middle(
    registry: DockerRegistry, layout: Path, client: RegistryClient
) -> None:
    registry.push(f"oci:{layout}:1", f"{NAME}:1")
    image = open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=client)
    layer = stored(image.layers[0])
    with layer.open_blob() as stream:
        first = stream.read(10)
        stream.close()  # type: ignore[attr-defined]  # what a cut connection does
        rest = stream.read(1 << 30)
    assert str(layer.digest) == f"sha256:{hashlib.sha256(first + rest).hexdigest()}"


def test_tags_are_listed(registry: DockerRegistry, layout: Path, client: RegistryClient) -> None:
    for tag in ("1", "1.1", "latest"):
        registry.push(f"oci:{layout}:1", f"tagged/app:{tag}")
    assert list_tags(client, registry.host, "tagged/app").tags == ("1", "1.1", "latest")


def test_an_index_gives_each_platform_its_image(
    registry: DockerRegistry, client: RegistryClient, tmp_path: Path
) -> None:
    entries = []
    for architecture in ("amd64", "arm64"):
        builder = ImageBuilder(Platform("linux", architecture)).layer({"etc/machine": architecture})
        directory = builder.write_layout(tmp_path / architecture, tag="1")
        registry.push(f"oci:{directory}:1", f"multi/app:{architecture}")
        entries.append(
            {
                "mediaType": MANIFEST,
                "digest": str(builder.digest),
                "size": len(builder.manifest),
                "platform": {"os": "linux", "architecture": architecture},
            }
        )
    registry.put_manifest("multi/app", "1", {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    reference = Reference.parse(f"{registry.host}/multi/app:1")
    for entry in entries:
        platform = Platform("linux", entry["platform"]["architecture"])  # type: ignore[index]  # made above
        image = open_registry(reference, platform, client=client)
        assert str(image.digest) == entry["digest"]
        assert image.index_digest is not None


def test_referrers_are_found_by_the_tag_schema(
    registry: DockerRegistry, layout: Path, client: RegistryClient
) -> None:
    registry.push(f"oci:{layout}:1", f"{NAME}:1")
    image = open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=client)
    assert image.digest is not None
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://spdx.dev/Document",
        "subject": [{"digest": {"sha256": image.digest.hexadecimal}}],
        "predicate": {"spdxVersion": "SPDX-2.3"},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(registry, b"{}", "application/vnd.oci.image.config.v1+json"),
        "layers": [blob(registry, json.dumps(statement).encode(), "application/vnd.in-toto+json")],
    }
    raw = json.dumps(manifest).encode()
    digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    registry.put_manifest(NAME, digest, manifest)
    entry = {"mediaType": MANIFEST, "digest": digest, "size": len(raw)}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
    registry.put_manifest(NAME, f"sha256-{image.digest.hexadecimal}", index)
    repository = client.repository(registry.host, NAME)
    assert [one.digest for one in list_referrers(client, repository, image.digest)] == [Digest.parse(digest)]
    (found,) = find_attestations(client, repository, image.digest)
    assert json.loads(found.predicate) == statement["predicate"]


def blob(registry: DockerRegistry, content: bytes, media_type: str) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    registry.put_blob(NAME, digest, content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}
