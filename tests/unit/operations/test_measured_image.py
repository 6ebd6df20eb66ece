from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from basewise.errors import ImageError, UsageError
from basewise.model.digest import Digest
from basewise.model.distro import Distro
from basewise.model.inventory import Inventory
from basewise.model.package import BasisKind, PackageType
from basewise.model.reference import Reference
from basewise.operations.measured_image import is_explicit_tag, measured_image, name_of_image
from basewise.testing.small_images import inventory_of, program

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAME = Reference.parse("registry.example/team/base:3.12-slim-trixie")
DEBIAN = Distro("debian", "13", "trixie")
ALPINE = Distro("alpine", "3.24")
STATUS = (
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.41-12\n"
)
BASE: dict[str, Any] = {
    "etc/os-release": 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
    "var/lib/dpkg/status": STATUS,
    "usr/lib/x86_64-linux-gnu/libc.so.6": "GNU C Library (Debian) stable release version 2.41.\0",
    "usr/lib/x86_64-linux-gnu/libz.so.1": "x",
}
PYTHON = {"usr/local/bin/python3.12": program(b"\x003.12.11\x00")}


def read(*layers: dict[str, Any]) -> Inventory:
    return inventory_of(*layers)


def test_the_facts_are_those_of_the_image() -> None:
    inventory = read(
        BASE, PYTHON, {"usr/lib/python3/dist-packages/x-1.dist-info/METADATA": "Name: x\nVersion: 1\n"}
    )
    image = measured_image(inventory, NAME, now=NOW).image
    assert (image.name, image.python, image.distro, str(image.libc)) == (
        NAME.familiar,
        "3.12.11",
        DEBIAN,
        "glibc 2.41",
    )
    assert {package.type for package in image.packages or ()} == {PackageType.DEB, PackageType.CPYTHON}
    assert image.surface.packages == 1
    assert image.sonames == frozenset({"libc.so.6", "libz.so.1"})
    assert image.packages_basis.kind is image.sonames_basis.kind is BasisKind.EXACT
    assert image.size == inventory.image.size
    assert image.variant == "slim"
    assert (image.trust.publisher, image.trust.official) == ("registry.example/team", False)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("usr/local/bin/python3.12", "usr/bin/python3.13"), "3.12.1"),
        (("opt/conda/bin/python3.11", "usr/bin/python3.13"), "3.11.1"),
        (("usr/bin/python3.9", "usr/bin/python3.13"), "3.13.1"),
        (("usr/local/bin/python3.9", "usr/local/bin/python3.10"), "3.10.1"),
    ],
)
def test_of_several_interpreters_the_one_that_was_put_there_on_purpose_counts(
    paths: tuple[str, ...], expected: str
) -> None:
    files = {path: program(f"\0{path.rpartition('python')[2]}.1\0".encode()) for path in paths}
    assert measured_image(read(BASE, files), NAME, now=NOW).image.python == expected


def test_an_image_without_python_is_refused() -> None:
    with pytest.raises(ImageError, match="it holds no Python") as raised:
        measured_image(read(BASE), NAME, now=NOW)
    assert "interpreter" in raised.value.hint


def test_an_image_whose_c_library_is_not_known_is_refused() -> None:
    with pytest.raises(ImageError, match="no C library"):
        measured_image(read(PYTHON), NAME, now=NOW)


def test_missing_packages_are_unknown_and_said() -> None:
    files = {name: content for name, content in BASE.items() if "dpkg" not in name}
    measured = measured_image(read(files, PYTHON), NAME, now=NOW)
    assert measured.image.packages is None
    assert measured.image.packages_basis.kind is BasisKind.UNKNOWN
    assert measured.image.surface.packages is None
    assert any("packages" in said.what for said in measured.not_covered)


def test_an_age_that_the_image_does_not_say_is_said_to_be_missing() -> None:
    measured = measured_image(read(BASE, PYTHON), NAME, now=NOW)
    assert measured.image.created == NOW
    assert [said.what for said in measured.not_covered] == ["age (small:1)"]


def test_a_digest_of_the_name_is_the_one_that_is_pinned() -> None:
    digest = Digest("sha256", "a" * 64)
    image = measured_image(read(BASE, PYTHON), msgspec.structs.replace(NAME, digest=digest), now=NOW).image
    assert (image.name, image.index_digest, image.trust.digest_pinned) == (NAME.familiar, digest, True)
    bare = measured_image(read(BASE, PYTHON), NAME, now=NOW).image
    assert (bare.index_digest, bare.trust.digest_pinned) == (None, False)


def test_a_name_without_tag_and_digest_is_latest_and_not_explicit() -> None:
    image = measured_image(read(BASE, PYTHON), Reference.parse("team/base"), now=NOW).image
    assert (image.name, image.trust.explicit_tag) == ("team/base:latest", False)


def test_a_release_of_alpine_is_its_branch() -> None:
    files = BASE | {"etc/os-release": "ID=alpine\nVERSION_ID=3.24.1\n"}
    image = measured_image(read(files, PYTHON), NAME, now=NOW).image
    assert (image.distro, image.variant) == (ALPINE, "alpine")


@pytest.mark.parametrize(
    ("tag", "distro", "expected"),
    [
        ("3.12-slim-trixie", DEBIAN, True),
        ("3.12.11-slim-trixie", DEBIAN, True),
        ("3.12-trixie", DEBIAN, True),
        ("py3.12-debian13", DEBIAN, True),
        ("3.12-slim", DEBIAN, False),
        ("3.12", DEBIAN, False),
        ("latest", DEBIAN, False),
        (None, DEBIAN, False),
        ("3.1-trixie", DEBIAN, False),
        ("13.12-trixie", DEBIAN, False),
        ("3.121-trixie", DEBIAN, False),
        ("3-trixie", DEBIAN, False),
        ("3.12-trixiest", DEBIAN, False),
        ("3.12-alpine3.24", ALPINE, True),
        ("3.12-alpine", ALPINE, False),
        ("3.12-ubi9", Distro("rhel", "9.6"), True),
        ("3.12-unknown", Distro("unknown", ""), False),
    ],
)
def test_a_tag_is_explicit_when_neither_python_nor_distribution_can_move(
    tag: str | None, distro: Distro, expected: bool
) -> None:
    assert is_explicit_tag(tag, "3.12", distro) is expected


def named(reference: str, name: str = "") -> Inventory:
    inventory = read(BASE)
    return msgspec.structs.replace(
        inventory, image=msgspec.structs.replace(inventory.image, reference=reference, name=name)
    )


@pytest.mark.parametrize(
    ("reference", "name", "expected"),
    [
        ("docker.io/library/python:3.12-slim", "3.12-slim", "python:3.12-slim"),
        ("docker-archive:x.tar", "team/base:1", "team/base:1"),
        ("localhost:5000/base:1", "1", "localhost:5000/base:1"),
    ],
)
def test_an_image_is_called_what_its_source_says(reference: str, name: str, expected: str) -> None:
    assert name_of_image(named(reference, name)).familiar == expected


@pytest.mark.parametrize(("reference", "name"), [("dir:/x", ""), ("oci:x", "latest"), ("./x.tar", "")])
def test_where_nothing_says_the_name_it_must_be_given(reference: str, name: str) -> None:
    with pytest.raises(UsageError, match="nothing says how a FROM line calls") as raised:
        name_of_image(named(reference, name))
    assert "--name" in raised.value.hint
