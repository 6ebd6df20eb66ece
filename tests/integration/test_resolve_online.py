"""The five examples on the index that uv and pip are configured with: what holds whatever is newest there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from basewise.app.read import read_application
from basewise.candidates.catalogue import load_catalogue
from basewise.fit.completion import CompletionCache
from basewise.fit.run import FitOptions, FitReport, judge_all
from basewise.model.base_image import BaseImage
from basewise.model.platform import LINUX_AMD64, LINUX_ARM64
from basewise.model.requirement import Accelerator, Resolution
from basewise.model.verdict import Fit, InstallKind, Reason, Verdict

pytestmark = pytest.mark.online
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BUILDABLE = {Verdict.FITS, Verdict.FITS_WITH_PACKAGES, Verdict.BUILDS_FROM_SOURCE}


@cache
def images() -> tuple[BaseImage, ...]:
    return tuple(
        image
        for platform in (LINUX_AMD64, LINUX_ARM64)
        for image in load_catalogue(platform).images
        if image.python_minor in {"3.12", "3.13"}
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FitReport]:
    kept = CompletionCache(tmp_path_factory.mktemp("completions"))
    accelerators = {"sentiment": Accelerator.CPU}
    return {
        name: judge_all(
            read_application(EXAMPLES / name),
            images(),
            FitOptions(accelerator=accelerators.get(name), inspect_unknown=False),
            cache=kept,
        )
        for name in ("churn-api", "defect-vision", "feature-store", "light-scorer", "sentiment")
    }


def fit(reports: dict[str, FitReport], example: str, name: str, platform: str = "linux/amd64") -> Fit:
    return reports[example].fits[name, platform]


def blocking(found: Fit) -> list[Reason]:
    return [reason for reason in found.reasons if reason.blocking]


def alpine(example: str, reports: dict[str, FitReport]) -> list[Fit]:
    return [found for (name, _), found in reports[example].fits.items() if "alpine" in name]


def test_every_image_is_judged_and_every_reason_of_exclusion_names_something(
    reports: dict[str, FitReport],
) -> None:
    for report in reports.values():
        assert len(report.fits) == len(images())
        for found in report.fits.values():
            assert (found.verdict is Verdict.DOES_NOT_FIT) == bool(blocking(found))
            assert all(reason.package and reason.sentence for reason in blocking(found))


def test_versions_of_a_minor_are_the_same_on_all_its_images(reports: dict[str, FitReport]) -> None:
    for report in reports.values():
        for image in images():
            pins = report.resolutions[image.python_minor]
            assert isinstance(pins, Resolution)
            versions = {(package.name, package.version) for package in pins.packages}
            assert {(one.name, one.version) for one in report.of(image).installs} <= versions


def test_the_churn_api_needs_libgomp_on_slim_and_no_alpine(reports: dict[str, FitReport]) -> None:
    for codename in ("bookworm", "trixie"):
        found = fit(reports, "churn-api", f"python:3.12-slim-{codename}")
        assert found.verdict is Verdict.FITS_WITH_PACKAGES
        assert "libgomp1" in {package.name for package in found.add_packages}
    assert fit(reports, "churn-api", "python:3.12-trixie").verdict is Verdict.FITS
    for found in alpine("churn-api", reports):
        assert {"scikit-learn", "lightgbm"} <= {reason.package for reason in blocking(found)}


def test_defect_vision_names_libgl_with_its_cost_and_the_swaps(reports: dict[str, FitReport]) -> None:
    found = fit(reports, "defect-vision", "python:3.12-slim-trixie")
    names = {package.name: package for package in found.add_packages}
    assert {"libgl1", "libglib2.0-0t64", "libxcb1"} <= set(names)
    assert (names["libgl1"].installed_bytes or 0) > 100_000_000
    swaps = {swap.replace: swap for swap in found.swaps}
    assert (swaps["opencv-python"].saves_disk_bytes or 0) > 100_000_000
    assert (swaps["torch"].saves_disk_bytes or 0) > 1_000_000_000
    bookworm = fit(reports, "defect-vision", "python:3.12-slim-bookworm")
    assert "libglib2.0-0" in {package.name for package in bookworm.add_packages}


def test_the_feature_store_is_built_with_run_time_libraries_apart(reports: dict[str, FitReport]) -> None:
    found = fit(reports, "feature-store", "python:3.12-slim-bookworm")
    assert found.verdict is Verdict.BUILDS_FROM_SOURCE
    assert {install.name for install in found.installs if install.kind is InstallKind.SDIST} == {"psycopg2"}
    assert {"libpq5", "libodbc2"} <= {package.name for package in found.add_packages}
    assert {"libpq-dev", "gcc", "libc6-dev"} <= {package.name for package in found.build_packages}


def test_the_light_scorer_fits_alpine_too(reports: dict[str, FitReport]) -> None:
    assert {found.verdict for found in alpine("light-scorer", reports)} == {Verdict.FITS}
    assert fit(reports, "light-scorer", "python:3.12-slim-trixie").verdict is Verdict.FITS


def test_sentiment_weighs_its_gpu_wheels_and_says_what_the_cpu_ones_save(
    reports: dict[str, FitReport],
) -> None:
    found = fit(reports, "sentiment", "python:3.12-slim-trixie")
    assert found.verdict in BUILDABLE
    assert (found.wheels_download_bytes or 0) > 2_000_000_000
    assert found.swaps[0].replace == "torch"
    assert (found.swaps[0].saves_disk_bytes or 0) > 2_000_000_000
    assert any("never used on a CPU" in reason.sentence for reason in found.reasons)
    assert reports["sentiment"].lock_text("3.12") is None


def test_the_lock_of_an_unlocked_application_pins_hashes_and_names_no_index(
    reports: dict[str, FitReport],
) -> None:
    for example in ("churn-api", "light-scorer", "feature-store"):
        text = reports[example].lock_text("3.13")
        assert text is not None
        assert "--index" not in text
        assert "://" not in text
        pins = [line for line in text.splitlines() if not line.startswith(" ")]
        names = [line.partition("==")[0] for line in pins]
        assert names == sorted(names)
        assert all("==" in line and line.endswith("\\") for line in pins)
