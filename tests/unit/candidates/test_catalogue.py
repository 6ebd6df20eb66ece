from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise._internal.embedded import read_embedded
from basewise.candidates.catalogue import Catalogue, catalogue_platforms, expand_catalogue, load_catalogue
from basewise.candidates.stored import CATALOGUE_FILE, StoredCatalogue
from basewise.errors import ImageError, InvalidValueError, KnowledgeError
from basewise.model.base_image import BaseImage
from basewise.model.distro import Libc
from basewise.model.package import BasisKind, PackageType
from basewise.model.platform import LINUX_AMD64, LINUX_ARM64, Platform

BOTH = (LINUX_AMD64, LINUX_ARM64)


@lru_cache(maxsize=1)
def stored() -> dict[str, Any]:
    """The file as plain values, a fresh copy of which tests damage."""
    decoded: dict[str, Any] = json.loads(read_embedded(CATALOGUE_FILE))
    return decoded


def damaged(change: Any) -> StoredCatalogue:  # noqa: ANN401 - a function that damages plain values
    copy = json.loads(json.dumps(stored()))
    change(copy)
    return msgspec.json.decode(json.dumps(copy), type=StoredCatalogue)


def image(name: str, platform: Platform = LINUX_AMD64) -> BaseImage:
    return load_catalogue(platform).find(f"python:{name}")


def collected_tags(shared_data: Path) -> list[dict[str, Any]]:
    tags: list[dict[str, Any]] = json.loads((shared_data / "catalogue" / "tags.json").read_bytes())
    return tags


def exact_lists(shared_data: Path) -> list[dict[str, Any]]:
    folder = shared_data / "catalogue" / "packages"
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def os_packages(found: BaseImage) -> set[tuple[str, str, str | None, str | None, str | None]]:
    assert found.packages is not None
    return {
        (package.name, package.version, package.arch, package.source, package.source_version)
        for package in found.packages
        if package.type is not PackageType.CPYTHON
    }


def test_every_collected_tag_is_an_image_or_an_alias(shared_data: Path) -> None:
    tags = collected_tags(shared_data)
    assert len(tags) == 38
    for tag in tags:
        expected = tag["alias_of"] or tag["tag"]
        assert image(tag["tag"]).name == f"python:{expected}"
    assert len(load_catalogue().images) == sum(tag["alias_of"] is None for tag in tags)


def test_digests_layers_and_compressed_sizes_are_those_of_the_pages(shared_data: Path) -> None:
    for tag in collected_tags(shared_data):
        found = image(tag["tag"])
        assert str(found.index_digest) == tag["index_digest"]
        assert str(found.manifest_digest) == tag["manifest_digest"]
        assert [(str(layer.digest), layer.size_bytes) for layer in found.layers] == [
            (layer["digest"], layer["size"]) for layer in tag["layers"]
        ]
        assert found.size.compressed_bytes == tag["compressed_size_bytes"]
        assert found.size.compressed_basis.kind is BasisKind.EXACT
        assert found.python == tag["python_version"]


def test_a_size_on_disk_is_exact_where_the_page_states_it_and_marked_where_it_does_not(
    shared_data: Path,
) -> None:
    for tag in collected_tags(shared_data):
        size = image(tag["tag"]).size
        if tag["uncompressed_size_mb"] is not None:
            assert size.disk_bytes == round(tag["uncompressed_size_mb"] * 1_000_000)
            assert size.disk_basis.kind is BasisKind.EXACT
        else:
            assert size.disk_basis.kind is BasisKind.COMPUTED
            assert size.disk_basis.detail.startswith("estimate: ")


def test_an_estimated_size_on_disk_lies_near_the_base_it_stands_on() -> None:
    for found in load_catalogue().images:
        assert found.size.disk_bytes is not None
        assert found.size.compressed_bytes is not None
        assert 2.3 < found.size.disk_bytes / found.size.compressed_bytes < 3.0, found.name


def test_exact_package_lists_equal_the_files(shared_data: Path) -> None:
    for listed in exact_lists(shared_data):
        found = image(listed["tag"])
        assert found.packages_basis.kind is BasisKind.EXACT
        assert os_packages(found) == {
            (
                package["name"],
                package["version"],
                package.get("arch"),
                package["source"],
                package["source_version"],
            )
            for package in listed["packages"]
        }
        assert found.surface.packages == listed["package_count"]


def test_only_images_with_their_own_list_call_it_exact(shared_data: Path) -> None:
    own = {f"python:{listed['tag']}" for listed in exact_lists(shared_data)}
    exact = {found.name for found in load_catalogue().images if found.packages_basis.kind is BasisKind.EXACT}
    assert exact == own
    arm64 = {found.packages_basis.kind for found in load_catalogue(LINUX_ARM64).images}
    assert BasisKind.EXACT not in arm64


@pytest.mark.parametrize("platform", BOTH, ids=str)
def test_no_list_is_inferred_across_release_variant_or_era(platform: Platform) -> None:
    inferred = [
        found for found in load_catalogue(platform).images if found.packages_basis.kind is BasisKind.INFERRED
    ]
    assert len(inferred) > 15
    for found in inferred:
        sibling = image(found.packages_basis.detail.split(" ")[0])
        assert (sibling.distro, sibling.variant) == (found.distro, found.variant)
        assert abs(sibling.created.year - found.created.year) == 0
        assert sibling.packages_basis.kind is BasisKind.EXACT


def test_lists_that_nobody_read_are_unknown() -> None:
    unknown = {found.name for found in load_catalogue().images if found.packages is None}
    assert unknown == {"python:3.10-slim-buster", "python:3.11-bullseye"}
    for name in unknown:
        found = load_catalogue().find(name)
        assert found.packages_basis.kind is BasisKind.UNKNOWN
        assert found.sonames is None
        assert found.surface.packages is None
        assert found.surface.compiler is None


@pytest.mark.parametrize("platform", BOTH, ids=str)
def test_the_full_bookworm_list_is_computed_and_says_how(platform: Platform) -> None:
    found = image("3.12-bookworm", platform)
    assert found.packages_basis.kind is BasisKind.COMPUTED
    assert "buildpack-deps" in found.packages_basis.detail
    assert "2026-08-25" in found.packages_basis.detail
    assert found.surface.compiler is True
    slim = {package.name for package in image("3.11-slim-bookworm").packages or ()}
    assert slim <= {package.name for package in found.packages or ()}


def test_the_computed_list_agrees_with_what_the_page_of_its_base_states() -> None:
    """Facts read by hand from the local page of buildpack-deps:bookworm of 2026-08-25 (docker-library/repo-info)."""
    stated = {
        "libaom3": "3.6.0-1+deb12u2",
        "libaprutil1": "1.6.3-1+deb12u1",
        "libapr1": "1.7.2-3+deb12u1",
        "apt": "2.6.1",
        "automake": "1:1.16.5-1.3",
        "base-files": "12.4+deb12u15",
        "icu-devtools": "72.1-3+deb12u1",
        "imagemagick-6.q16": "8:6.9.11.60+dfsg-1.6+deb12u13",
        "libjansson4": "2.14-2",
        "krb5-multidev": "1.20.1-2+deb12u5",
        "liblcms2-dev": "2.14-2+deb12u1",
        "linux-libc-dev": "6.1.180-1",
        "libmariadb3": "1:10.11.18-0+deb12u1",
        "mercurial": "6.3.2-1+deb12u1",
        "libpcre2-posix3": "10.42-1",
        "libperl5.36": "5.36.0-7+deb12u3",
        "pkg-config": "1.8.1-1",
        "libpq5": "15.19-0+deb12u1",
        "python3-distutils": "3.11.2-3",
        "python3.11": "3.11.2-6+deb12u8",
        "tzdata": "2026b-0+deb12u1",
        "unzip": "6.0-28+deb12u1",
        "uuid-dev": "2.38.1-5+deb12u3",
        "libx265-199": "3.5-2+b1",
        "x11-common": "1:7.7+23",
    }
    versions = {package.name: package.version for package in image("3.12-bookworm").packages or ()}
    assert {name: versions.get(name) for name in stated} == stated


@pytest.mark.parametrize("platform", BOTH, ids=str)
def test_every_known_list_ends_with_the_interpreter_that_no_os_package_owns(platform: Platform) -> None:
    for found in load_catalogue(platform).images:
        if found.packages is None:
            continue
        interpreters = [package for package in found.packages if package.type is PackageType.CPYTHON]
        assert [(package.name, package.version) for package in interpreters] == [("cpython", found.python)]
        assert found.surface.packages == len(found.packages) - 1


def test_c_libraries_and_symbol_levels_are_those_of_the_release() -> None:
    assert image("3.12-slim-trixie").libc == Libc("glibc", "2.41")
    assert image("3.12-slim-bookworm").libc == Libc("glibc", "2.36")
    assert image("3.11-slim-bullseye").libc == Libc("glibc", "2.31")
    assert image("3.10-slim-buster").libc == Libc("glibc", "2.28")
    assert image("3.12-alpine3.23").libc == Libc("musl", "1.2.5")
    assert image("3.13-alpine3.24").libc == Libc("musl", "1.2.6")
    assert image("3.11-alpine3.17").libc == Libc("musl", "1.2.3")
    assert image("3.12-slim-trixie").symbols.glibcxx == "3.4.33"
    assert image("3.12-bookworm").symbols.cxxabi == "1.3.13"
    assert image("3.12-alpine3.24").symbols.glibcxx == ""


@pytest.mark.parametrize(
    ("tag", "present", "absent"),
    [
        ("3.12-slim-bookworm", "libstdc++.so.6", "libgomp.so.1"),
        ("3.12-slim-trixie", "libz.so.1", "libexpat.so.1"),
        ("3.12-bookworm", "libgomp.so.1", "libGL.so.1"),
        ("3.12-trixie", "libglib-2.0.so.0", "libGL.so.1"),
        ("3.11-slim-bullseye", "libssl.so.1.1", "libgomp.so.1"),
        ("3.12-alpine3.24", "libc.musl-x86_64.so.1", "libstdc++.so.6"),
        ("3.12-slim-trixie", "libpython3.12.so.1.0", "libpython3.11.so.1.0"),
    ],
)
def test_sonames_tell_what_a_wheel_would_find(tag: str, present: str, absent: str) -> None:
    sonames = image(tag).sonames
    assert sonames is not None
    assert present in sonames
    assert absent not in sonames


def test_sonames_from_package_lists_equal_those_of_a_root_file_system(shared_data: Path) -> None:
    measured = json.loads((shared_data / "fit" / "base_sonames.json").read_bytes())
    for base, tag in (("full-bookworm", "3.12-bookworm"), ("slim-trixie", "3.12-slim-trixie")):
        found = {soname for soname in image(tag).sonames or () if not soname.startswith("libpython3")}
        assert found == {soname for soname in measured[base] if not soname.startswith("libpython3")}
    slim = set(measured["slim-bookworm"]) - set(image("3.11-slim-bookworm").sonames or ())
    # The look-alike had perl's library; the list of the image has not.
    assert slim == {"libgdbm_compat.so.4", "libgdbm_compat.so.4.0.0", "libperl.so.5.36", "libperl.so.5.36.0"}


def test_arm64_facts_are_exact_where_the_page_had_them_and_estimates_elsewhere(shared_data: Path) -> None:
    for tag in collected_tags(shared_data):
        found = image(tag["tag"], LINUX_ARM64)
        assert str(found.index_digest) == tag["index_digest"]
        if tag["arm64"]:
            assert str(found.manifest_digest) == tag["arm64"]["manifest_digest"]
            assert found.size.compressed_bytes == tag["arm64"]["compressed_size_bytes"]
            assert found.size.compressed_basis.kind is BasisKind.EXACT
        else:
            assert found.manifest_digest is None
            assert found.size.compressed_basis.kind in {BasisKind.COMPUTED, BasisKind.UNKNOWN}
        assert found.size.disk_basis.kind is not BasisKind.EXACT


def test_arm64_lists_carry_its_architecture_its_loader_and_its_compiler() -> None:
    full = image("3.12-trixie", LINUX_ARM64)
    names = {package.name for package in full.packages or ()}
    assert {package.arch for package in full.packages or ()} <= {"arm64", None}
    assert "gcc-14-aarch64-linux-gnu" in names
    assert not any("x86-64" in name for name in names)
    assert "libquadmath0" not in names
    assert "ld-linux-aarch64.so.1" in (full.sonames or ())
    assert "ld-linux-x86-64.so.2" not in (full.sonames or ())
    assert "libc.musl-aarch64.so.1" in (image("3.12-alpine3.24", LINUX_ARM64).sonames or ())


def test_every_image_is_official_explicit_and_pinned() -> None:
    for found in load_catalogue().images:
        assert found.trust.official
        assert found.trust.digest_pinned
        assert found.index_digest is not None
        assert found.surface.default_user == "root"
        tag = found.reference.tag or ""
        assert found.python_minor in tag
        assert found.distro.codename in tag if found.distro.codename else found.distro.version in tag


def test_a_release_candidate_is_a_pre_release() -> None:
    assert image("3.15-rc-slim-trixie").prerelease
    assert image("3.15-rc-slim").name == "python:3.15-rc-slim-trixie"
    assert [found.name for found in load_catalogue().images if found.prerelease] == [
        "python:3.15-rc-slim-trixie"
    ]


def test_images_with_the_same_list_share_it() -> None:
    trixie = image("3.12-slim-trixie").packages
    sibling = image("3.13-slim-trixie").packages
    assert trixie is not None
    assert sibling is not None
    assert all(one is other for one, other in zip(trixie[:-1], sibling[:-1], strict=True))


def test_look_up_by_digest_decides_over_the_tag() -> None:
    catalogue = load_catalogue()
    wanted = image("3.13-slim-trixie")
    assert catalogue.find(f"python:3.11@{wanted.index_digest}") is wanted
    assert catalogue.find(f"docker.io/library/python@{wanted.manifest_digest}") is wanted


def test_an_unknown_image_is_an_error_that_says_where_to_look() -> None:
    with pytest.raises(ImageError, match=r"no image `python:3\.99-slim` for linux/amd64") as error:
        load_catalogue().find("python:3.99-slim")
    assert "candidates list" in error.value.hint
    with pytest.raises(InvalidValueError):
        load_catalogue().find("python:bad tag")
    with pytest.raises(ImageError):
        load_catalogue().find("example.com/python:3.13-slim-trixie")


def test_a_pinned_older_build_is_recognised() -> None:
    older = load_catalogue().superseded[0]
    with pytest.raises(ImageError, match=f"is the build of {older.created.date()} of `{older.image}`"):
        load_catalogue().find(f"{older.image}@{older.index_digest}")


def test_a_newer_build_that_was_seen_is_noted() -> None:
    notes = [note for note in load_catalogue().notes if note.image == "python:3.11-bookworm"]
    assert [note.on for note in notes] == [date(2026, 9, 19)]
    assert "newer build" in notes[0].sentence


def test_loading_is_deterministic_and_sorted() -> None:
    def load() -> Catalogue:
        fresh = msgspec.json.decode(read_embedded(CATALOGUE_FILE), type=StoredCatalogue)
        return expand_catalogue(fresh, LINUX_AMD64)

    first, second = load(), load()
    assert first == second
    assert msgspec.json.encode(first, order="sorted") == msgspec.json.encode(second, order="sorted")
    minors = [tuple(int(part) for part in found.python_minor.split(".")) for found in first.images]
    assert minors == sorted(minors)


def test_both_platforms_are_known_and_others_are_an_error() -> None:
    assert catalogue_platforms() == BOTH
    assert len(load_catalogue(LINUX_AMD64).images) == len(load_catalogue(LINUX_ARM64).images)
    with pytest.raises(ImageError, match="linux/s390x"):
        load_catalogue(Platform("linux", "s390x"))


def drop_list(values: dict[str, Any]) -> None:
    values["packages"].pop("debian-trixie-slim-amd64")


def empty_list(values: dict[str, Any]) -> None:
    values["sonames"]["debian-trixie-slim-amd64"] = []


def wrong_list(values: dict[str, Any]) -> None:
    values["packages"]["debian-trixie-slim-amd64"] = [{"name": "apt"}]


def wrong_digest(values: dict[str, Any]) -> None:
    values["images"][0]["index_digest"] = "sha256:12"


def wrong_layers(values: dict[str, Any]) -> None:
    values["images"][0]["platforms"]["linux/amd64"]["layers"][0][1] += 1


def wrong_libc(values: dict[str, Any]) -> None:
    values["images"][0]["libc"] = ["uclibc", "1.0"]


def same_alias(values: dict[str, Any]) -> None:
    values["images"][0]["also_known_as"] = [values["images"][1]["tag"]]


def no_images(values: dict[str, Any]) -> None:
    values["images"] = []


def wrong_schema(values: dict[str, Any]) -> None:
    values["schema"] = "basewise.catalogue/2"


def size_without_basis(values: dict[str, Any]) -> None:
    values["images"][0]["platforms"]["linux/amd64"]["compressed_bytes"] = None


def list_without_basis(values: dict[str, Any]) -> None:
    values["images"][0]["platforms"]["linux/amd64"]["packages"] = None


@pytest.mark.parametrize(
    "change",
    [
        drop_list,
        empty_list,
        wrong_list,
        wrong_digest,
        wrong_layers,
        wrong_libc,
        same_alias,
        no_images,
        wrong_schema,
        size_without_basis,
        list_without_basis,
    ],
)
def test_a_damaged_catalogue_is_refused(change: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(KnowledgeError, match="the embedded catalogue is damaged"):
        expand_catalogue(damaged(change), LINUX_AMD64)
