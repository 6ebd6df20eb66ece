from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from basewise.errors import InvalidValueError
from basewise.versions.pep440 import (
    MAX_VERSION_CHARACTERS,
    compare,
    is_prerelease,
    phase_of,
    release_branch,
    sort_key,
)

# Each row in rising order.
RULES = {
    "phases of a release": ["1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0b1", "1.0rc1", "1.0", "1.0.post1"],
    "development of a post release": ["1.0", "1.0.post1.dev1", "1.0.post1"],
    "the epoch is first": ["9999", "1!0.1", "1!1", "2!0"],
    "local labels": ["1.0", "1.0+a", "1.0+a.b", "1.0+b", "1.0+1", "1.0+1.a", "1.0+1.1", "1.0+2", "1.0.post1"],
    "numbers are numbers": ["3.9.25", "3.10.0", "3.11.9", "3.11.10"],
    "release candidates of CPython": ["3.15.0a1", "3.15.0b4", "3.15.0rc1", "3.15.0rc2", "3.15.0"],
}


@pytest.mark.parametrize("versions", RULES.values(), ids=RULES.keys())
def test_versions_rise_by_the_rule(versions: list[str]) -> None:
    for left, right in itertools.combinations(versions, 2):
        assert compare(left, right) == -1, (left, right)
        assert compare(right, left) == 1, (left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.0", "1"),
        ("1.0", "1.0.0"),
        ("0!1.0", "1.0"),
        ("v1.0", "1.0"),
        ("1.0-1", "1.0.post1"),
        ("1.0r4", "1.0.post4"),
        ("1.0-ALPHA.1", "1.0a1"),
        ("1.0c1", "1.0rc1"),
        ("1.0preview", "1.0rc0"),
        ("1.0.dev", "1.0.dev0"),
        ("1.0+Ubuntu-1", "1.0+ubuntu.1"),
        (" 1.0 ", "1.0"),
        ("01.02", "1.2"),
    ],
)
def test_different_writings_are_equal(left: str, right: str) -> None:
    assert compare(left, right) == 0


@pytest.mark.parametrize(
    "version",
    [
        "",
        "0.1-bulbasaur",
        "1.0+",
        "1.0+_a",
        "1!",
        "1.0.x",
        "a1",
        "1..0",
        "1.0-1-2",
        "1.0rc1rc2",
        "1.0 1",
        "\u0663.\u0664",
        "3" * 1_000_000,
        "1" + ".1" * 200_000,
        "1." + "9" * (MAX_VERSION_CHARACTERS),
    ],
)
def test_a_text_that_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidValueError):
        sort_key(version)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.15.0beta1", ("b", 1)),
        ("3.15.0a4", ("a", 4)),
        ("3.15.0-PREVIEW", ("rc", 0)),
        ("3.15.0", None),
        ("3.15.0.dev1", None),
    ],
)
def test_the_phase_of_a_prerelease_has_one_spelling(version: str, expected: tuple[str, int] | None) -> None:
    assert phase_of(version) == expected


def test_keys_of_numbers_of_any_size_are_ordered() -> None:
    numbers = [
        0,
        1,
        238,
        239,
        240,
        241,
        255,
        256,
        65_535,
        65_536,
        10**20,
        2**112 - 1,
        2**112,
        10**60,
        10**400,
    ]
    keys = [sort_key(f"1.{number}") for number in numbers]
    assert keys == sorted(set(keys), key=keys.index) == sorted(keys)
    posts = [sort_key(f"1.0.post{number}") for number in numbers]
    assert posts == sorted(posts)


def test_the_branch_is_the_first_two_numbers() -> None:
    assert [release_branch(text) for text in ("3.12.14", "3.15.0rc1", "3.10", "3", "3.09.1")] == [
        "3.12",
        "3.15",
        "3.10",
        "3.0",
        "3.9",
    ]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("3.15.0rc1", True), ("3.14.0", False), ("1.0.dev1", True), ("1.0.post1", False)],
)
def test_a_prerelease_is_recognised(version: str, expected: bool) -> None:
    assert is_prerelease(version) is expected


numbers = st.integers(0, 12).map(str)
spellings = st.builds(
    lambda release, phase, post, dev: ".".join(release) + phase + post + dev,
    st.lists(numbers, min_size=1, max_size=4),
    st.one_of(st.just(""), st.builds(lambda name, n: name + n, st.sampled_from(["a", "b", "rc"]), numbers)),
    st.one_of(st.just(""), numbers.map(lambda n: f".post{n}")),
    st.one_of(st.just(""), numbers.map(lambda n: f".dev{n}")),
)


@settings(deadline=None)
@given(spellings, spellings)
def test_the_usual_spelling_is_ordered_as_the_packaging_library_orders_it(left: str, right: str) -> None:
    first, second = Version(left), Version(right)
    assert compare(left, right) == (first > second) - (first < second)
    assert sort_key(left) == sort_key(f" {left}"), "the long pattern reads it alike"
