from __future__ import annotations

import sys
from pathlib import Path

import pytest

from basewise.inventory.conda import CondaCataloger
from basewise.inventory.cpython import CPythonCataloger, read_binary_version, read_header_version
from basewise.inventory.dpkg import DpkgCataloger
from basewise.model.inventory import Inventory
from basewise.testing.small_images import SmallFile, inventory_of, link, program

CATALOGERS = (DpkgCataloger(), CondaCataloger(), CPythonCataloger())
HEADER = '/* text */\n#define PY_MAJOR_VERSION 3\n#define PY_VERSION      "{version}"\n'


def look(*layers: dict[str, SmallFile]) -> Inventory:
    return inventory_of(*layers, catalogers=CATALOGERS)


def versions(inventory: Inventory) -> list[str]:
    return [one.package.version for one in inventory.packages if one.package.type == "cpython"]


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


def binary(version: str, *more: str) -> tuple[int, bytes]:
    return program(b"\x7fELF" + b"\0".join(text.encode() for text in ("", "3.50.4", *more, version, "end")))


@pytest.mark.parametrize(
    "prefix",
    [
        "usr/local",
        "root/.local/share/uv/python/cpython-3.12.9-linux-x86_64-gnu",
        "root/.pyenv/versions/3.12.9",
        "opt/python",
        "home/user/miniconda3",
    ],
)
def test_the_version_is_that_of_the_program_and_not_of_its_path(prefix: str) -> None:
    found = look({f"{prefix}/bin/python3.12": binary("3.12.7"), f"{prefix}/bin/python3": link("python3.12")})
    assert versions(found) == ["3.12.7"]
    (runtime,) = found.pythons
    assert (runtime.version, runtime.minor, runtime.prefix) == ("3.12.7", "3.12", prefix)
    assert runtime.location == f"{prefix}/bin/python3.12"
    assert found.coverage.complete


def test_a_program_that_is_linked_to_its_library_has_the_version_of_the_library() -> None:
    found = look(
        {"usr/local/bin/python3.12": binary(""), "usr/local/lib/libpython3.12.so.1.0": binary("3.12.7")}
    )
    assert versions(found) == ["3.12.7"]
    assert len(found.pythons) == 1


def test_the_header_stands_in_and_loses_against_the_program() -> None:
    header = {"usr/local/include/python3.12/patchlevel.h": HEADER.format(version="3.12.1")}
    assert versions(look({"usr/local/bin/python3.12": binary(""), **header})) == ["3.12.1"]
    assert versions(look({"usr/local/bin/python3.12": binary("3.12.7"), **header})) == ["3.12.7"]


def test_the_end_of_a_string_counts_where_no_whole_string_says_a_version() -> None:
    assert read_binary_version(b"\0/opt/python/3.12.9\0/x/3.12\0", "3.12") == ["~3.12.9"]
    assert read_binary_version(b"\x003.12.7\0/opt/python/3.12.9\x003.13.1\0", "3.12") == ["3.12.7", "~3.12.9"]
    assert versions(look({"opt/3.12.9/bin/python3.12": program(b"\0/opt/3.12.9\0")})) == ["3.12.9"]
    assert versions(look({"opt/3.12.9/bin/python3.12": program(b"\0/opt/3.12.9\x003.12.7\0")})) == ["3.12.7"]


@pytest.mark.parametrize("version", ["3.14.0rc2", "3.13.0b1", "3.15.0a4", "3.12.7"])
def test_versions_before_a_release_are_read_too(version: str) -> None:
    minor = ".".join(version.split(".")[:2])
    assert versions(look({f"usr/local/bin/python{minor}": binary(version)})) == [version]


def test_a_build_between_two_releases_has_the_version_of_the_earlier() -> None:
    assert versions(look({"usr/local/bin/python3.12": binary("3.12.7+")})) == ["3.12.7"]


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\0" * 1_000, b"\x003.12.1\x003.12.2\0"])
def test_an_interpreter_that_does_not_say_its_version_is_said(content: bytes) -> None:
    found = look({"usr/local/bin/python3.12": program(content)})
    assert versions(found) == []
    assert said(found) == [
        "interpreter `usr/local/bin/python3.12`: neither the program nor what belongs to it says its version"
    ]


def test_an_interpreter_of_an_os_package_is_no_package_of_its_own() -> None:
    status = "Package: python3.11-minimal\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.11.2-6\n\n"
    found = look(
        {
            "var/lib/dpkg/status": status,
            "var/lib/dpkg/info/python3.11-minimal.list": "/.\n/usr/bin/python3.11\n",
            "usr/bin/python3.11": binary("3.11.2"),
            "usr/local/bin/python3.12": binary("3.12.7"),
        }
    )
    assert versions(found) == ["3.12.7"]
    assert [(one.version, str(one.owner or "")) for one in found.pythons] == [
        ("3.11.2", "deb python3.11-minimal"),
        ("3.12.7", ""),
    ]


def test_the_interpreter_of_conda_is_judged_by_its_branch_and_its_store_is_no_second_one() -> None:
    record = '{"name": "python", "version": "3.12.7", "files": ["bin/python3.12"]}'
    found = look(
        {
            "opt/conda/conda-meta/python-3.12.7-0.json": record,
            "opt/conda/bin/python3.12": binary("3.12.7"),
            "opt/conda/pkgs/python-3.12.7-0/bin/python3.12": binary("3.12.7"),
        }
    )
    assert [(str(one.package.type), one.package.version, one.installer) for one in found.packages] == [
        ("conda", "3.12.7", "conda"),
        ("cpython", "3.12.7", "conda"),
    ]


def test_two_names_of_one_interpreter_are_one_package() -> None:
    found = look(
        {
            "usr/local/bin/python3.7m": binary("3.7.16"),
            "usr/local/bin/python3.7": link("usr/local/bin/python3.7m", hard=True),
        }
    )
    assert versions(found) == ["3.7.16"]


def test_a_library_that_no_program_here_uses_is_an_interpreter_too() -> None:
    found = look({"opt/app/lib/libpython3.11.so.1.0": binary("3.11.9")})
    assert versions(found) == ["3.11.9"]
    assert found.pythons[0].prefix == "opt/app"


def test_another_implementation_is_said_to_be_unread() -> None:
    assert said(look({"opt/pypy/bin/pypy3": program(b"")})) == [
        "interpreter `opt/pypy/bin/pypy3`: only CPython is known here"
    ]


def test_links_to_an_interpreter_are_no_interpreters() -> None:
    found = look(
        {
            "usr/local/bin/python3.12": binary("3.12.7"),
            "opt/venv/bin/python3.12": link("/usr/local/bin/python3.12"),
        }
    )
    assert len(found.pythons) == 1


def test_the_header_of_something_else_says_nothing() -> None:
    assert read_header_version(b'#define PERL_VERSION "5.36"\n') == ""
    assert read_header_version(b'# define PY_VERSION "3.13.0rc1+"') == "3.13.0rc1+"
    assert read_header_version(b'#define PY_VERSION "' + b"9" * 100_000) == ""


def test_the_interpreter_that_runs_this_says_its_own_version() -> None:
    minor = "{}.{}".format(*sys.version_info[:2])
    prefix = Path(sys.base_prefix)
    places = [f"bin/python{minor}", f"lib/libpython{minor}.so.1.0", f"include/python{minor}/patchlevel.h"]
    files = {
        f"opt/p/{place}": program((prefix / place).read_bytes())
        for place in places
        if (prefix / place).is_file()
    }
    expected = sys.version.split(" ", maxsplit=1)[0].rstrip("+")
    assert versions(look(dict(files))) == [expected]
