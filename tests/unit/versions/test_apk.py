from __future__ import annotations

import itertools

import pytest

from basewise.errors import InvalidValueError
from basewise.versions.apk import MAX_VERSION_CHARACTERS, compare, sort_key

# One row a rule, each row in rising order.
RULES = {
    "numbers compare as numbers": ["1.2", "1.9", "1.10", "2.0", "10.0"],
    "more numbers are newer": ["1", "1.0", "1.0.0", "1.0.0.1"],
    "a later number that begins with zero compares as text": ["1.0", "1.00", "1.01", "1.010", "1.02", "1.1"],
    "the first number is a number even with a zero": ["08.1", "9.1"],
    "a letter is newer than none": ["1.2", "1.2a", "1.2b", "1.2z", "1.2.1"],
    "suffixes before the release are older": ["1.0_alpha", "1.0_beta", "1.0_pre", "1.0_rc", "1.0"],
    "suffixes after the release are newer": ["1.0", "1.0_cvs", "1.0_svn", "1.0_git", "1.0_hg", "1.0_p"],
    "suffixes have numbers": ["1.0_rc", "1.0_rc1", "1.0_rc2", "1.0_rc10", "1.0", "1.0_p1", "1.0_p2"],
    "suffixes chain": ["1.0_rc1_alpha", "1.0_rc1", "1.0_rc1_p1", "1.0_rc2"],
    "the revision comes last": ["1.0_rc1-r9", "1.0", "1.0-r0", "1.0-r1", "1.0-r10", "1.0_p1"],
    "a commit is newer than a revision": ["1.0", "1.0-r1", "1.0~abc", "1.0~abd", "1.0_p1"],
}


@pytest.mark.parametrize("versions", RULES.values(), ids=RULES.keys())
def test_versions_rise_by_the_rule(versions: list[str]) -> None:
    for left, right in itertools.combinations(versions, 2):
        assert compare(left, right) == -1, (left, right)
        assert compare(right, left) == 1, (left, right)


@pytest.mark.parametrize("version", ["1.2.3", "0.9.8z-r1", "2.41.0_git20250101-r3", "1.0_rc1~c0ffee-r2"])
def test_a_version_equals_itself(version: str) -> None:
    assert compare(version, version) == 0


@pytest.mark.parametrize(
    "version",
    [
        "",
        " ",
        "1.0bc",
        "3.6 ~",
        "1.0_",
        "1.0_foo",
        "1.0-r",
        "1.0-1",
        "1..0",
        ".1",
        "1.",
        "a1",
        "1.0-r1-r2",
        "1.0~",
        "1.0~xyz",
        "1.0_RC1",
        "\u0661.\u0660",
        "1.0\n",
        "1.0\x00",
        "9" * (MAX_VERSION_CHARACTERS + 1),
        "1" + ".1" * 200_000,
    ],
)
def test_a_text_that_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidValueError):
        sort_key(version)


def test_an_error_does_not_repeat_a_long_text() -> None:
    with pytest.raises(InvalidValueError) as caught:
        sort_key("x" * 10_000)
    assert len(caught.value.message) < 200
