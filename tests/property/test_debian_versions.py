"""Debian's version order: laws of an order, and agreement with `dpkg` itself."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise.errors import InvalidValueError
from basewise.versions.debian import compare, is_valid, sort_key

PAIRS = 10_000
SEED = 20260901
RELATIONS = {-1: "lt", 0: "eq", 1: "gt"}
REALISTIC = (
    "2.36-9+deb12u14", "3.0.17-1~deb12u3", "1:4.13+dfsg1-1", "2:1.4.1~git20080118-1", "5.36.0-7+deb12u2", "1.2.13.dfsg-1", "0.105-33",
    "8:6.9.11.60+dfsg-1.6+deb12u5", "1.1.1w-0+deb11u3", "1:1.2.13.dfsg-1+b1", "2.0.0~rc1+really1.9-1~bpo12+1", "20230311+deb12u1", "7.88.1-10+deb12u12",
    "4:24.8.0~beta1-1", "1.0-1ubuntu1.2", "3.11.2-6+deb12u6", "252.38-1~deb12u1", "0~20171227.0.8+dfsg-1", "1.10.3-2.1", "6.4-4",
)  # fmt: skip
Claim = tuple[str, str, str]
CHARACTERS = "0123456789abzAZ.+~-:"

parts = st.text(alphabet="019aZ.+~", min_size=0, max_size=6)
versions = st.builds(
    lambda epoch, first, rest, revision: f"{epoch}{first}{rest}{revision}",
    st.sampled_from(["", "0:", "1:", "12:"]),
    st.sampled_from("0129"),
    parts,
    st.one_of(st.just(""), st.text(alphabet="019aZ.+~", min_size=1, max_size=5).map(lambda text: f"-{text}")),
)


@given(versions, versions)
def test_exactly_one_of_less_equal_greater_holds(left: str, right: str) -> None:
    assert compare(left, right) == -compare(right, left)
    assert (compare(left, right) == 0) == (sort_key(left) == sort_key(right))


@given(versions, versions, versions)
def test_the_order_is_transitive(first: str, second: str, third: str) -> None:
    low, middle, high = sorted([first, second, third], key=sort_key)
    assert compare(low, middle) <= 0
    assert compare(middle, high) <= 0
    assert compare(low, high) <= 0


@given(versions)
def test_a_tilde_sorts_before_and_a_plus_after_the_version_itself(version: str) -> None:
    assert compare(f"{version}~", version) == -1
    assert compare(f"{version}+", version) == 1


@given(st.text(max_size=30))
def test_any_text_compares_or_is_not_comparable(text: str) -> None:
    if is_valid(text):
        assert compare(text, text) == 0
    else:
        with pytest.raises(InvalidValueError, match="not comparable"):
            compare(text, text)


def generated_pairs() -> Iterator[tuple[str, str]]:
    """Yield pairs of realistic versions: neighbours by a few mutations, and strangers."""
    chance = random.Random(SEED)  # noqa: S311 - test data, the same each time
    while True:
        left = mutated(chance.choice(REALISTIC), chance)
        right = mutated(left if chance.random() < 0.7 else chance.choice(REALISTIC), chance)
        if is_valid(left) and is_valid(right):
            yield left, right


def mutated(version: str, chance: random.Random) -> str:
    """Return the version with up to three characters changed, doubled, dropped or added."""
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(version) + 1)
        kept = chance.choice((0, 0, 1, 2))
        version = (
            version[:place]
            + chance.choice(CHARACTERS) * chance.choice((0, 1, 1, 2))
            + version[place + kept :]
        )
    return version


# With CI=true a missing program is a failure, not a skip.
IN_CI = os.environ.get("CI", "").lower() == "true"


@pytest.mark.integration
@pytest.mark.skipif(not IN_CI and shutil.which("dpkg") is None, reason="no dpkg here to compare with")
def test_ten_thousand_pairs_compare_as_dpkg_compares_them() -> None:
    pairs = generated_pairs()
    claims = [
        (left, RELATIONS[compare(left, right)], right) for left, right in (next(pairs) for _ in range(PAIRS))
    ]
    assert {relation for _, relation, _ in claims} == {"lt", "eq", "gt"}
    assert sum(left != right for left, _, right in claims) > PAIRS / 2
    assert all_confirmed(claims), f"dpkg does not agree: {first_refuted(claims)}"


def all_confirmed(claims: list[Claim]) -> bool:
    """Ask dpkg about every claim, one process each."""
    done = subprocess.run(
        ["xargs", "-n", "3", "-P", "2", "dpkg", "--compare-versions"],
        input="".join(f"{left} {relation} {right}\n" for left, relation, right in claims),
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def first_refuted(claims: list[Claim]) -> Claim:
    """Return the first claim that dpkg does not confirm, found by halving."""
    while len(claims) > 1:
        half = claims[: len(claims) // 2]
        claims = claims[len(half) :] if all_confirmed(half) else half
    return claims[0]
