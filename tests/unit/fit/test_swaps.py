from __future__ import annotations

import pytest

from basewise.fit.facts import BuildRecipe, SwapRule
from basewise.fit.knowledge import Knowledge
from basewise.fit.run import FitOptions, judge_all
from basewise.fit.wheel_facts import WheelFacts
from basewise.model.requirement import Accelerator, ResolvedPackage
from basewise.model.verdict import Swap
from basewise.testing.fits import (
    EVIDENCE,
    application,
    base_image,
    fact,
    load_small_suite,
    pin,
    resolution,
    small_sonames,
)

GLIBC = "cp312-cp312-manylinux_2_28_x86_64"
NVIDIA = "py3-none-manylinux_2_18_x86_64"


def rule(replace: str, with_: str, **fields: object) -> SwapRule:
    values: dict[str, object] = {"replacement_download_bytes": 100, "replacement_disk_bytes": 300, **fields}
    return SwapRule(replace=replace, with_=with_, evidence=EVIDENCE, **values)  # type: ignore[arg-type]  # by name


def swaps(
    *pins: ResolvedPackage,
    rules: tuple[SwapRule, ...],
    accelerator: Accelerator = Accelerator.UNKNOWN,
    recipes: tuple[BuildRecipe, ...] = (),
) -> tuple[Swap, ...]:
    knowledge = Knowledge(swaps=rules, build=recipes)
    facts = [fact(file.filename) for one in pins for file in one.wheels]
    report = judge_all(
        application(lock=resolution(*pins)),
        [base_image()],
        FitOptions(offline=True, accelerator=accelerator),
        facts=WheelFacts(today="2026-11-22", table=facts, knowledge=knowledge),
        knowledge=knowledge,
        sonames=small_sonames(),
        load_suite=load_small_suite,
    )
    return report.of(base_image()).swaps


TORCH = rule(
    "torchy", "torchy (CPU wheels)", drops=("nvidia-*",), accelerators=("cpu", "unknown"), index=True
)


def test_dropped_distributions_are_part_of_the_saving() -> None:
    pins = (
        pin("torchy", "1.0", GLIBC),
        pin("nvidia-nccl", "1.0", NVIDIA),
        pin("nvidia-cudnn", "1.0", NVIDIA),
    )
    (swap,) = swaps(*pins, rules=(TORCH,))
    assert swap.saves_download_bytes == 3 * 1000 - 100
    assert swap.saves_disk_bytes == 3 * 3000 - 300
    assert "drops nvidia-cudnn, nvidia-nccl" in swap.why
    assert "its index must be supplied by you" in swap.why


def test_a_distribution_that_something_else_asks_for_stays() -> None:
    pins = (
        pin("torchy", "1.0", GLIBC),
        pin("booster", "1.0", GLIBC),
        pin("nvidia-nccl", "1.0", NVIDIA, required_by=("booster", "torchy")),
    )
    (swap,) = swaps(*pins, rules=(TORCH,))
    assert swap.saves_download_bytes == 1000 - 100
    assert "drops" not in swap.why


def test_the_accelerator_decides_which_swaps_are_advised() -> None:
    pins = (pin("torchy", "1.0", GLIBC),)
    assert swaps(*pins, rules=(TORCH,), accelerator=Accelerator.CPU) != ()
    assert swaps(*pins, rules=(TORCH,), accelerator=Accelerator.CUDA) == ()


def test_an_unknown_replacement_size_is_said_as_unknown() -> None:
    unknown = rule("torchy", "light", replacement_disk_bytes=None, replacement_download_bytes=None)
    (swap,) = swaps(pin("torchy", "1.0", GLIBC), rules=(unknown,))
    assert (swap.saves_download_bytes, swap.saves_disk_bytes) == (None, None)


@pytest.mark.parametrize("size", [3000, 9000])
def test_what_saves_nothing_is_not_advised(size: int) -> None:
    assert (
        swaps(pin("torchy", "1.0", GLIBC), rules=(rule("torchy", "heavy", replacement_disk_bytes=size),))
        == ()
    )


def test_what_spares_a_build_is_advised_even_where_it_is_larger() -> None:
    recipe = BuildRecipe(package="gamma", build={"bookworm": ("gcc",)}, run={}, evidence=EVIDENCE)
    larger = rule("gamma", "gamma-binary", replacement_disk_bytes=9_000_000)
    (swap,) = swaps(pin("gamma", "1.0", sdist=True), rules=(larger,), recipes=(recipe,))
    assert "nothing is built for it (no gcc, 210 MB in the builder stage)" in swap.why
    assert (swap.saves_disk_bytes or 0) < 0


def test_the_largest_saving_comes_first() -> None:
    rules = (rule("alpha", "a", replacement_disk_bytes=2900), rule("torchy", "t"))
    found = swaps(pin("alpha", "1.0", "py3-none-any"), pin("torchy", "1.0", GLIBC), rules=rules)
    assert [swap.replace for swap in found] == ["torchy", "alpha"]
