"""Laws of the version orders, and PEP 440 compared with the `packaging` library."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from basewise.errors import InvalidValueError
from basewise.versions import apk, debian, pep440, rpm

Compare = Callable[[str, str], int]

_number = st.sampled_from(["0", "1", "2", "9", "10", "01", "010", "00", "20250101"])
_numbers = st.lists(_number, min_size=1, max_size=4).map(".".join)

_apk_suffix = st.builds(
    lambda name, number: f"_{name}{number}",
    st.sampled_from(["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"]),
    st.sampled_from(["", "0", "1", "2", "10", "20250101"]),
)
apk_versions = st.builds(
    lambda numbers, letter, suffixes, commit, revision: (
        f"{numbers}{letter}{''.join(suffixes)}{commit}{revision}"
    ),
    _numbers,
    st.sampled_from(["", "", "a", "b", "z"]),
    st.lists(_apk_suffix, max_size=2),
    st.sampled_from(["", "", "~abc", "~0f"]),
    st.sampled_from(["", "-r0", "-r1", "-r10"]),
)

_rpm_text = st.text(alphabet="019aBz.+_~^", min_size=1, max_size=8)
rpm_versions = st.builds(
    lambda epoch, version, release: f"{epoch}{version}{release}",
    st.sampled_from(["", "0:", "1:", "2:"]),
    _rpm_text,
    st.one_of(st.just(""), _rpm_text.map(lambda text: f"-{text}")),
)

debian_versions = st.builds(
    lambda epoch, upstream, revision: f"{epoch}{upstream}{revision}",
    st.sampled_from(["", "0:", "1:"]),
    st.text(alphabet="019aZ.+~", max_size=6).map(lambda text: f"1{text}"),
    st.one_of(st.just(""), st.text(alphabet="019aZ.+~", min_size=1, max_size=4).map(lambda text: f"-{text}")),
)

PEP440_PARTS = (
    ("", "", "", "v", "1!", "0!"),
    ("0", "1", "1.0", "1.0.0", "01.2", "2.10", "1.9.0", "10.0.1", "2025.1", "1.0.0.0.1"),
    ("", "", "a1", "b2", "rc1", ".alpha3", "-beta", "_pre.4", "c0", "preview10", "RC1"),
    ("", "", ".post1", "-1", "r2", ".rev", "-post-3", "post10"),
    ("", "", ".dev1", "dev", "-dev_2", ".DEV10"),
    ("", "", "+a", "+1", "+01", "+a.1", "+1-a_2", "+Ubuntu.1", "+abc.10"),
)
pep440_versions = st.tuples(*(st.sampled_from(parts) for parts in PEP440_PARTS)).map("".join)

ORDERS = [
    pytest.param(apk.compare, apk_versions, id="apk"),
    pytest.param(rpm.compare, rpm_versions, id="rpm"),
    pytest.param(debian.compare, debian_versions, id="debian"),
    pytest.param(pep440.compare, pep440_versions, id="pep440"),
]


@pytest.mark.parametrize(("compare", "versions"), ORDERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_order_is_total(compare: Compare, versions: st.SearchStrategy[str], data: st.DataObject) -> None:
    drawn = data.draw(st.lists(versions, min_size=3, max_size=8))
    for first in drawn:
        assert compare(first, first) == 0
        for second in drawn:
            assert compare(first, second) == -compare(second, first)
            for third in drawn:
                if compare(first, second) <= 0 and compare(second, third) <= 0:
                    assert compare(first, third) <= 0, (first, second, third)


def test_python_versions_compare_as_the_packaging_library_compares() -> None:
    generator = random.Random(440)  # noqa: S311 - the same 10 000 pairs in every run
    for _ in range(10_000):
        left, right = ("".join(generator.choice(part) for part in PEP440_PARTS) for _ in range(2))
        expected = (Version(left) > Version(right)) - (Version(left) < Version(right))
        assert pep440.compare(left, right) == expected, (left, right)


@settings(max_examples=1_000, deadline=None)
@given(text=st.text(alphabet="01.ab!+-_ vrcposdev", max_size=14))
def test_what_is_a_python_version_is_what_the_packaging_library_takes(text: str) -> None:
    try:
        Version(text)
        valid = True
    except InvalidVersion:
        valid = False
    try:
        pep440.sort_key(text)
        accepted = True
    except InvalidValueError:
        accepted = False
    assert accepted is valid


@settings(max_examples=500, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_a_version_or_an_invalid_value(text: str) -> None:
    for order in (apk, rpm, pep440, debian):
        with contextlib.suppress(InvalidValueError):
            order.compare(text, text)
