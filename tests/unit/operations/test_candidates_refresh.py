from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from basewise.candidates.user_catalogue import MeasuredImage, read_user_catalogue
from basewise.cli.main import run
from basewise.errors import ImageError, UsageError
from basewise.model.package import BasisKind
from basewise.model.refresh import Refresh, RefreshRow
from basewise.operations import candidates_refresh
from basewise.operations.candidates_refresh import refresh_candidates
from basewise.operations.read_image import ImageAccess, read_image
from basewise.operations.sbom import sbom_of
from basewise.report.cyclonedx import render_cyclonedx
from basewise.report.spdx import render_spdx
from basewise.testing.fake_registry import FakeRegistry
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.python_images import attested, push, python_image

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TEAM = "team/python"
TAG = "3.13-slim-trixie"
LAYER_BYTES = 300_000
PACKAGES = (("bash", "5.2.37-2+b10", "bash (5.2.37-2)"), ("libc6", "2.41-12", "glibc"))
NEWER = (("bash", "5.2.37-2+b11", "bash (5.2.37-2)"), ("libc6", "2.41-12+deb13u1", "glibc"))


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry(page_size=2) as server:
        yield server


def build(python: str = "3.13.5", packages: Any = PACKAGES, **options: Any) -> ImageBuilder:  # noqa: ANN401 - passed on
    """Build an image with a layer of a size that shows in the bytes fetched."""
    ballast = {"srv/ballast": random.Random(python).randbytes(LAYER_BYTES)}  # noqa: S311 - bytes that do not compress
    return python_image(python, packages=packages, further=ballast, **options)


def refresh(registry: FakeRegistry, pattern: str | None = "*", **options: Any) -> Refresh:  # noqa: ANN401 - passed on
    host = f"127.0.0.1:{registry.port}"
    return refresh_candidates(
        pattern, repository=f"{host}/{TEAM}", access=ImageAccess(plain_http=(host,)), now=NOW, **options
    )


def rows(found: Refresh) -> dict[str, RefreshRow]:
    return {row.image.rpartition(":")[2]: row for row in found.images}


def kept() -> dict[str, MeasuredImage]:
    return {entry.image.reference.tag or "": entry for entry in read_user_catalogue()}


def test_a_new_repository_is_measured_once_and_then_unchanged(registry: FakeRegistry) -> None:
    push(registry, TEAM, {TAG: build(), "3.12-slim-trixie": build("3.12.11"), "other": build("3.11.1")})
    first = refresh(registry, "3.*")
    assert {tag: (row.change, row.how, row.python) for tag, row in rows(first).items()} == {
        TAG: ("added", "layers", "3.13.5"),
        "3.12-slim-trixie": ("added", "layers", "3.12.11"),
    }
    assert (first.tags, first.tags_complete) == (3, True)
    assert first.bytes_fetched > 2 * LAYER_BYTES
    entries = read_user_catalogue()
    again = refresh(registry, "3.*")
    assert {row.change for row in again.images} == {"unchanged"}
    assert again.bytes_fetched < 5_000
    assert read_user_catalogue() == entries


def test_tags_of_one_digest_are_one_image_that_has_the_tag_that_says_most(registry: FakeRegistry) -> None:
    image = build()
    push(registry, TEAM, dict.fromkeys(("3.13-slim", TAG, "3.13.5-slim-trixie", "3-slim", "latest"), image))
    (row,) = refresh(registry).images
    assert row.image.endswith(f":{TAG}")
    assert [name.rpartition(":")[2] for name in row.also_known_as] == [
        "3-slim", "3.13-slim", "3.13.5-slim-trixie", "latest",
    ]  # fmt: skip
    assert kept()[TAG].image.trust.explicit_tag is True


def test_a_moving_tag_of_a_known_digest_is_unchanged(registry: FakeRegistry) -> None:
    push(registry, TEAM, {TAG: build(), "3.13-slim": build()})
    refresh(registry, TAG)
    (row,) = refresh(registry, "3.13-slim").images
    assert (row.change, row.image.rpartition(":")[2]) == ("unchanged", TAG)


def test_without_a_pattern_the_images_of_the_catalogue_are_looked_up(registry: FakeRegistry) -> None:
    push(registry, TEAM, {TAG: build(), "3.12-slim-trixie": build("3.12.11")})
    with pytest.raises(ImageError, match="none is in the catalogue"):
        refresh(registry, None)
    refresh(registry, TAG)
    push(registry, TEAM, {TAG: build("3.13.6")})
    found = refresh(registry, None)
    assert {tag: (row.change, row.python) for tag, row in rows(found).items()} == {TAG: ("renewed", "3.13.6")}
    assert rows(found)[TAG].before != rows(found)[TAG].digest


def test_a_new_index_with_the_same_manifest_is_not_read_again(registry: FakeRegistry) -> None:
    push(registry, TEAM, {TAG: build()})
    refresh(registry)
    image = build()
    attested(registry, TEAM, image, {"spdxVersion": "SPDX-2.3"}, tag=TAG)
    row = rows(refresh(registry))[TAG]
    assert (row.change, row.how) == ("renewed", "known build")
    assert row.bytes_fetched < LAYER_BYTES / 10
    assert str(kept()[TAG].image.index_digest) == row.digest


def spdx_of(image: ImageBuilder, tmp_path: Path) -> dict[str, Any]:
    """Return what our own scanner says of an image, which is what a publisher's would say."""
    layout = image.write_layout(tmp_path / image.digest.short)
    document: dict[str, Any] = json.loads(
        render_spdx(sbom_of(read_image(f"oci:{layout}")), moment=NOW, version="1")
    )
    return document


def renew_with(
    registry: FakeRegistry,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], object],
    **options: Any,  # noqa: ANN401 - passed on
) -> RefreshRow:
    """Refresh a known image, whose new build has an SBOM that `change` altered."""
    push(registry, TEAM, {TAG: build()})
    refresh(registry)
    newer = build("3.13.6", NEWER)
    document = spdx_of(newer, tmp_path)
    change(document)
    attested(registry, TEAM, newer, document, tag=TAG)
    return rows(refresh(registry, **options))[TAG]


def test_the_sbom_of_the_publisher_saves_reading_the_layers(registry: FakeRegistry, tmp_path: Path) -> None:
    row = renew_with(registry, tmp_path, lambda document: document)
    assert (row.change, row.how, row.python, row.why) == ("renewed", "sbom attestation", "3.13.6", "")
    assert row.bytes_fetched < 30_000 < LAYER_BYTES
    image = kept()[TAG].image
    assert [(package.name, package.version) for package in image.packages or ()] == [
        ("bash", "5.2.37-2+b11"), ("libc6", "2.41-12+deb13u1"), ("cpython", "3.13.6"),
    ]  # fmt: skip
    assert [package.source for package in image.packages or ()] == ["bash", "glibc", None]
    assert image.packages_basis.kind is BasisKind.INFERRED
    assert "publisher's SBOM" in image.packages_basis.detail
    assert image.sonames_basis.kind is BasisKind.INFERRED
    assert (image.size.compressed_basis.kind, image.size.disk_basis.kind) == (
        BasisKind.EXACT,
        BasisKind.COMPUTED,
    )
    assert image.manifest_digest == build("3.13.6", NEWER).digest


def cyclonedx_of(image: ImageBuilder, tmp_path: Path) -> dict[str, Any]:
    layout = image.write_layout(tmp_path / image.digest.short)
    text = render_cyclonedx(sbom_of(read_image(f"oci:{layout}")), moment=NOW, version="1")
    document: dict[str, Any] = json.loads(text)
    return document


def renew_with_documents(registry: FakeRegistry, *documents: Mapping[str, Any]) -> RefreshRow:
    push(registry, TEAM, {TAG: build()})
    refresh(registry)
    attested(registry, TEAM, build("3.13.6", NEWER), *documents, tag=TAG)
    return rows(refresh(registry))[TAG]


def test_an_sbom_in_cyclonedx_is_believed_like_one_in_spdx(registry: FakeRegistry, tmp_path: Path) -> None:
    row = renew_with_documents(registry, cyclonedx_of(build("3.13.6", NEWER), tmp_path))
    assert (row.change, row.how, row.python, row.why) == ("renewed", "sbom attestation", "3.13.6", "")
    assert row.bytes_fetched < 30_000 < LAYER_BYTES
    assert row.sbom is not None
    assert (row.sbom.format, row.sbom.found_in) == ("CycloneDX", "index")
    image = kept()[TAG].image
    assert [(package.name, package.version, package.source) for package in image.packages or ()] == [
        ("bash", "5.2.37-2+b11", "bash"),
        ("libc6", "2.41-12+deb13u1", "glibc"),
        ("cpython", "3.13.6", None),
    ]
    assert image.packages_basis.detail == (
        f"the publisher's SBOM (CycloneDX) in the image's index, {row.sbom.digest}"
    )


def test_components_inside_components_are_packages_too(registry: FakeRegistry, tmp_path: Path) -> None:
    document = cyclonedx_of(build("3.13.6", NEWER), tmp_path)
    document["components"] = [{"type": "operating-system", "name": "x", "components": document["components"]}]
    assert renew_with_documents(registry, document).how == "sbom attestation"


def test_of_two_sboms_the_one_in_spdx_is_believed_and_named(
    registry: FakeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = build("3.13.6", NEWER)
    false = cyclonedx_of(build("3.13.6"), tmp_path)
    row = renew_with_documents(registry, false, spdx_of(newer, tmp_path))
    assert row.sbom is not None
    assert row.sbom.format == "SPDX"
    assert kept()[TAG].image.packages is not None
    assert next(package.version for package in kept()[TAG].image.packages or ()) == "5.2.37-2+b11"
    push(registry, TEAM, {TAG: build()})
    attested(registry, TEAM, build("3.13.7", NEWER), spdx_of(build("3.13.7", NEWER), tmp_path), tag=TAG)
    host = f"127.0.0.1:{registry.port}"
    assert run(["candidates", "refresh", "--repository", f"{host}/{TEAM}", "--plain-http", host, TAG]) == 0
    assert "sbom attestation (SPDX)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"specVersion": "2.0"}, "another version of CycloneDX"),
        ({"components": [{"purl": 1}]}, "no CycloneDX document"),
        ({"components": []}, "other packages than the known build"),
    ],
)
def test_in_any_doubt_about_cyclonedx_the_layers_are_read(
    change: dict[str, Any], why: str, registry: FakeRegistry, tmp_path: Path
) -> None:
    document = {**cyclonedx_of(build("3.13.6", NEWER), tmp_path), **change}
    row = renew_with_documents(registry, document)
    assert (row.how, row.sbom) == ("layers", None)
    assert why in row.why


def test_what_the_sbom_says_is_what_the_layers_say(registry: FakeRegistry, tmp_path: Path) -> None:
    renew_with(registry, tmp_path, lambda document: document)
    stated = kept()[TAG].image
    read = renew_with(registry, tmp_path, lambda document: document, read_layers=True)
    assert read.how in {"layers", "known build"}
    assert set(stated.packages or ()) == set(kept()[TAG].image.packages or ())


def test_layers_are_read_all_the_same_when_that_is_asked_for(registry: FakeRegistry, tmp_path: Path) -> None:
    row = renew_with(registry, tmp_path, lambda document: document, read_layers=True)
    assert (row.how, row.why) == ("layers", "")
    assert kept()[TAG].image.packages_basis.kind is BasisKind.EXACT


def without(name: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        document["packages"] = [package for package in document["packages"] if package["name"] != name]

    return change


def with_purls(old: str, new: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        text = json.dumps(document["packages"]).replace(old, new)
        document["packages"] = json.loads(text)

    return change


def emptied(document: dict[str, Any]) -> None:
    document["packages"] = []


DOUBTS: Mapping[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a package is missing": (without("bash"), "other packages than the known build"),
    "it is empty": (emptied, "other packages than the known build"),
    "another distribution": (
        with_purls("debian-13", "debian-12"),
        "the distribution is that of the known build",
    ),
    "two distributions": (
        with_purls("arch=amd64&distro=debian-13&upstream=glibc", "distro=debian-12"),
        "distribution",
    ),
    "another C library": (with_purls("libc6@2.41", "libc6@2.42"), "the C library is that of the known build"),
    "another Python": (with_purls("python@3.13.6", "python@3.13.7"), "one version of Python"),
    "another version of SPDX": (
        lambda document: document.update(spdxVersion="SPDX-3.0"),
        "another version of SPDX",
    ),
    "no SPDX": (lambda document: document.pop("spdxVersion"), "no SPDX document"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_in_any_doubt_about_an_sbom_the_layers_are_read(
    name: str, registry: FakeRegistry, tmp_path: Path
) -> None:
    change, why = DOUBTS[name]
    row = renew_with(registry, tmp_path, change)
    assert (row.change, row.how) == ("renewed", "layers")
    assert why in row.why
    assert kept()[TAG].image.packages_basis.kind is BasisKind.EXACT


def test_an_sbom_that_somebody_attached_later_is_not_trusted(registry: FakeRegistry, tmp_path: Path) -> None:
    push(registry, TEAM, {TAG: build()})
    refresh(registry)
    newer = build("3.13.6", NEWER)
    attested(registry, TEAM, newer, spdx_of(newer, tmp_path), tag="elsewhere")
    content, _ = registry.manifests[TEAM, "elsewhere"]
    manifest, statement = json.loads(content)["manifests"]
    registry.add_referrer(TEAM, manifest, json.loads(registry.manifests[TEAM, statement["digest"]][0]))
    registry.add_index(TEAM, [manifest], tag=TAG)
    row = rows(refresh(registry, TAG))[TAG]
    assert (row.how, row.why) == ("layers", "its index holds no SBOM in SPDX or CycloneDX")


def test_an_image_without_an_older_build_is_read_although_it_has_an_sbom(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    attested(registry, TEAM, build(), spdx_of(build(), tmp_path), tag=TAG)
    row = rows(refresh(registry))[TAG]
    assert row.how == "layers"
    assert "no older build" in row.why


def test_what_cannot_be_read_is_a_row_and_the_rest_is_kept(registry: FakeRegistry) -> None:
    push(registry, TEAM, {TAG: build(), "bare": build("")})
    lost = build("3.12.1")
    push(registry, TEAM, {"3.12-slim-trixie": lost})
    del registry.blobs[str(lost.layers[-1].digest)]
    found = rows(refresh(registry))
    assert {tag: row.change for tag, row in found.items()} == {
        TAG: "added", "bare": "not-read", "3.12-slim-trixie": "not-read",
    }  # fmt: skip
    assert "holds no Python" in found["bare"].why
    assert "layer" in found["3.12-slim-trixie"].why or "does not have" in found["3.12-slim-trixie"].why
    assert set(kept()) == {TAG}


def test_a_pattern_that_matches_nothing_is_an_error(registry: FakeRegistry) -> None:
    push(registry, TEAM, {TAG: build()})
    with pytest.raises(ImageError, match=r"of the 1 tag .* none matches `4\.\*`"):
        refresh(registry, "4.*")


def test_a_pattern_that_matches_too_much_is_an_error(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates_refresh, "MAX_MATCHING_TAGS", 1)
    push(registry, TEAM, {TAG: build(), "other": build()})
    with pytest.raises(UsageError, match="more than the limit of 1"):
        refresh(registry)
    assert not any("/manifests/" in request.path for request in registry.seen)


@pytest.mark.parametrize("name", ["python:3.12", f"python@sha256:{'a' * 64}"])
def test_a_repository_is_named_without_a_tag(name: str) -> None:
    with pytest.raises(UsageError, match="names one image, not a repository"):
        refresh_candidates("*", repository=name, now=NOW)


def arguments(registry: FakeRegistry, *more: str) -> list[str]:
    host = f"127.0.0.1:{registry.port}"
    return ["candidates", "refresh", "--repository", f"{host}/{TEAM}", "--plain-http", host, *more]


def test_the_command_prints_what_changed_and_what_was_fetched(
    registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    push(registry, TEAM, {TAG: build(), "bare": build("")})
    assert run(arguments(registry, "*")) == 0
    printed = capsys.readouterr().out
    assert f"{TEAM}:{TAG}" in printed
    assert "1 added, 1 not-read" in printed
    assert "fetched in all" in printed
    assert "holds no Python" in printed
    assert run(arguments(registry, "3.13*", "--format", "json", "--now", "2026-11-23")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["generated_at"]) == ("basewise.refresh/1", "2026-11-23T00:00:00Z")
    assert [row["change"] for row in found["images"]] == ["unchanged"]
    assert run(["candidates", "list", "--format", "json"]) == 0
    assert any(
        TAG in row["image"] and TEAM in row["image"] for row in json.loads(capsys.readouterr().out)["images"]
    )


def test_when_nothing_could_be_read_the_command_ends_with_4(registry: FakeRegistry) -> None:
    push(registry, TEAM, {"bare": build("")})
    assert run(arguments(registry, "*")) == 4


def test_offline_nobody_is_asked(registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments(registry, "*", "--offline")) == 4
    assert "`--offline` forbids it" in capsys.readouterr().err
    assert registry.seen == []
