"""Pulling from a registry that is honest, broken or hostile."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from basewise.errors import ImageError
from basewise.image.image import Image, StoredLayer
from basewise.image.read_layer import read_layer
from basewise.image.wanted import Wanted
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.oci.blob_cache import BlobCache
from basewise.oci.registry import open_registry
from basewise.oci.registry_client import RegistryClient
from basewise.testing.fake_http import ScriptedServer
from basewise.testing.fake_registry import OCI_INDEX, OCI_MANIFEST, Answer, FakeRegistry

MakeClient = Callable[..., RegistryClient]
FileLayer = Callable[..., tuple[bytes, bytes]]
ReadStored = Callable[..., bytes]
AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
NAME = "library/app"


def reference(registry: FakeRegistry, suffix: str = ":1") -> Reference:
    return Reference.parse(f"{registry.host}/{NAME}{suffix}")


def pull(
    make_client: MakeClient,
    registry: FakeRegistry,
    suffix: str = ":1",
    platform: Platform | None = None,
    cache: BlobCache | None = None,
) -> Image:
    return open_registry(reference(registry, suffix), platform, client=make_client(registry), cache=cache)


def test_an_image_by_tag_has_the_digest_that_the_tag_led_to(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        stored = registry.add_image(NAME, [file_layer()], tag="1")
        image = pull(make_client, registry)
        assert str(image.digest) == stored["digest"]
        assert image.index_digest is None
        assert image.platform == AMD64
        content = read_layer(image.layers[0], Wanted([]))  # type: ignore[arg-type]  # a registry gives stored layers
        assert content.paths == ["etc/hostname"]


def test_layers_are_fetched_only_when_they_are_read(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer("a"), file_layer("b")], tag="1")
        client = make_client(registry)
        open_registry(reference(registry), client=client)
        assert len(registry.seen_paths("/blobs/")) == 1
        assert client.transfer.bytes_fetched < 1_500
        assert client.transfer.requests == 2


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(AMD64, "linux/amd64"), (ARM64, "linux/arm64/v8"), (None, "linux/amd64")],
)
def test_an_index_gives_the_image_of_the_platform(
    make_client: MakeClient, file_layer: FileLayer, wanted: Platform | None, expected: str
) -> None:
    with FakeRegistry() as registry:
        images = [
            registry.add_image(NAME, [file_layer(content=name.encode())], platform=name)
            for name in ("linux/amd64", "linux/arm64/v8")
        ]
        attestation = {**images[0], "platform": {"os": "unknown", "architecture": "unknown"}}
        index = registry.add_index(NAME, [attestation, *images], tag="1")
        image = pull(make_client, registry, platform=wanted)
        assert str(image.platform) == expected
        assert str(image.index_digest) == index["digest"]


def test_a_platform_that_an_index_has_not_is_an_error_that_lists_those_it_has(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        registry.add_index(NAME, [registry.add_image(NAME, [file_layer()])], tag="1")
        with pytest.raises(ImageError, match="no image for `linux/arm64`") as caught:
            pull(make_client, registry, platform=ARM64)
        assert "linux/amd64" in caught.value.hint


def test_a_single_image_for_another_platform_is_an_error(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        with pytest.raises(ImageError, match="image for `linux/amd64`, not for `linux/arm64`"):
            pull(make_client, registry, platform=ARM64)


def test_indexes_nested_too_deep_are_an_error(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as registry:
        entry = registry.add_image(NAME, [file_layer()])
        for _ in range(5):
            entry = {**registry.add_index(NAME, [entry], tag="1"), "platform": entry["platform"]}
        with pytest.raises(ImageError, match="more than 3 deep"):
            pull(make_client, registry)


def test_an_index_with_too_many_entries_is_an_error(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        entry = {"digest": f"sha256:{'a' * 64}", "size": 1}
        registry.add_index(NAME, [entry] * 10_001, tag="1")
        with pytest.raises(ImageError, match="more than 10000 manifests"):
            pull(make_client, registry)


def test_an_index_that_names_itself_is_refused_by_its_digest(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        digest = f"sha256:{'a' * 64}"
        entry = {"mediaType": OCI_INDEX, "digest": digest, "size": 100}
        index = registry.add_index(NAME, [entry], tag="1")
        registry.manifests[NAME, digest] = registry.manifests[NAME, index["digest"]]
        with pytest.raises(ImageError, match="digest mismatch"):
            pull(make_client, registry)


def test_a_digest_wins_over_the_tag_and_is_verified(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as registry:
        old = registry.add_image(NAME, [file_layer(content=b"old")], tag="1")
        registry.add_image(NAME, [file_layer(content=b"new")], tag="1")
        image = pull(make_client, registry, f":1@{old['digest']}")
        assert str(image.digest) == old["digest"]


def test_a_tag_that_moves_while_layers_are_read_changes_nothing(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        layer = file_layer(content=b"old")
        old = registry.add_image(NAME, [layer], tag="1")
        image = pull(make_client, registry)
        registry.add_image(NAME, [file_layer(content=b"new")], tag="1")
        assert read_stored(image) == layer[0]
        assert str(image.digest) == old["digest"]


def test_sha512_digests_are_pulled_and_verified(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        stored, tar = file_layer()
        layer = registry.add_blob(stored, algorithm="sha512")
        config = {
            "os": "linux",
            "architecture": "amd64",
            "rootfs": {"diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
        }
        manifest = {
            "schemaVersion": 2,
            "config": registry.add_blob(
                json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"
            ),
            "layers": [layer],
        }
        raw = json.dumps(manifest).encode()
        digest = f"sha512:{hashlib.sha512(raw).hexdigest()}"
        registry.manifests[NAME, digest] = (raw, OCI_MANIFEST)
        image = pull(make_client, registry, f"@{digest}")
        assert str(image.digest) == digest
        assert read_stored(image) == stored


@pytest.mark.parametrize("suffix", [":1", "@{digest}"])
def test_a_manifest_with_another_digest_than_stated_is_refused_and_not_kept(
    make_client: MakeClient, file_layer: FileLayer, tmp_path: Path, suffix: str
) -> None:
    with FakeRegistry() as registry:
        digest = registry.add_image(NAME, [file_layer()], tag="1")["digest"]
        other = registry.add_image(NAME, [file_layer(content=b"evil")])["digest"]
        raw = registry.manifests[NAME, other][0]
        registry.script(
            "GET .*/manifests/",
            Answer(headers={"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": digest}, body=raw),
        )
        cache = BlobCache(tmp_path / "blobs")
        with pytest.raises(ImageError, match="digest mismatch"):
            pull(make_client, registry, suffix.format(digest=digest), cache=cache)
        assert not [path for path in (tmp_path / "blobs").iterdir() if path.name.startswith("sha")]


@pytest.mark.parametrize("stated", ["sha256:../../etc", "md5:d41d8cd98f00b204e9800998ecf8427e", "x" * 3000])
def test_a_stated_digest_that_is_none_is_refused(
    make_client: MakeClient, file_layer: FileLayer, stated: str
) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        raw, kind = registry.manifests[NAME, "1"]
        registry.script(
            "manifests", Answer(headers={"Content-Type": kind, "Docker-Content-Digest": stated}, body=raw)
        )
        with pytest.raises(ImageError, match="digest mismatch"):
            pull(make_client, registry)


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../etc/passwd",
        f"sha256:{'A' * 64}",
        f"md5:{'a' * 32}",
        f"sha256:{'a' * 1_000_000}",
        f"sha256:{'a' * 64}\n",
    ],
    ids=["path", "upper-case", "md5", "long", "newline"],
)
def test_a_manifest_that_names_a_blob_by_no_digest_is_refused(make_client: MakeClient, digest: str) -> None:
    with FakeRegistry() as registry:
        config = registry.add_blob(b"{}", "application/vnd.oci.image.config.v1+json")
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": 1}
        registry.add_manifest(NAME, {"schemaVersion": 2, "config": config, "layers": [layer]}, tag="1")
        with pytest.raises(ImageError, match="not a digest"):
            pull(make_client, registry)


def test_a_layer_with_other_bytes_is_refused_by_whoever_reads_it(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        stored, tar = file_layer()
        registry.add_image(NAME, [(stored, tar)], tag="1")
        digest = f"sha256:{hashlib.sha256(stored).hexdigest()}"
        registry.blobs[digest] = stored[:-1] + bytes([stored[-1] ^ 1])
        image = pull(make_client, registry)
        assert isinstance(image.layers[0], StoredLayer)
        with pytest.raises(ImageError, match=digest):
            read_layer(image.layers[0], Wanted([]))


@pytest.mark.parametrize("chunked", [False, True], ids=["with-length", "chunked"])
def test_more_bytes_than_the_manifest_states_are_refused(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored, *, chunked: bool
) -> None:
    with FakeRegistry() as registry:
        stored, tar = file_layer()
        registry.add_image(NAME, [(stored, tar)], tag="1")
        image = pull(make_client, registry)
        registry.script("/blobs/", Answer(body=stored + b"extra", chunked=chunked))
        with pytest.raises(ImageError, match=f"more than the {len(stored)} bytes"):
            read_stored(image)


def test_an_endless_layer_is_left_after_its_size(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        stored, tar = file_layer()
        registry.add_image(NAME, [(stored, tar)], tag="1")
        client = make_client(registry)
        image = open_registry(reference(registry), client=client)
        registry.script("/blobs/", Answer(body=bytes(64_000), endless=True))
        with pytest.raises(ImageError, match="sends more than"):
            read_stored(image)
        assert client.transfer.bytes_fetched < 400_000


def big_layer(file_layer: FileLayer) -> tuple[bytes, bytes]:
    noise = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(20_000))
    return file_layer(content=noise)


@pytest.mark.parametrize("chunked", [False, True], ids=["with-length", "chunked"])
def test_a_cut_download_is_resumed_where_it_ended(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored, *, chunked: bool
) -> None:
    with FakeRegistry() as registry:
        stored, tar = big_layer(file_layer)
        registry.add_image(NAME, [(stored, tar)], tag="1")
        client = make_client(registry)
        image = open_registry(reference(registry), client=client)
        headers = {} if chunked else {"Content-Length": str(len(stored))}
        registry.script("/blobs/", Answer(body=stored, headers=headers, cut_after=300_000, chunked=chunked))
        before = client.transfer.bytes_fetched
        assert read_stored(image) == stored
        assert client.transfer.bytes_fetched - before == len(stored)
        assert registry.seen[-1].headers["range"] == "bytes=300000-"


@pytest.mark.parametrize(
    "second",
    [
        Answer(status=206, headers={"Content-Range": "bytes 0-9/10"}, body=b"wrong part"),
        Answer(status=206, body=b"no range stated"),
        Answer(status=416),
    ],
    ids=["other-range", "no-range", "refused"],
)
def test_a_range_that_is_not_the_one_asked_for_restarts_the_download(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored, second: Answer
) -> None:
    with FakeRegistry() as registry:
        stored, tar = big_layer(file_layer)
        registry.add_image(NAME, [(stored, tar)], tag="1")
        image = pull(make_client, registry)
        first = Answer(body=stored, headers={"Content-Length": str(len(stored))}, cut_after=300_000)
        registry.script("/blobs/", first, second)
        assert read_stored(image) == stored
        assert "range" not in registry.seen[-1].headers


def test_a_server_without_ranges_is_read_again_from_the_beginning(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        stored, tar = big_layer(file_layer)
        registry.add_image(NAME, [(stored, tar)], tag="1")
        image = pull(make_client, registry)
        first = Answer(body=stored, headers={"Content-Length": str(len(stored))}, cut_after=300_000)
        registry.script("/blobs/", first, Answer(body=stored))
        assert read_stored(image) == stored


def test_a_download_that_is_always_cut_ends_with_how_far_it_came(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        stored, tar = big_layer(file_layer)
        registry.add_image(NAME, [(stored, tar)], tag="1")
        image = pull(make_client, registry)
        registry.script("/blobs/", Answer(body=b"", headers={"Content-Length": "9"}, cut_after=0), times=-1)
        with pytest.raises(ImageError, match=r"0 B of \d+ kB came"):
            read_stored(image)
        assert len(registry.seen_paths("/blobs/")) == 5


def test_a_download_that_stalls_is_given_up_with_how_far_it_came(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        stored, tar = big_layer(file_layer)
        registry.add_image(NAME, [(stored, tar)], tag="1")
        image = pull(make_client, registry)
        registry.script(
            "/blobs/", Answer(body=stored, stall_after=100_000), Answer(body=stored, stall_after=0), times=-1
        )
        with pytest.raises(ImageError, match=r"100 kB of \d+ kB came.*(in time|as a whole)"):
            read_stored(image)


def test_a_byte_at_a_time_meets_the_total_deadline(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as registry:
        stored, tar = big_layer(file_layer)
        registry.add_image(NAME, [(stored, tar)], tag="1")
        image = pull(make_client, registry)
        registry.script("/blobs/", Answer(body=stored, bytes_per_second=20), times=-1)
        with pytest.raises(ImageError, match=r"\d+ B of \d+ kB came.*as a whole"):
            read_stored(image)


def test_a_head_that_comes_a_byte_at_a_time_meets_the_total_deadline(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("manifests", Answer(delay_head=0.1), times=-1)
        with pytest.raises(ImageError, match="as a whole"):
            pull(make_client, registry)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"x" * 70_000, endless=True),
        Answer(body=b"{" + b" " * 5 * 1024 * 1024),
        Answer(status=500, body=b"<html>" * 1000, endless=True),
    ],
    ids=["endless", "large", "endless-error-page"],
)
def test_an_answer_that_is_too_large_is_not_read(make_client: MakeClient, answer: Answer) -> None:
    with FakeRegistry() as registry:
        registry.script("manifests", answer, times=-1)
        client = make_client(registry)
        with pytest.raises(ImageError):
            open_registry(reference(registry), client=client)
        assert client.transfer.bytes_fetched <= 5 * 1024 * 1024  # the limit, and what one reading brings


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_tried_again(make_client: MakeClient, file_layer: FileLayer, status: int) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        registry.script("manifests", Answer(status=status), times=2)
        assert pull(make_client, registry).platform == AMD64


def test_a_server_that_is_always_busy_ends_after_the_attempts(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("manifests", Answer(status=503), times=-1)
        with pytest.raises(ImageError, match="status 503"):
            pull(make_client, registry)
        assert len(registry.seen) == 4


TOO_MANY = json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=429, headers={"Retry-After": "2"}),
        Answer(status=403, headers={"Retry-After": "2"}, body=TOO_MANY),
        Answer(status=200, headers={"Retry-After": "2", "Content-Type": "application/json"}, body=TOO_MANY),
    ],
    ids=["429", "403", "200"],
)
def test_a_rate_limit_is_waited_for_as_the_server_asks(
    make_client: MakeClient, file_layer: FileLayer, answer: Answer
) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        registry.script("manifests", answer)
        client = make_client(registry)
        open_registry(reference(registry), client=client)
        assert 2.0 <= client.waits[0] <= 2.5  # type: ignore[attr-defined]  # the client of these tests


@pytest.mark.parametrize("after", ["999999", "Sun, 01 Jan 2090 00:00:00 GMT"])
def test_a_rate_limit_beyond_the_budget_is_an_error_with_the_time(
    make_client: MakeClient, after: str
) -> None:
    with FakeRegistry() as registry:
        registry.script("manifests", Answer(status=429, headers={"Retry-After": after}), times=-1)
        with pytest.raises(ImageError, match=f"too many requests.*{after}"):
            pull(make_client, registry)
        assert len(registry.seen) == 1


def manifest_text(**changes: str) -> bytes:
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": f"sha256:{'a' * 64}",
        "size": 2,
    }
    parts = {"schemaVersion": "2", "config": json.dumps(config), "layers": "[]", **changes}
    return (
        "{" + ",".join(f'"{key.rstrip("_")}":{value}' for key, value in parts.items() if value) + "}"
    ).encode()


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (manifest_text(manifests="[]"), OCI_MANIFEST, "claims to be both"),
        (manifest_text(), OCI_INDEX, "claims to be"),
        (manifest_text(mediaType=f'"{OCI_INDEX}"'), OCI_MANIFEST, "claims to be"),
        (manifest_text(layers_="[]"), OCI_MANIFEST, "twice"),
        (manifest_text(config='{"digest":"sha256:aa","size":NaN}'), OCI_MANIFEST, "valid manifest"),
        (manifest_text(config=f'{{"digest":"sha256:{"a" * 64}","size":-1}}'), OCI_MANIFEST, "not possible"),
        (manifest_text(config=f'{{"digest":"sha256:{"a" * 64}","size":1e400}}'), OCI_MANIFEST, "cannot read"),
        (
            manifest_text(config=f'{{"digest":"sha256:{"a" * 64}","size":"12"}}'),
            OCI_MANIFEST,
            "valid manifest",
        ),
        (manifest_text(schemaVersion="1"), OCI_MANIFEST, "schema 1"),
        (manifest_text(config=""), OCI_MANIFEST, "no configuration"),
        (b"[" * 100_000, OCI_MANIFEST, "valid manifest"),
        (b"\xff\xfe", OCI_MANIFEST, "valid manifest"),
    ],
)
def test_a_manifest_that_is_ambiguous_or_invalid_is_refused(
    make_client: MakeClient, body: bytes, content_type: str, problem: str
) -> None:
    with FakeRegistry() as registry:
        registry.script("manifests", Answer(headers={"Content-Type": content_type}, body=body))
        with pytest.raises(ImageError, match=problem):
            pull(make_client, registry)


def test_a_charset_beside_the_content_type_says_nothing(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        raw, kind = registry.manifests[NAME, "1"]
        registry.manifests[NAME, "1"] = (raw, f"{kind}; charset=utf-8")
        assert pull(make_client, registry).platform == AMD64


@pytest.mark.parametrize("status", [200, 404])
def test_a_layer_that_is_stored_elsewhere_is_tried_here_and_never_fetched_from_there(
    make_client: MakeClient, file_layer: FileLayer, status: int
) -> None:
    with FakeRegistry() as elsewhere, FakeRegistry() as registry:
        stored, tar = file_layer()
        registry.add_image(NAME, [(stored, tar)], tag="1")
        manifest = json.loads(registry.manifests[NAME, "1"][0])
        manifest["layers"][0] |= {
            "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "urls": [f"{elsewhere.url}/layer"],
        }
        registry.add_manifest(NAME, manifest, tag="1")
        registry.script("HEAD", Answer(status=status))
        image = pull(make_client, registry)
        assert len(image.layers) == (1 if status == 200 else 0)
        assert [one.what for one in image.not_covered] == (
            [] if status == 200 else [f"layer {manifest['layers'][0]['digest']}"]
        )
        assert elsewhere.seen == []


@pytest.mark.parametrize(
    "config_type",
    [
        "application/vnd.cncf.helm.config.v1+json",
        "application/vnd.wasm.config.v0+json",
        "application/vnd.oci.empty.v1+json",
    ],
)
def test_what_is_no_container_image_is_named(make_client: MakeClient, config_type: str) -> None:
    with FakeRegistry() as registry:
        config = registry.add_blob(b"{}", config_type)
        registry.add_manifest(NAME, {"schemaVersion": 2, "config": config, "layers": []}, tag="1")
        with pytest.raises(ImageError, match=f"not a container image .type `{re.escape(config_type)}`"):
            pull(make_client, registry)


def test_an_image_without_layers_can_be_opened(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [], tag="1")
        assert pull(make_client, registry).layers == ()


def test_a_login_page_is_not_taken_for_a_registry(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        page = Answer(
            headers={"Content-Type": "text/html; charset=utf-8"}, body=b"<!DOCTYPE html><title>Log in</title>"
        )
        registry.script("manifests", page)
        with pytest.raises(ImageError, match="web page, not as a registry"):
            pull(make_client, registry)


def test_what_is_not_there_is_an_error_with_a_hint(make_client: MakeClient) -> None:
    with FakeRegistry() as registry, pytest.raises(ImageError, match="does not have it") as caught:
        pull(make_client, registry)
    assert "check the name" in caught.value.hint


def test_a_registry_that_is_not_there_is_an_error_after_the_attempts(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        gone = reference(registry)
    client = make_client(registry)
    with pytest.raises(ImageError, match="refused"):
        open_registry(gone, client=client)
    assert len(client.waits) == 3  # type: ignore[attr-defined]  # the client of these tests


def test_a_registry_without_tls_is_asked_only_when_that_is_allowed(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        with pytest.raises(ImageError) as caught:
            open_registry(reference(registry), client=make_client())
        assert f"--plain-http {registry.host}" in caught.value.hint
        assert registry.seen == []


def test_what_was_kept_is_not_fetched_again(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored, tmp_path: Path
) -> None:
    with FakeRegistry() as registry:
        layer = file_layer()
        digest = registry.add_image(NAME, [layer], tag="1")["digest"]
        cache = BlobCache(tmp_path / "blobs")
        first = pull(make_client, registry, cache=cache)
        assert read_stored(first) == read_stored(first) == layer[0]
        before = len(registry.seen)
        again = pull(make_client, registry, f"@{digest}", cache=cache)
        assert read_stored(again) == layer[0]
        assert len(registry.seen) == before + 1


def test_a_kept_configuration_that_was_damaged_is_fetched_again(
    make_client: MakeClient, file_layer: FileLayer, tmp_path: Path
) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        cache = BlobCache(tmp_path / "blobs")
        pull(make_client, registry, cache=cache)
        for path in (tmp_path / "blobs").glob("sha256-*"):
            path.write_bytes(b"damaged")
        assert pull(make_client, registry, cache=cache).platform == AMD64


def test_a_layer_that_cannot_be_kept_is_read_all_the_same(
    make_client: MakeClient,
    file_layer: FileLayer,
    read_stored: ReadStored,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    with FakeRegistry() as registry:
        layer = file_layer()
        registry.add_image(NAME, [layer], tag="1")
        monkeypatch.setattr("basewise._internal.sized_directory.tempfile.mkstemp", full)
        image = pull(make_client, registry, cache=BlobCache(tmp_path / "blobs"))
        assert read_stored(image) == layer[0]


def test_a_mirror_serves_what_the_reference_names(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as mirror:
        mirror.add_image("hub/library/python", [file_layer()], tag="3.12")
        client = make_client(mirror, endpoints={"docker.io": f"{mirror.host}/hub"})
        image = open_registry(Reference.parse("python:3.12"), client=client)
        assert image.reference == "docker.io/library/python:3.12"
        assert mirror.seen_paths("manifests") == ["GET /v2/hub/library/python/manifests/3.12"]


@pytest.mark.parametrize(
    "name",
    [
        "UPPER/x",
        "a//b",
        "a:b:c",
        f"x@sha256:{'a' * 10}",
        "--flag",
        "$(id)",
        "a\n",
        "é/x",
        f"a/{'b' * 300}",
        "",
        "a b",
    ],
)
def test_a_name_that_is_none_is_wrong_usage(name: str) -> None:
    with pytest.raises(ValueError, match="not a") as caught:
        Reference.parse(name)
    assert getattr(caught.value, "exit_code", None) == 2


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("localhost/x", "localhost"),
        ("[::1]:5000/x", "[::1]:5000"),
        ("xn--80ak6aa92e.example/x", "xn--80ak6aa92e.example"),
    ],
)
def test_a_host_is_read_as_the_specification_says(name: str, registry: str) -> None:
    assert Reference.parse(name).registry == registry


@pytest.mark.parametrize("status", [407, 502])
def test_a_proxy_that_refuses_is_named_and_its_password_is_not(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with ScriptedServer() as proxy:
        proxy.script("CONNECT", Answer(status=status), times=-1)
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:s3cret@{proxy.host}")
        with pytest.raises(ImageError, match=f"via proxy {proxy.host}") as caught:
            open_registry(Reference.parse("registry.example/team/app:1"), client=make_client())
        assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"
        assert "HTTPS_PROXY" in caught.value.hint
        assert proxy.seen_paths() == ["CONNECT registry.example:443"]
