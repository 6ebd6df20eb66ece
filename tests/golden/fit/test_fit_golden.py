"""Fits compared with a file. `BASEWISE_REWRITE_GOLDEN=1` writes it anew; look at the difference.

The index is one on loopback, its wheels are made here, the embedded knowledge and suites are not used: nothing of
the moving world is in the file.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from basewise.fit.completion import CompletionCache
from basewise.fit.facts import BuildRecipe, SwapRule
from basewise.fit.knowledge import Knowledge
from basewise.fit.run import FitOptions, FitReport, judge_all
from basewise.fit.sdist_metadata import SourceArchives
from basewise.fit.uv_runner import UvRunner
from basewise.fit.wheel_facts import WheelFacts
from basewise.model.base_image import BaseImage
from basewise.model.requirement import Resolution
from basewise.testing.fits import (
    EVIDENCE,
    application,
    base_image,
    load_small_suite,
    small_sonames,
)
from basewise.testing.package_index import PackageIndex
from basewise.testing.wheels import make_elf

HERE = Path(__file__).parent
REWRITE = os.environ.get("BASEWISE_REWRITE_GOLDEN") == "1"
# Read when the module is loaded: a fixture clears the variables of basewise for each test.
TAGS = [f"{python}-{python}-{platform}"
        for python in ("cp311", "cp312")
        for platform in ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64")]  # fmt: skip
MUSL = [f"{python}-{python}-musllinux_1_2_x86_64" for python in ("cp311", "cp312")]
KNOWLEDGE = Knowledge(
    build=(
        BuildRecipe(
            package="database",
            build={
                "bookworm": ("gcc", "libc6-dev", "libpq-dev"),
                "trixie": ("gcc", "libc6-dev", "libpq-dev"),
            },
            run={"bookworm": ("libpq5",), "trixie": ("libpq5",)},
            evidence=EVIDENCE,
        ),
    ),
    swaps=(
        SwapRule(
            replace="vision",
            with_="vision-headless",
            replacement_download_bytes=1000,
            replacement_disk_bytes=2000,
            safe_when="no window is opened",
            evidence=EVIDENCE,
        ),
    ),
)
IMAGES = (
    base_image("bookworm", "3.11.16"),
    base_image("bookworm"),
    base_image("trixie", platform="linux/arm64"),
    base_image("bullseye"),
    base_image("alpine"),
)


def fill(index: PackageIndex) -> None:
    """Add the wheels of an invented application: one native library, one source, one split by Python."""
    index.add_wheel(
        "boost", "4.7", *TAGS, requires=["arrays>=2"], members={"boost/lib.so": needing("libgomp.so.1")}
    )
    index.add_wheel(
        "vision", "5.0", *TAGS, requires=["arrays"], members={"vision/cv.abi3.so": needing("libGL.so.1")}
    )
    index.add_wheel("arrays", "2.0", *TAGS, *MUSL)
    index.add_wheel("arrays", "2.1", *TAGS, *MUSL, requires_python=">=3.12")
    index.add_wheel("serve", "1.0", requires=["typing-more ; python_version < '3.12'"])
    index.add_wheel("typing-more", "4.0")
    index.add_sdist("database", "2.9", members={"setup.py": b"raise SystemExit(1)", "database.c": b""})


def needing(soname: str) -> bytes:
    return make_elf(needed=("libc.so.6", soname), versions={"libc.so.6": ("GLIBC_2.28",)})


def judge(index: PackageIndex, directory: Path) -> FitReport:
    fill(index)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "UV_CACHE_DIR": str(directory / "uv"),
        "UV_DEFAULT_INDEX": index.url,
    }
    return judge_all(
        application("boost", "vision", "serve", "database"),
        IMAGES,
        FitOptions(today="2026-11-22"),
        facts=WheelFacts(today="2026-11-22", table=[], knowledge=KNOWLEDGE),
        knowledge=KNOWLEDGE,
        sonames=small_sonames(),
        load_suite=load_small_suite,
        runner=UvRunner(environ=environ, home=directory),
        cache=CompletionCache(directory / "completions"),
        archives=SourceArchives(directory=directory / "sources"),
    )


def shown(report: FitReport, images: tuple[BaseImage, ...]) -> str:
    """Return the fits as text; addresses are no part of it."""
    document = {
        "fits": {f"{image.name} {image.platform}": report.of(image) for image in images},
        "pins": {
            python: [f"{one.name}=={one.version}" for one in found.packages]
            for python, found in report.resolutions.items()
            if isinstance(found, Resolution)
        },
        "python_changes": report.python_changes,
        "not_covered": report.not_covered,
        "warnings": report.warnings,
        "lock": {python: (report.lock_text(python) or "").splitlines() for python in report.resolutions},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def test_the_fits_of_an_invented_application_are_those_of_the_file(tmp_path: Path) -> None:
    with PackageIndex() as index:
        text = shown(judge(index, tmp_path), IMAGES)
        assert index.host not in text
    golden = HERE / "invented.json"
    if REWRITE:
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_a_second_run_gives_the_same_bytes(tmp_path: Path) -> None:
    with PackageIndex() as index:
        assert shown(judge(index, tmp_path), IMAGES) == shown(judge(index, tmp_path), IMAGES)
