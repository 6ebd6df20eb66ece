from __future__ import annotations

import base64
import hashlib

import pytest

from basewise.inventory.apk import ApkCataloger
from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.python import PythonCataloger
from basewise.model.inventory import Inventory
from basewise.model.package import PackageType
from basewise.testing.small_images import SmallFile, inventory_of, link

INSTALLED = "lib/apk/db/installed"
NEW_PLACE = "usr/lib/apk/db/installed"
ALPINE = {"etc/os-release": "ID=alpine\nVERSION_ID=3.21.3\n"}
METADATA = b"Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n\n"
SITE = "usr/lib/python3.12/site-packages/six-1.16.0.dist-info"


def record(name: str, version: str = "1.0-r0", *, origin: str | None = "origin", rest: str = "") -> str:
    checksum = "C:Q1" + base64.b64encode(hashlib.sha1(name.encode(), usedforsecurity=False).digest()).decode()
    lines = [checksum, f"P:{name}", f"V:{version}", "A:x86_64", "S:1", "I:1", "T:text", "L:MIT"]
    if origin is not None:
        lines.append(f"o:{origin}")
    return "\n".join(lines) + "\n" + rest + "\n"


def look(*layers: dict[str, SmallFile]) -> Inventory:
    first, *others = layers
    return inventory_of(
        {**ALPINE, **first}, *others, catalogers=[OsReleaseCataloger(), ApkCataloger(), PythonCataloger()]
    )


def names(inventory: Inventory) -> list[str]:
    return [
        f"{one.package.name} {one.package.version}" for one in inventory.packages if one.package.type == "apk"
    ]


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


@pytest.mark.parametrize("place", [INSTALLED, NEW_PLACE])
def test_both_places_of_the_database_are_read(place: str) -> None:
    found = look(
        {
            place: record("libssl3", "3.3.2-r1", origin="openssl")
            + record("busybox", "1.37.0-r9", origin="busybox")
        }
    )
    assert names(found) == ["busybox 1.37.0-r9", "libssl3 3.3.2-r1"]
    package = found.packages[1].package
    assert (package.type, package.arch) == (PackageType.APK, "x86_64")
    assert (package.source, package.source_version) == ("openssl", "3.3.2-r1")
    assert found.packages[1].location == place
    assert found.coverage.complete, said(found)


def test_two_places_that_are_one_by_a_link_count_once() -> None:
    found = look({"lib": link("usr/lib"), NEW_PLACE: record("musl")})
    assert names(found) == ["musl 1.0-r0"]
    assert found.packages[0].location == NEW_PLACE
    twice = look({INSTALLED: record("musl"), NEW_PLACE: record("musl") + record("zlib")})
    assert names(twice) == ["musl 1.0-r0", "zlib 1.0-r0"]


def test_a_package_without_origin_has_no_known_source() -> None:
    (one,) = look({INSTALLED: record("tool", origin=None)}).packages
    assert (one.package.source, one.package.source_version) == (None, None)


@pytest.mark.parametrize(
    "bad",
    [
        "P:tool\nA:x86_64\no:tool\n\n",
        "V:1.0-r0\nA:x86_64\n\n",
        "C:not a checksum\nP:tool\nV:1\n\n",
        "P:to ol\nV:1\n\n",
        "P:tool\nV:1\x1b[31m\n\n",
        f"P:{'a' * 1_000}\nV:1\n\n",
        "P:tool\nV:1\no:a b\n\n",
        "P:--allow-untrusted\nV:1\no:tool\n\n",
        "P:-X/elsewhere\nV:1\no:tool\n\n",
    ],
)
def test_a_damaged_record_is_left_out_and_counted(bad: str) -> None:
    found = look({INSTALLED: record("good") + bad + record("last")})
    assert names(found) == ["good 1.0-r0", "last 1.0-r0"]
    assert said(found) == ["packages of `lib/apk/db/installed`: 1 record is damaged and left out"]


def test_a_file_that_was_cut_is_read_as_far_as_it_goes() -> None:
    text = record("good") + record("last")
    found = look({INSTALLED: text[: text.index("P:last") + 3]})
    assert names(found) == ["good 1.0-r0"]
    assert any("ends in the middle of a line" in why for why in said(found))


def test_an_empty_database_is_said() -> None:
    assert said(look({INSTALLED: ""})) == [
        "packages of `lib/apk/db/installed`: it lists no installed package"
    ]


@pytest.mark.parametrize(
    "whiteout", ["lib/apk/.wh.db", "lib/apk/db/.wh.installed", "lib/apk/db/.wh..wh..opq"]
)
def test_a_removed_database_is_not_an_image_without_packages(whiteout: str) -> None:
    found = look({INSTALLED: record("musl"), "sbin/apk": b""}, {whiteout: b""})
    assert names(found) == []
    assert said(found) == ["apk packages: this is alpine 3.21 without a package database"]


def test_traces_of_apk_without_a_database_are_said_in_an_unknown_distribution() -> None:
    found = inventory_of({"etc/apk/world": "musl\n"}, catalogers=[ApkCataloger()])
    assert said(found) == ["apk packages: `etc/apk/world` is there, and no package database"]


def test_the_layer_that_brought_a_version_is_told() -> None:
    found = look(
        {INSTALLED: record("a") + record("b")}, {INSTALLED: record("a") + record("b", "2.0-r0") + record("c")}
    )
    assert [one.layer for one in found.packages] == [0, 1, 1]


def python_package(checksum: bytes) -> str:
    value = base64.b64encode(checksum).decode()
    files = f"F:usr/lib/python3.12/site-packages/six-1.16.0.dist-info\nM:0:0:755\nR:METADATA\na:0:0:644\nZ:Q1{value}\nR:top_level.txt\nZ:Q1x\n"
    return record("py3-six", "1.16.0-r9", origin="py3-six", rest=files)


@pytest.mark.parametrize(("content", "changed"), [(METADATA, False), (METADATA + b"x", True)])
def test_a_python_distribution_of_apk_belongs_to_it_until_it_is_overwritten(
    content: bytes, changed: bool
) -> None:
    checksum = hashlib.sha1(METADATA, usedforsecurity=False).digest()
    found = look({INSTALLED: python_package(checksum), f"{SITE}/METADATA": content})
    (six,) = (one for one in found.packages if one.package.type is PackageType.PYPI)
    assert str(six.owner) == "apk py3-six"
    assert six.files_changed is changed


def test_a_directory_line_of_many_megabytes_is_no_trouble() -> None:
    found = look({INSTALLED: record("big", rest=f"F:{'x' * 8_000_000}\nR:python\n") + record("small")})
    assert names(found) == ["big 1.0-r0", "small 1.0-r0"]
