from __future__ import annotations

import pytest

from basewise.inventory.dpkg import DpkgCataloger
from basewise.inventory.os_release import OsReleaseCataloger
from basewise.model.inventory import Inventory
from basewise.model.package import PackageType
from basewise.testing.small_images import SmallFile, inventory_of

STATUS = "var/lib/dpkg/status"
INFO = "var/lib/dpkg/info"
PARTS = "var/lib/dpkg/status.d"
DEBIAN = {"etc/os-release": "ID=debian\nVERSION_ID=12\n"}
INSTALLED = "install ok installed"


def stanza(name: str, version: str = "1.0-1", status: str = INSTALLED, **fields: str) -> str:
    lines = [f"Package: {name}", f"Status: {status}", "Architecture: amd64", f"Version: {version}"]
    lines += [f"{field}: {value}" for field, value in fields.items()]
    return "\n".join([*lines, "Description: text", " more text", ""])


def database(*stanzas: str) -> str:
    return "\n".join(stanzas)


def look(*layers: dict[str, SmallFile]) -> Inventory:
    first, *others = layers
    return inventory_of({**DEBIAN, **first}, *others, catalogers=[OsReleaseCataloger(), DpkgCataloger()])


def names(inventory: Inventory) -> list[str]:
    return [f"{found.package.name} {found.package.version}" for found in inventory.packages]


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


@pytest.mark.parametrize(
    ("fields", "source", "version"),
    [
        ({}, "tool", "2:1.0-1+b1"),
        ({"Source": "glibc"}, "glibc", "2:1.0-1+b1"),
        ({"Source": "glibc (2.28-10)"}, "glibc", "2.28-10"),
        ({"Source": "tool (2:1.0-1)"}, "tool", "2:1.0-1"),
    ],
)
def test_source_name_and_version_are_what_the_stanza_says(
    fields: dict[str, str], source: str, version: str
) -> None:
    found = look({STATUS: stanza("tool", "2:1.0-1+b1", **fields)})
    (package,) = (one.package for one in found.packages)
    assert package.type is PackageType.DEB
    assert (package.name, package.version, package.arch) == ("tool", "2:1.0-1+b1", "amd64")
    assert (package.source, package.source_version) == (source, version)
    assert found.coverage.complete


@pytest.mark.parametrize(
    ("status", "there"),
    [
        (INSTALLED, True),
        ("hold ok installed", True),
        ("install ok unpacked", True),
        ("install ok half-configured", True),
        ("install ok triggers-pending", True),
        ("deinstall ok config-files", False),
        ("purge ok not-installed", False),
        ("deinstall ok installed", True),
    ],
)
def test_the_state_says_whether_a_package_is_there(status: str, there: bool) -> None:
    found = look({STATUS: database(stanza("always"), stanza("tool", status=status))})
    assert names(found) == ["always 1.0-1", *(["tool 1.0-1"] if there else [])]
    assert found.coverage.complete


@pytest.mark.parametrize(
    "bad",
    [
        "Package: tool\nStatus: install ok installed\nArchitecture: amd64\n",
        "Status: install ok installed\nVersion: 1\n",
        stanza("tool", status="install reinstreq half-installed"),
        stanza("tool", status="nonsense"),
        stanza("../../etc/passwd"),
        stanza("to\0ol"),
        stanza("tool", version="1.0; rm -rf /"),
        stanza("tool", version="1" * 2_000),
        stanza("tool", Source="a b c (1"),
        "no colon at all\n",
    ],
    ids=range(10),
)
def test_a_damaged_stanza_is_left_out_and_counted(bad: str) -> None:
    found = look({STATUS: database(stanza("good"), bad, stanza("last"))})
    assert names(found) == ["good 1.0-1", "last 1.0-1"]
    assert said(found) == ["packages of `var/lib/dpkg/status`: 1 record is damaged and left out"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n\n", "\n\n \n\n\n"),
        lambda text: text + "\n\n\n",
        lambda text: text.replace("Version: 1.0-1", "Version: 1.0-1\nVersion: 9", 1),
        lambda text: text.replace("Architecture", "X-Unknown: a\n b\n c\nArchitecture"),
    ],
)
def test_unusual_but_readable_files_read_the_same(change: object) -> None:
    assert callable(change)
    found = look({STATUS: change(database(stanza("one"), stanza("two")))})
    assert names(found) == ["one 1.0-1", "two 1.0-1"]
    assert found.coverage.complete, said(found)


@pytest.mark.parametrize("content", ["", "\n", "\n\n\n"])
def test_an_empty_database_is_said(content: str) -> None:
    assert said(look({STATUS: content})) == [
        "packages of `var/lib/dpkg/status`: it lists no installed package"
    ]


def test_a_file_that_was_cut_is_read_as_far_as_it_goes() -> None:
    text = database(stanza("one"), stanza("two"), stanza("three", "3.14159"))
    found = look({STATUS: text[: text.index("3.14159") + 3]})
    assert names(found)[0] == "one 1.0-1"
    assert said(found) == [
        "packages of `var/lib/dpkg/status`: the file ends in the middle of a line; what came after is not known"
    ]


def test_a_line_of_many_megabytes_costs_one_stanza() -> None:
    huge = stanza("huge", Description="x" * 5_000_000)
    found = look({STATUS: database(stanza("one"), huge, stanza("two"))})
    assert names(found) == ["one 1.0-1", "two 1.0-1"]
    assert said(found) == ["packages of `var/lib/dpkg/status`: 1 record is damaged and left out"]


def test_a_database_larger_than_the_limit_is_said() -> None:
    found = look({STATUS: b"x" * (33 << 20)})
    assert any("more than the limit" in why for why in said(found))
    assert names(found) == []


def test_twins_of_two_architectures_are_both_listed() -> None:
    other = stanza("libc6").replace("amd64", "i386")
    found = look(
        {
            STATUS: database(
                stanza("libc6", Source="glibc"), other.replace("Description", "Source: glibc\nDescription")
            )
        }
    )
    assert [(one.package.arch, one.package.source) for one in found.packages] == [
        ("amd64", "glibc"),
        ("i386", "glibc"),
    ]


def test_a_removed_database_is_not_an_image_without_packages() -> None:
    found = look(
        {STATUS: stanza("bash"), f"{INFO}/bash.list": "/.\n/bin\n/bin/bash\n"},
        {"var/lib/dpkg/.wh.status": b""},
    )
    assert names(found) == []
    assert said(found) == [
        "packages of `var/lib/dpkg/status`: it is gone, and 1 file list of packages are there"
    ]


def test_a_package_cut_out_of_the_database_is_noticed_by_its_file_list() -> None:
    lists: dict[str, SmallFile] = {
        f"{INFO}/{name}.list": "/.\n" for name in ("bash", "openssl", "libc6:amd64", "old")
    }
    found = look(
        {
            STATUS: database(
                stanza("bash"), stanza("libc6"), stanza("old", status="deinstall ok config-files")
            ),
            **lists,
        }
    )
    assert said(found) == [
        "packages of `var/lib/dpkg/status`: it does not name openssl, whose file lists are there"
    ]


def test_debian_without_any_database_is_said() -> None:
    assert said(look({"usr/bin/dpkg": b""})) == [
        "deb packages: this is debian 12 (bookworm) without a package database"
    ]
    other = inventory_of(
        {"etc/os-release": "ID=alpine\nVERSION_ID=3.20\n"}, catalogers=[OsReleaseCataloger(), DpkgCataloger()]
    )
    assert other.coverage.complete


def test_distroless_packages_are_read_from_their_own_stanzas() -> None:
    control = "Package: libc6\nVersion: 2.36-9+deb12u9\nArchitecture: amd64\nSource: glibc\n"
    found = look(
        {
            f"{PARTS}/bGliYzY": control,
            f"{PARTS}/base": "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n",
            f"{PARTS}/bGliYzY.md5sums": "0" * 32 + "  lib/x86_64-linux-gnu/libc.so.6\n",
            f"{PARTS}/base.preinst": "#!/bin/sh\nexit 0\n",
            f"{PARTS}/dir/": b"",
        },
        {f"{PARTS}/tz": "Package: tzdata\nVersion: 2024a\nArchitecture: all\n"},
    )
    assert names(found) == ["base-files 12.4", "libc6 2.36-9+deb12u9", "tzdata 2024a"]
    assert [one.layer for one in found.packages] == [0, 0, 1]
    assert found.packages[1].location == f"{PARTS}/bGliYzY"
    assert found.packages[1].package.source == "glibc"
    assert found.coverage.complete, said(found)


def test_status_and_stanzas_beside_it_are_both_read_and_an_empty_status_is_usual_there() -> None:
    part: dict[str, SmallFile] = {f"{PARTS}/a": "Package: a\nVersion: 1\nArchitecture: amd64\n"}
    assert names(look({STATUS: stanza("b"), **part})) == ["a 1", "b 1.0-1"]
    empty = look({STATUS: "", **part})
    assert names(empty) == ["a 1"]
    assert empty.coverage.complete, said(empty)


def test_a_damaged_stanza_of_distroless_is_counted() -> None:
    found = look(
        {f"{PARTS}/a": "Package: a\nArchitecture: amd64\n", f"{PARTS}/b": "Package: b\nVersion: 1\n"}
    )
    assert names(found) == ["b 1"]
    assert said(found) == ["packages of `var/lib/dpkg/status.d`: 1 damaged file"]


def test_the_database_of_opkg_is_said_to_be_unread() -> None:
    assert "packages of `usr/lib/opkg/status`: databases of opkg are not read" in said(
        look({STATUS: stanza("a"), "usr/lib/opkg/status": "Package: x\n"})
    )


def test_the_layer_that_brought_a_version_is_told() -> None:
    found = look(
        {STATUS: database(stanza("kept"), stanza("raised", "1"), stanza("gone"), stanza("returned"))},
        {STATUS: database(stanza("kept"), stanza("raised", "2"))},
        {"etc/other": b""},
        {STATUS: database(stanza("kept"), stanza("raised", "2"), stanza("new"), stanza("returned"))},
    )
    assert {one.package.name: one.layer for one in found.packages} == {
        "kept": 0,
        "raised": 1,
        "new": 3,
        "returned": 3,
    }


def test_the_paths_that_a_cataloger_may_ask_for_have_owners_and_checksums() -> None:
    cataloger = DpkgCataloger()
    listed = b"/.\n/usr/bin\n/usr/bin/python3.11\n/usr/lib/python3/dist-packages/x-1.dist-info/METADATA\n/usr/share/doc/python3.11/x\n"
    kept = cataloger.condense(f"{INFO}/python3.11-minimal:amd64.list", listed)
    assert b"python3.11" in kept
    assert b"share/doc" not in kept
    assert cataloger.condense(f"{INFO}/bash.list", b"/.\n/bin/bash\n") == cataloger.condense(
        f"{INFO}/sh.list", b""
    )
