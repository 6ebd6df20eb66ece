"""Referrers and attestations: found through the API, the tag schema and the index; never believed about others."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from basewise.errors import ImageError
from basewise.model.digest import Digest
from basewise.oci.attestation import find_attestations
from basewise.oci.referrers import list_referrers
from basewise.oci.registry_client import RegistryClient
from basewise.testing.fake_registry import OCI_CONFIG, Answer, FakeRegistry

MakeClient = Callable[..., RegistryClient]
FileLayer = Callable[..., tuple[bytes, bytes]]
NAME = "team/app"
SPDX = "https://spdx.dev/Document"
STATEMENT, ENVELOPE = "application/vnd.in-toto+json", "application/vnd.dsse.envelope.v1+json"


def statement(digest: str, predicate_type: str = SPDX) -> bytes:
    algorithm, _, value = digest.partition(":")
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": predicate_type,
            "subject": [{"name": "app", "digest": {algorithm: value}}],
            "predicate": {"spdxVersion": "SPDX-2.3", "packages": []},
        }
    ).encode()


def artifact(
    registry: FakeRegistry, content: bytes, *, media_type: str = STATEMENT, predicate: str = SPDX
) -> dict[str, Any]:
    layer = registry.add_blob(content, media_type)
    if predicate:
        layer["annotations"] = {"in-toto.io/predicate-type": predicate}
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": registry.add_blob(b"{}", OCI_CONFIG),
        "layers": [layer],
    }


def with_attestation(
    registry: FakeRegistry, image: dict[str, Any], manifest: dict[str, Any]
) -> dict[str, Any]:
    """Put a statement into an index as BuildKit does."""
    entry = registry.add_manifest(NAME, manifest)
    entry["platform"] = {"os": "unknown", "architecture": "unknown"}
    entry["annotations"] = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image["digest"],
    }
    return registry.add_index(NAME, [image, entry], tag="1")


@pytest.mark.parametrize("api", [True, False], ids=["api", "tag"])
def test_referrers_are_found_through_the_api_and_the_tag_schema(
    make_client: MakeClient, file_layer: FileLayer, *, api: bool
) -> None:
    with FakeRegistry(referrers_api=api) as registry:
        image = registry.add_image(NAME, [file_layer()], tag="1")
        one = registry.add_referrer(NAME, image, artifact(registry, b"one"), artifact_type="example/one")
        two = registry.add_referrer(NAME, image, artifact(registry, b"two"), artifact_type="example/two")
        client = make_client(registry)
        repository = client.repository(registry.host, NAME)
        digest = Digest.parse(image["digest"])
        found = list_referrers(client, repository, digest)
        assert [str(entry.digest) for entry in found] == [one["digest"], two["digest"]]
        (only,) = list_referrers(client, repository, digest, artifact_type="example/two")
        assert str(only.digest) == two["digest"]


@pytest.mark.parametrize("api", [True, False], ids=["api", "tag"])
def test_an_image_without_referrers_has_none(
    make_client: MakeClient, file_layer: FileLayer, *, api: bool
) -> None:
    with FakeRegistry(referrers_api=api) as registry:
        image = registry.add_image(NAME, [file_layer()], tag="1")
        client = make_client(registry)
        assert (
            list_referrers(client, client.repository(registry.host, NAME), Digest.parse(image["digest"]))
            == ()
        )


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"<html>", b'{"schemaVersion":2,"manifests":[{"digest":"x","size":1}]}']
)
def test_an_answer_that_is_no_list_of_referrers_is_an_error(make_client: MakeClient, body: bytes) -> None:
    with FakeRegistry() as registry:
        registry.script("referrers", Answer(body=body))
        client = make_client(registry)
        with pytest.raises(ImageError):
            list_referrers(client, client.repository(registry.host, NAME), Digest("sha256", "a" * 64))


def find(
    client: RegistryClient, registry: FakeRegistry, image: dict[str, Any], index: dict[str, Any] | None
) -> list[Any]:
    return list(
        find_attestations(
            client,
            client.repository(registry.host, NAME),
            Digest.parse(image["digest"]),
            index=Digest.parse(index["digest"]) if index else None,
        )
    )


def test_a_statement_of_buildkit_is_read_in_kilobytes(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as registry:
        image = registry.add_image(NAME, [file_layer(content=bytes(range(256)) * 4_000)])
        content = statement(image["digest"])
        index = with_attestation(registry, image, artifact(registry, content))
        client = make_client(registry)
        (found,) = find(client, registry, image, index)
        assert found.statement == content
        assert found.predicate_type == SPDX
        assert json.loads(found.predicate)["spdxVersion"] == "SPDX-2.3"
        assert (found.source, found.signed) == ("index", False)
        assert client.transfer.bytes_fetched < 4_000


@pytest.mark.parametrize("api", [True, False], ids=["api", "tag"])
def test_a_statement_that_refers_to_the_image_is_read(
    make_client: MakeClient, file_layer: FileLayer, *, api: bool
) -> None:
    with FakeRegistry(referrers_api=api) as registry:
        image = registry.add_image(NAME, [file_layer()], tag="1")
        content = statement(image["digest"], "https://cyclonedx.org/bom/v1.6")
        envelope = {
            "payloadType": STATEMENT,
            "payload": base64.b64encode(content).decode(),
            "signatures": [{"sig": "AAAA"}],
        }
        manifest = artifact(registry, json.dumps(envelope).encode(), media_type=ENVELOPE, predicate="")
        registry.add_referrer(NAME, image, manifest, artifact_type=STATEMENT)
        (found,) = find(make_client(registry), registry, image, None)
        assert found.statement == content
        assert (found.source, found.signed) == ("referrer", True)


def test_a_statement_of_another_kind_is_not_fetched(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as registry:
        image = registry.add_image(NAME, [file_layer()])
        provenance = "https://slsa.dev/provenance/v0.2"
        manifest = artifact(registry, statement(image["digest"], provenance), predicate=provenance)
        index = with_attestation(registry, image, manifest)
        assert find(make_client(registry), registry, image, index) == []
        assert registry.seen_paths("blobs") == []


@pytest.mark.parametrize(
    "content",
    [
        statement(f"sha256:{'b' * 64}"),
        b"{",
        b"[]",
        json.dumps({"predicateType": SPDX}).encode(),
        b"[" * 50_000,
    ],
    ids=["another-image", "damaged", "list", "incomplete", "deep"],
)
def test_a_statement_about_another_image_or_damaged_is_passed_over_with_a_note(
    make_client: MakeClient, file_layer: FileLayer, content: bytes
) -> None:
    with FakeRegistry() as registry:
        image = registry.add_image(NAME, [file_layer()])
        index = with_attestation(registry, image, artifact(registry, content))
        client = make_client(registry)
        assert find(client, registry, image, index) == []
        assert "is not used" in client.notes[0]  # type: ignore[attr-defined]  # the client of these tests


def test_a_statement_whose_bytes_were_changed_is_passed_over(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        image = registry.add_image(NAME, [file_layer()])
        manifest = artifact(registry, statement(image["digest"]))
        index = with_attestation(registry, image, manifest)
        digest = manifest["layers"][0]["digest"]
        registry.blobs[digest] = registry.blobs[digest].replace(b"2.3", b"2.2")
        client = make_client(registry)
        assert find(client, registry, image, index) == []
        assert "hashes to" in client.notes[0]  # type: ignore[attr-defined]  # the client of these tests
