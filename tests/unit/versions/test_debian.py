"""Debian's version order: the cases of Debian Policy, and what is no version."""

from __future__ import annotations

import pytest

from basewise.errors import InvalidValueError
from basewise.versions.debian import MAX_VERSION_CHARACTERS, compare, is_valid, sort_key, upstream_version

ASCENDING = [
    ("1.0~rc1", "1.0"),
    ("1.0~~", "1.0~"),
    ("1.0~~a", "1.0~"),
    ("1.0~", "1.0"),
    ("1.0", "1.0+b1"),
    ("1.0", "1.0a"),
    ("1.0a", "1.0+"),
    ("1.0-1", "1.0-1+b1"),
    ("1.0-1+deb12u1", "1.0-1+deb12u2"),
    ("1.0-1~deb12u1", "1.0-1"),
    ("9", "1:0"),
    ("2.9", "2.10"),
    ("1.0-1-1", "1.0-1.1-1"),
    ("2:0.1", "10:0.0"),
    ("1.0-a", "1.0-b"),
    ("0", "0.0"),
    ("1.2.3", "1.2.3a4"),
    ("2.36-9+deb12u9", "2.36-9+deb12u13"),
]
EQUAL = [
    ("1.0-0", "1.0"),
    ("0:1.0", "1.0"),
    ("1.01", "1.1"),
    ("1.a", "1.a0"),
    ("1.0-00", "1.0-0"),
    ("00:1", "1"),
]
INVALID = [
    "",
    " ",
    "1.0 ",
    " 1.0",
    "1 0",
    "1.0-",
    ":1.0",
    "1:",
    "a:1.0",
    "999999999999999999999:1.0",
    "2147483648:1",
    "-1:1.0",
    "a1.0",
    "1.0_1",
    "1.0-1_2",
    "1.0é",
    "\u0661.0",
    "1.0\n",
    "1.0\x00",
    "0:1:2-" + "x" * MAX_VERSION_CHARACTERS,
]


@pytest.mark.parametrize(("older", "newer"), ASCENDING)
def test_the_older_version_sorts_first(older: str, newer: str) -> None:
    assert compare(older, newer) == -1
    assert compare(newer, older) == 1
    assert sorted([newer, older], key=sort_key) == [older, newer]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_versions_that_differ_in_writing_alone_are_equal(left: str, right: str) -> None:
    assert compare(left, right) == 0
    assert sort_key(left) == sort_key(right)


@pytest.mark.parametrize("version", INVALID)
def test_what_is_no_version_is_not_comparable(version: str) -> None:
    assert not is_valid(version)
    with pytest.raises(InvalidValueError, match="not comparable"):
        compare(version, "1.0")
    with pytest.raises(InvalidValueError, match="not comparable"):
        compare("1.0", version)


def test_the_largest_epoch_of_dpkg_is_valid() -> None:
    assert compare("2147483647:0", "1") == 1


def test_colons_belong_to_the_upstream_part_after_an_epoch() -> None:
    assert upstream_version("1:2:3-4") == "2:3"


def test_the_last_hyphen_ends_the_upstream_part() -> None:
    assert upstream_version("1.0-rc1-2") == "1.0-rc1"


def test_a_number_of_many_digits_compares_without_a_limit() -> None:
    assert compare("1." + "9" * 1500, "1.1" + "0" * 1500) == -1
