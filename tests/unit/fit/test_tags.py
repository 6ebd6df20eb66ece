from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag

from basewise.fit.tags import WheelIndex, parse_wheel_name
from basewise.fit.targets import Target
from basewise.model.distro import Libc
from basewise.testing.fits import wheel

GLIBC_236 = Target("3.12", Libc("glibc", "2.36"), "x86_64")
GLIBC_217 = Target("3.12", Libc("glibc", "2.17"), "x86_64")
MUSL_12 = Target("3.12", Libc("musl", "1.2.5"), "x86_64")
ARM = Target("3.12", Libc("glibc", "2.41"), "aarch64")


def best(target: Target, *tags: str) -> str | None:
    found = WheelIndex([wheel(f"demo-1.0-{tag}.whl") for tag in tags]).best(target)
    return found[0].filename.removeprefix("demo-1.0-").removesuffix(".whl") if found else None


@pytest.mark.parametrize(
    ("target", "tag", "fits"),
    [
        (GLIBC_236, "cp312-cp312-manylinux_2_28_x86_64", True),
        (GLIBC_236, "cp312-cp312-manylinux_2_36_x86_64", True),
        (GLIBC_236, "cp312-cp312-manylinux_2_37_x86_64", False),
        (GLIBC_217, "cp312-cp312-manylinux_2_28_x86_64", False),
        (GLIBC_217, "cp312-cp312-manylinux2014_x86_64", True),
        (GLIBC_217, "cp312-cp312-manylinux2014_x86_64.manylinux_2_28_x86_64", True),
        (GLIBC_236, "cp312-cp312-manylinux1_x86_64", True),
        (GLIBC_236, "cp312-cp312-linux_x86_64", True),
        (GLIBC_236, "cp312-cp312-musllinux_1_1_x86_64", False),
        (GLIBC_236, "cp311-cp311-manylinux_2_28_x86_64", False),
        (GLIBC_236, "cp313-cp313-manylinux_2_28_x86_64", False),
        (GLIBC_236, "cp39-abi3-manylinux_2_28_x86_64", True),
        (GLIBC_236, "cp313-abi3-manylinux_2_28_x86_64", False),
        (GLIBC_236, "cp312-cp312t-manylinux_2_28_x86_64", False),
        (GLIBC_236, "cp312-cp312-manylinux_2_28_aarch64", False),
        (GLIBC_236, "cp312-cp312-win_amd64", False),
        (GLIBC_236, "cp312-cp312-macosx_11_0_arm64", False),
        (GLIBC_236, "py3-none-manylinux_2_28_x86_64", True),
        (GLIBC_236, "py2.py3-none-any", True),
        (GLIBC_236, "py2-none-any", False),
        (GLIBC_236, "py312-none-any", True),
        (GLIBC_236, "py313-none-any", False),
        (GLIBC_236, "pp310-pypy310_pp73-manylinux_2_28_x86_64", False),
        (MUSL_12, "cp312-cp312-musllinux_1_1_x86_64", True),
        (MUSL_12, "cp312-cp312-musllinux_1_3_x86_64", False),
        (MUSL_12, "cp312-cp312-musllinux_2_0_x86_64", False),
        (MUSL_12, "cp312-cp312-manylinux_2_17_x86_64", False),
        (ARM, "cp312-cp312-manylinux_2_28_aarch64", True),
        (ARM, "cp312-cp312-manylinux2014_x86_64", False),
    ],
)
def test_a_wheel_fits_by_python_libc_version_and_machine(target: Target, tag: str, *, fits: bool) -> None:
    assert (best(target, tag) == tag) is fits


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_28_x86_64"), 1),
        (("cp38-abi3-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_17_x86_64"), 1),
        (("cp38-abi3-manylinux_2_28_x86_64", "cp310-abi3-manylinux_2_17_x86_64"), 1),
        (("py3-none-any", "py3-none-manylinux_2_17_x86_64"), 1),
        (("py3-none-any", "py312-none-any"), 1),
        (("cp312-cp312-linux_x86_64", "cp312-cp312-manylinux2014_x86_64"), 1),
    ],
)
def test_the_best_wheel_is_the_most_specific_one(tags: tuple[str, ...], expected: int) -> None:
    assert best(GLIBC_236, *tags) == tags[expected]
    assert best(GLIBC_236, *reversed(tags)) == tags[expected]


def test_a_pure_wheel_beside_platform_wheels_is_flagged() -> None:
    index = WheelIndex(
        [wheel("demo-1.0-py3-none-any.whl"), wheel("demo-1.0-py3-none-manylinux_2_28_x86_64.whl")]
    )
    found = index.best(MUSL_12)
    assert found is not None
    assert found[1]
    assert index.has_platform_wheels


def test_wheels_for_other_systems_do_not_count_as_platform_wheels() -> None:
    index = WheelIndex([wheel("demo-1.0-py3-none-any.whl"), wheel("demo-1.0-cp312-cp312-win_amd64.whl")])
    assert not index.has_platform_wheels


def test_the_oldest_libc_of_the_wheels_is_known() -> None:
    tags = (
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_34_x86_64",
        "cp311-cp311-manylinux1_x86_64",
    )
    index = WheelIndex([wheel(f"demo-1.0-{tag}.whl") for tag in tags])
    assert index.oldest_libc(GLIBC_217) == (2, 28)


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0.tar.gz",
        "demo.whl",
        "demo-1.0-py3-none.whl",
        f"demo-1.0-{'.'.join(['py3'] * 300)}-none-any.whl",
        "",
    ],
)
def test_what_is_no_wheel_name_is_none(name: str) -> None:
    assert parse_wheel_name(name) is None


def test_a_build_number_orders_wheels_of_one_tag() -> None:
    older = wheel("demo-1.0-1-py3-none-any.whl")
    newer = wheel("demo-1.0-12-py3-none-any.whl")
    found = WheelIndex([older, newer]).best(GLIBC_236)
    assert found is not None
    assert found[0] == newer


PLATFORMS = st.sampled_from(
    ["any", "linux_x86_64", "manylinux1_x86_64", "manylinux2014_x86_64", "manylinux_2_28_x86_64",
     "manylinux_2_39_x86_64", "musllinux_1_2_x86_64", "manylinux_2_28_aarch64", "win_amd64"]
)  # fmt: skip
PYTHONS = st.sampled_from(["py3", "py2.py3", "py312", "py310", "cp312", "cp310", "cp313", "cp32"])
ABIS = st.sampled_from(["none", "abi3", "cp312", "cp310", "cp312t"])


@settings(max_examples=400, deadline=None)
@given(wheels=st.lists(st.tuples(PYTHONS, ABIS, PLATFORMS), min_size=1, max_size=6, unique=True))
def test_the_choice_is_that_of_packaging(wheels: list[tuple[str, str, str]]) -> None:
    tags = ["-".join(parts) for parts in wheels]
    order = {tag: place for place, tag in enumerate(reference_tags())}
    ranked = {tag: min((order[one] for one in parse_tag(tag) if one in order), default=None) for tag in tags}
    fitting = {tag: rank for tag, rank in ranked.items() if rank is not None}
    chosen = best(GLIBC_236, *tags)
    if not fitting:
        assert chosen is None
        return
    assert chosen is not None
    # Two wheels may share their best tag (py3 beside py2.py3): either is right.
    assert fitting[chosen] == min(fitting.values())


def reference_tags() -> list[Tag]:
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    platforms: list[str] = []
    for minor in range(36, 4, -1):
        platforms.append(f"manylinux_2_{minor}_x86_64")
        if minor in legacy:
            platforms.append(f"{legacy[minor]}_x86_64")
    platforms.append("linux_x86_64")
    return list(
        itertools.chain(
            cpython_tags((3, 12), ["cp312"], platforms), compatible_tags((3, 12), "cp312", platforms)
        )
    )
