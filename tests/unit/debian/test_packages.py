"""Control stanzas, dependencies, package indexes."""

from __future__ import annotations

import pytest

from basewise.debian.control import MAX_STANZA_BYTES, iterate_stanzas, parse_stanza
from basewise.debian.dependency import Relation, parse_depends, satisfies
from basewise.debian.package import BinaryPackage, SuiteIndex, package_from_stanza, source_of
from basewise.errors import ArchiveError

STANZAS = b"""\n\nPackage: a
Version: 1.0-1
Depends: b (>= 1),
 c | d
Description: first
 second
 .
 third

Package: b
Package: again
Version: 2

"""


def test_stanzas_are_split_at_blank_lines_and_keep_continuations() -> None:
    first, second = iterate_stanzas(STANZAS)
    assert first["package"] == "a"
    assert first["depends"] == "b (>= 1),\n c | d"
    assert first["description"].splitlines() == ["first", " second", " .", " third"]
    assert second == {"package": "b", "version": "2"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n \n\t\n", []),
        (b"Package: a", [{"package": "a"}]),
        (b"Package: a\r\n\r\nPackage: b\r\n", [{"package": "a"}, {"package": "b"}]),
        (b"no field here\nPackage: a\n", [{"package": "a"}]),
        (b"Package: \xff\n", [{"package": "\ufffd"}]),
        (b"Empty:\nPackage: a\n", [{"empty": "", "package": "a"}]),
    ],
)
def test_odd_control_files_give_what_is_readable(data: bytes, expected: list[dict[str, str]]) -> None:
    assert list(iterate_stanzas(data)) == expected


def test_only_wanted_fields_are_kept() -> None:
    assert list(iterate_stanzas(STANZAS, frozenset({"version"}))) == [{"version": "1.0-1"}, {"version": "2"}]


def test_a_stanza_over_the_limit_is_refused() -> None:
    with pytest.raises(ArchiveError, match="control stanza"):
        list(iterate_stanzas(b"Package: a\nX: " + b"x" * MAX_STANZA_BYTES))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a", ((Relation("a"),),)),
        (" a , b|c ", ((Relation("a"),), (Relation("b"), Relation("c")))),
        ("a(>=1.0-1)", ((Relation("a", ">=", "1.0-1"),),)),
        ("a (<< 2), b (< 2), c (> 1)", ((Relation("a", "<<", "2"),), (Relation("b", "<=", "2"),), (Relation("c", ">=", "1"),))),
        ("python3:any (= 3.11)", ((Relation("python3", "=", "3.11", "any"),),)),
        ("a [amd64 arm64], b [!amd64], c [i386] | d", ((Relation("a"),), (Relation("d"),))),
        ("a <!nocheck> <!cross>", ((Relation("a"),),)),
        ("libstdc++6,\n libgcc-s1", ((Relation("libstdc++6"),), (Relation("libgcc-s1"),))),
    ],
)  # fmt: skip
def test_dependencies_parse(text: str, expected: tuple[tuple[Relation, ...], ...]) -> None:
    assert parse_depends(text, "amd64") == expected


@pytest.mark.parametrize("text", ["a (>=)", "a (~ 1)", "(>= 1)", "a b", "a [amd64", "a (>= 1) (<< 2)"])
def test_a_damaged_dependency_is_an_error(text: str) -> None:
    with pytest.raises(ArchiveError, match="does not parse"):
        parse_depends(text)


@pytest.mark.parametrize(
    ("version", "operator", "other", "expected"),
    [
        ("1.0", "", "", True),
        ("1.0", "=", "1.0-0", True),
        ("1.0~rc1", "<<", "1.0", True),
        ("1.0", "<<", "1.0", False),
        ("1.0", "<=", "1.0", True),
        ("1:0", ">>", "9", True),
        ("0.9", ">=", "1", False),
        ("not a version", ">=", "1", False),
        ("not a version", "", "", True),
    ],
)
def test_relations_hold_by_debians_order(version: str, operator: str, other: str, expected: bool) -> None:
    assert satisfies(version, Relation("a", operator, other)) is expected


@pytest.mark.parametrize(
    ("version", "field", "expected"),
    [
        ("1.0-1", "", ("a", "1.0-1")),
        ("1.0-1+b2", "", ("a", "1.0-1")),
        ("1.0-1+b2", "s", ("s", "1.0-1")),
        ("4:12.2-3", "gcc-defaults (1.203)", ("gcc-defaults", "1.203")),
        ("1.0-1+build2", "", ("a", "1.0-1+build2")),
    ],
)
def test_the_source_of_a_binary_package(version: str, field: str, expected: tuple[str, str]) -> None:
    assert source_of("a", version, field) == expected


def test_a_stanza_becomes_a_package() -> None:
    stanza = parse_stanza(
        b"Package: libc6\nVersion: 2.36-9\nSource: glibc\nArchitecture: amd64\nSize: 2759320\nInstalled-Size: 13001\n"
        b"Pre-Depends: x\nDepends: libgcc-s1\nProvides: libc6-2.36 (= 2.36), y\nPriority: optional\nEssential: yes\n"
    )
    package = package_from_stanza(stanza)
    assert package is not None
    assert (package.source, package.source_version) == ("glibc", "2.36-9")
    assert (package.download_bytes, package.installed_bytes) == (2759320, 13001 * 1024)
    assert package.depends == ((Relation("x"),), (Relation("libgcc-s1"),))
    assert package.provides == (Relation("libc6-2.36", "=", "2.36"), Relation("y"))
    assert package.essential


@pytest.mark.parametrize("text", [b"Package: a\n", b"Version: 1\n", b"Other: 1\n"])
def test_a_stanza_without_name_or_version_is_no_package(text: bytes) -> None:
    assert package_from_stanza(parse_stanza(text)) is None


@pytest.mark.parametrize("size", ["", "-1", "1e9", "9" * 40, "\u0661"])
def test_a_size_that_is_no_number_counts_as_none(size: str) -> None:
    package = package_from_stanza({"package": "a", "version": "1", "size": size})
    assert package is not None
    assert package.download_bytes == 0


def test_an_index_knows_names_providers_and_sources() -> None:
    first = BinaryPackage("a", "1-1+b1", "amd64", "s", "1-1", 1, 1)
    second = BinaryPackage("b", "2-1", "amd64", "s", "2-1", 1, 1, "", "a-virtual (= 2), other")
    index = SuiteIndex("bookworm", "amd64", "2026-09-28", [first, second])
    assert index.get("a") is first
    assert index.get("c") is None
    assert index.providers("a-virtual") == ((second, Relation("a-virtual", "=", "2")),)
    assert index.providers("virtual") == ()
    assert index.sources() == {"s": "2-1"}
    assert len(index) == 2
