from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from basewise.fit.facts import BuildRecipe, NativeNeed, NeedKind, RuntimeKnowledge, SwapRule, WheelFact
from basewise.fit.knowledge import CudaFact, DriverFact, GpuTable, Knowledge
from basewise.fit.run import FitOptions, FitReport, judge_all
from basewise.fit.wheel_facts import WheelFacts
from basewise.model.base_image import BaseImage
from basewise.model.requirement import Accelerator, ResolvedPackage
from basewise.model.verdict import Fit, InstallKind, ReasonKind, Verdict
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
MUSL = "cp312-cp312-musllinux_1_2_x86_64"


def judged(
    *pins: ResolvedPackage,
    images: Sequence[BaseImage] = (),
    facts: Sequence[WheelFact] = (),
    knowledge: Knowledge | None = None,
    accelerator: Accelerator = Accelerator.UNKNOWN,
    requires_python: str | None = None,
) -> FitReport:
    known = knowledge or Knowledge()
    return judge_all(
        application(lock=resolution(*pins), requires_python=requires_python),
        images or [base_image()],
        FitOptions(offline=True, accelerator=accelerator),
        facts=WheelFacts(today="2026-11-22", table=facts, knowledge=known),
        knowledge=known,
        sonames=small_sonames(),
        load_suite=load_small_suite,
    )


def fit_of(*pins: ResolvedPackage, image: BaseImage | None = None, **how: object) -> Fit:
    target = image or base_image()
    return judged(*pins, images=[target], **how).of(target)  # type: ignore[arg-type]  # passed on as named


def kinds(fit: Fit) -> list[ReasonKind]:
    return [reason.kind for reason in fit.reasons]


def test_an_application_of_pure_wheels_fits_everywhere() -> None:
    images = [base_image(), base_image("trixie"), base_image("alpine")]
    report = judged(pin("alpha", "1.0", "py3-none-any"), images=images)
    assert [report.of(image).verdict for image in images] == [Verdict.FITS] * 3
    assert report.uv_runs == 0


def test_a_missing_library_is_named_with_its_package_and_cost() -> None:
    fit = fit_of(
        pin("beta", "2.0", GLIBC), facts=[fact(f"beta-2.0-{GLIBC}.whl", hard=("libc.so.6", "libgomp.so.1"))]
    )
    assert fit.verdict is Verdict.FITS_WITH_PACKAGES
    (added,) = fit.add_packages
    assert (added.manager, added.name, added.version) == ("apt", "libgomp1", "1.0-1")
    assert added.why == ("beta loads libgomp.so.1",)
    assert added.installed_bytes == 300_000
    assert [package.name for package in fit.added_packages or ()] == ["libgomp1"]
    assert kinds(fit) == [ReasonKind.NEEDS_LIBRARY]


def test_the_closure_is_relative_to_what_the_image_has() -> None:
    facts = [fact(f"beta-2.0-{GLIBC}.whl", hard=("libGL.so.1",))]
    bare = fit_of(pin("beta", "2.0", GLIBC), facts=facts)
    full = fit_of(pin("beta", "2.0", GLIBC), facts=facts, image=base_image(packages={"libmesa": "1.0-1"}))
    assert [one.name for one in bare.add_packages[0].closure] == ["libmesa"]
    assert bare.add_packages[0].installed_bytes == 216_000_000
    assert full.add_packages[0].installed_bytes == 16_000_000


def test_a_library_of_the_image_is_not_added() -> None:
    facts = [fact(f"beta-2.0-{GLIBC}.whl", hard=("libgomp.so.1",))]
    assert (
        fit_of(pin("beta", "2.0", GLIBC), facts=facts, image=base_image(sonames=["libgomp.so.1"])).verdict
        is Verdict.FITS
    )
    with_package = base_image(packages={"libgomp1": "1"}, sonames=None)
    assert fit_of(pin("beta", "2.0", GLIBC), facts=facts, image=with_package).verdict is Verdict.FITS


def test_a_library_carried_by_another_wheel_is_not_added() -> None:
    facts = [
        fact(f"beta-2.0-{GLIBC}.whl", hard=("libfoo.so.1",)),
        fact(f"carrier-1.0-{GLIBC}.whl", carries=("libfoo.so.1",)),
    ]
    assert (
        fit_of(pin("beta", "2.0", GLIBC), pin("carrier", "1.0", GLIBC), facts=facts).verdict is Verdict.FITS
    )


def test_a_package_without_a_wheel_excludes_by_name() -> None:
    image = base_image("alpine")
    fit = fit_of(pin("beta", "2.0", GLIBC), pin("gamma", "3.0", GLIBC, sdist=True), image=image)
    assert fit.verdict is Verdict.DOES_NOT_FIT
    assert [(reason.kind, reason.package, reason.blocking) for reason in fit.reasons] == [
        (ReasonKind.NO_RECIPE, "gamma", True),
        (ReasonKind.NO_WHEEL, "beta", True),
    ]
    assert fit.reasons[1].sentence == "beta 2.0 has no musllinux wheel and no build recipe for Alpine"


@pytest.mark.parametrize(
    ("tag", "image", "words"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", base_image(), "no manylinux wheel for Python 3.12"),
        (GLIBC, base_image(platform="linux/arm64"), "no manylinux wheel for aarch64"),
        (
            "cp312-cp312-manylinux_2_35_x86_64",
            base_image("bullseye"),
            "no wheel for glibc 2.31 (its oldest wheel needs 2.35)",
        ),
        (MUSL, base_image(), "no manylinux wheel and"),
    ],
)
def test_what_is_missing_of_the_wheels_is_said(tag: str, image: BaseImage, words: str) -> None:
    assert words in fit_of(pin("beta", "2.0", tag), image=image).reasons[0].sentence


def test_a_recipe_builds_with_packages_apart_from_those_of_run_time() -> None:
    recipe = BuildRecipe(
        package="gamma",
        build={"bookworm": ("gcc", "libc6-dev", "libpq-dev")},
        run={"bookworm": ("libpq5",)},
        evidence=EVIDENCE,
    )
    knowledge = Knowledge(build=(recipe,))
    fit = fit_of(pin("gamma", "3.0", sdist=True), knowledge=knowledge)
    assert fit.verdict is Verdict.BUILDS_FROM_SOURCE
    assert [one.name for one in fit.add_packages] == ["libpq5"]
    assert [one.name for one in fit.build_packages] == ["gcc", "libc6-dev", "libpq-dev"]
    assert fit.build_packages[0].installed_bytes == 210_000_000
    assert fit.installs[0].kind is InstallKind.SDIST
    elsewhere = fit_of(pin("gamma", "3.0", sdist=True), knowledge=knowledge, image=base_image("trixie"))
    assert elsewhere.verdict is Verdict.DOES_NOT_FIT


def test_a_fall_back_to_the_pure_wheel_is_flagged_and_brings_its_own_needs() -> None:
    entry = RuntimeKnowledge(
        package="sound",
        file_kind="any",
        needs=(NativeNeed(kind=NeedKind.SONAME, name="libgomp.so.1", packages={"alpine": ("libgomp",)}),),
        evidence=EVIDENCE,
    )
    pins = pin("sound", "1.0", "py3-none-any", "py3-none-manylinux_2_28_x86_64")
    fit = fit_of(pins, knowledge=Knowledge(runtime=(entry,)), image=base_image("alpine"))
    assert fit.installs[0].kind is InstallKind.ANY_FALLBACK
    assert ReasonKind.ANY_FALLBACK in kinds(fit)
    assert [(one.manager, one.name, one.version, one.download_bytes) for one in fit.add_packages] == [
        ("apk", "libgomp", None, None)
    ]
    assert fit.added_packages is None


@pytest.mark.parametrize(
    ("needs", "image", "offers"),
    [
        ({"glibc": "2.34"}, base_image("bullseye"), "GLIBC_2.34"),
        ({"glibcxx": "3.4.31"}, base_image("bookworm"), "GLIBCXX_3.4.31"),
    ],
)
def test_a_symbol_version_that_the_base_lacks_excludes(
    needs: dict[str, str], image: BaseImage, offers: str
) -> None:
    tag = "cp312-cp312-manylinux_2_17_x86_64"
    fit = fit_of(pin("beta", "2.0", tag), facts=[fact(f"beta-2.0-{tag}.whl", **needs)], image=image)
    assert fit.verdict is Verdict.DOES_NOT_FIT
    assert offers in fit.reasons[0].sentence
    newer = fit_of(
        pin("beta", "2.0", tag), facts=[fact(f"beta-2.0-{tag}.whl", **needs)], image=base_image("trixie")
    )
    assert newer.verdict is Verdict.FITS


def test_a_soname_that_left_the_release_excludes_and_an_unheard_one_is_unknown() -> None:
    def verdict(soname: str) -> Verdict:
        facts = [fact(f"beta-2.0-{GLIBC}.whl", hard=(soname,))]
        return fit_of(pin("beta", "2.0", GLIBC), facts=facts, image=base_image("trixie")).verdict

    assert verdict("libold.so.1") is Verdict.DOES_NOT_FIT
    assert verdict("libunheard.so.1") is Verdict.UNKNOWN


def test_a_wheel_that_was_not_inspected_is_said_and_covers_what_it_may_carry() -> None:
    facts = [fact(f"beta-2.0-{GLIBC}.whl", hard=("libc10.so",))]
    report = judged(pin("beta", "2.0", GLIBC), pin("torchy", "1.0", GLIBC), facts=facts)
    fit = report.of(base_image())
    assert fit.verdict is Verdict.FITS
    assert kinds(fit) == [ReasonKind.NOT_INSPECTED, ReasonKind.NOT_INSPECTED]
    assert any("torchy" in gap.why for gap in report.not_covered)


def test_a_musllinux_wheel_can_need_nothing_so_it_is_no_gap() -> None:
    report = judged(pin("beta", "2.0", MUSL), images=[base_image("alpine")])
    assert report.of(base_image("alpine")).verdict is Verdict.FITS
    assert report.not_covered == ()


def test_a_python_that_the_application_excludes_is_not_judged_further() -> None:
    fit = fit_of(pin("alpha", "1.0", "py3-none-any"), requires_python=">=3.13")
    assert fit.verdict is Verdict.DOES_NOT_FIT
    assert fit.reasons[0].kind is ReasonKind.PYTHON


def test_a_wheel_whose_metadata_refuses_the_python_excludes() -> None:
    facts = [fact("alpha-1.0-py3-none-any.whl", requires_python="<3.12")]
    fit = fit_of(pin("alpha", "1.0", "py3-none-any"), facts=facts)
    assert fit.verdict is Verdict.DOES_NOT_FIT
    assert "alpha 1.0 requires Python <3.12" in fit.reasons[0].sentence


def test_a_lock_of_hashes_alone_is_unknown_offline_and_never_clean() -> None:
    bare = ResolvedPackage(name="alpha", version="1.0", files_known=False, hashes=("sha256:" + "a" * 64,))
    report = judged(bare)
    assert report.of(base_image()).verdict is Verdict.UNKNOWN
    assert report.of(base_image()).wheels_disk_bytes is None
    assert report.not_covered[0].what == "files of the lock invented.lock"


def test_equal_input_gives_equal_output() -> None:
    facts = [fact(f"beta-2.0-{GLIBC}.whl", hard=("libGL.so.1", "libgomp.so.1"))]
    first = judged(pin("beta", "2.0", GLIBC), pin("alpha", "1.0", "py3-none-any"), facts=facts)
    second = judged(pin("alpha", "1.0", "py3-none-any"), pin("beta", "2.0", GLIBC), facts=facts)
    assert msgspec.json.encode(first.of(base_image())) == msgspec.json.encode(second.of(base_image()))


def test_cuda_sets_the_environment_and_says_the_driver() -> None:
    gpu = GpuTable(
        schema="basewise.gpu/1",
        cuda=(CudaFact(package="torchy", versions=">=1", cuda=13, evidence=EVIDENCE),),
        drivers=(DriverFact(cuda=13, driver="580.65.06", evidence=EVIDENCE),),
    )
    pins = (pin("torchy", "1.0", GLIBC), pin("nvidia-nccl-cu13", "2.0", "py3-none-manylinux_2_18_x86_64"))
    fit = fit_of(*pins, knowledge=Knowledge(gpu=gpu), accelerator=Accelerator.CUDA)
    assert dict(fit.environment) == {
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
        "NVIDIA_VISIBLE_DEVICES": "all",
    }
    assert any("CUDA 13" in reason.sentence and "580.65.06" in reason.sentence for reason in fit.reasons)
    on_cpu = fit_of(*pins, knowledge=Knowledge(gpu=gpu), accelerator=Accelerator.CPU)
    assert on_cpu.environment == ()
    assert any("never used on a CPU" in reason.sentence for reason in on_cpu.reasons)


def test_the_cheaper_replacement_counts_the_os_packages_that_vanish() -> None:
    rule = SwapRule(
        replace="beta",
        with_="beta-headless",
        replacement_download_bytes=600,
        replacement_disk_bytes=2000,
        safe_when="no window is opened",
        evidence=EVIDENCE,
    )
    facts = [fact(f"beta-2.0-{GLIBC}.whl", hard=("libGL.so.1",))]
    fit = fit_of(pin("beta", "2.0", GLIBC), facts=facts, knowledge=Knowledge(swaps=(rule,)))
    (swap,) = fit.swaps
    assert swap.saves_disk_bytes == 3000 - 2000 + 216_000_000
    assert swap.saves_download_bytes == 1000 - 600 + 54_000_000
    assert "libgl1" in swap.why


def test_nothing_is_fetched_and_no_uv_runs_for_a_lock_with_files(tmp_path: Path) -> None:
    marker = tmp_path / "uv"
    marker.write_text("#!/bin/sh\ntouch called\n")
    report = judge_all(
        application(lock=resolution(pin("alpha", "1.0", "py3-none-any"))),
        [base_image()],
        FitOptions(uv_binary=str(marker)),
        facts=WheelFacts(today="2026-11-22", table=[], knowledge=Knowledge()),
        knowledge=Knowledge(),
        sonames=small_sonames(),
        load_suite=load_small_suite,
    )
    assert report.uv_runs == 0
    assert report.of(base_image()).verdict is Verdict.FITS
