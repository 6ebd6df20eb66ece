from __future__ import annotations

import itertools

import pytest

from basewise.errors import InvalidValueError
from basewise.versions.rpm import MAX_VERSION_CHARACTERS, compare, sort_key

# One row a rule, each row in rising order.
RULES = {
    "runs of digits compare as numbers": ["1.2", "1.9", "1.10", "2"],
    "a run of digits is newer than a run of letters": ["1.a", "1.1"],
    "letters compare by their code": ["1.A", "1.B", "1.a", "1.b"],
    "more runs are newer": ["1", "1.0", "1.0.0", "1.0.0a"],
    "a tilde sorts before the end": ["1.0~alpha", "1.0~beta", "1.0~rc1", "1.0~rc2", "1.0"],
    "a caret sorts after the end and before anything else": ["1.0", "1.0^", "1.0^git1", "1.0^git2", "1.0.1"],
    "a tilde inside a caret": ["1.0", "1.0^git1~pre", "1.0^git1"],
    "two tildes": ["1.0~~", "1.0~", "1.0"],
    "the epoch is first": ["9-9", "1:0-0", "2:0-0"],
    "the release is last": ["1.0", "1.0-1", "1.0-2", "1.0-10.el9", "1.0-10.el10", "1.1-1"],
}


@pytest.mark.parametrize("versions", RULES.values(), ids=RULES.keys())
def test_versions_rise_by_the_rule(versions: list[str]) -> None:
    for left, right in itertools.combinations(versions, 2):
        assert compare(left, right) == -1, (left, right)
        assert compare(right, left) == 1, (left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("0:1.0", "1.0"),
        ("1.01", "1.1"),
        ("1.0", "1_0"),
        ("1.0", "1..0"),
        ("1.0", "1.0."),
        ("2a", "2.a"),
        ("000:1", "1"),
        ("1.0-001", "1.0-1"),
    ],
)
def test_different_writings_are_equal(left: str, right: str) -> None:
    assert compare(left, right) == 0


@pytest.mark.parametrize(
    "version",
    [
        "",
        " ",
        "1.0 ",
        "-1",
        "1-",
        "1-2-3",
        "x:1",
        ":1",
        "1.0-1\n",
        "1é",
        "٣",
        "1:",
        "9" * (MAX_VERSION_CHARACTERS + 1),
    ],
)
def test_a_text_that_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidValueError):
        sort_key(version)


def test_numbers_of_any_length_compare() -> None:
    assert compare("1." + "9" * 400, "1.1" + "0" * 400) == -1
