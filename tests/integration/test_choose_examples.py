"""`choose` on the five examples: the JSON contract, and what each example must show.

The locked example runs offline. The others are resolved on the index that uv and pip are configured with, so
they assert what holds whatever is newest there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from basewise.testing.sample_day import SAMPLE_MOMENT

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("churn-api", "defect-vision", "feature-store", "light-scorer", "sentiment")
Document = dict[str, Any]

CANDIDATE = {
    "image", "also_known_as", "digest", "manifest_digest", "platform", "created", "age_days", "distro", "python",
    "libc", "rank", "excluded", "verdict", "reasons", "add_packages", "build_packages", "pareto", "score",
    "packages_basis", "size", "vulnerabilities", "surface", "support", "trust", "evidence_date",
}  # fmt: skip
NESTED = {
    "distro": {"id", "version", "codename"},
    "libc": {"family", "version"},
    "size": {
        "base_compressed_bytes", "base_disk_bytes", "added_bytes", "wheels_download_bytes", "wheels_disk_bytes",
        "download_bytes", "disk_bytes", "basis", "method",
    },
    "vulnerabilities": {
        "total", "fixable", "undetermined", "after_rebuild", "exploited", "by_severity", "by_state", "as_of",
    },
    "surface": {
        "packages", "executables", "setuid", "shell", "package_manager", "compiler", "default_user",
    },
    "support": {"python_eol", "distro_eol", "distro_lts_eol", "phase"},
    "trust": {"publisher", "official", "explicit_tag", "digest_pinned"},
}  # fmt: skip
ADDED = {"manager", "name", "version", "why", "download_bytes", "installed_bytes", "closure"}


@cache
def chosen(example: str, *flags: str) -> Document:
    done = subprocess.run(
        [sys.executable, "-m", "basewise", "choose", f"examples/{example}", "--format", "json", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "SOURCE_DATE_EPOCH": f"{SAMPLE_MOMENT.timestamp():.0f}"},
    )
    assert done.returncode in {0, 1}, done.stderr
    document: Document = json.loads(done.stdout)
    return document


def candidate(document: Document, ending: str) -> Document:
    (found,) = [entry for entry in document["candidates"] if entry["image"].endswith(ending)]
    return dict(found)


pytestmark = [pytest.mark.integration]
needs_index = pytest.mark.online


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=[] if name == "sentiment" else needs_index) for name in EXAMPLES],
)
def test_the_document_holds_the_contract(example: str) -> None:
    document = chosen(example)
    assert next(iter(document)) == "schema"
    assert document["schema"] == "basewise.choose/1"
    assert {"generated_at", "app", "candidates", "recommendation", "blocking", "swaps", "coverage"} <= set(
        document
    )
    assert {
        "path", "sources", "not_read", "requirements", "requires_python", "stated_python", "accelerator",
    } <= set(document["app"])  # fmt: skip
    assert {"image", "digest", "dockerfile", "why", "lock"} <= set(document["recommendation"])
    assert len(document["candidates"]) >= 30
    for entry in document["candidates"]:
        assert set(entry) >= CANDIDATE
        for name, fields in NESTED.items():
            assert set(entry[name]) >= fields
        for package in (*entry["add_packages"], *entry["build_packages"]):
            assert set(package) >= ADDED
        assert (entry["rank"] is None) == bool(entry["excluded"])
        assert "@" not in entry["image"]
        assert not entry["image"].endswith((":latest", ":3.14-slim", ":3.13-slim"))
    assert {"complete", "sources", "not_covered"} == set(document["coverage"])
    assert document["coverage"]["complete"] is False
    for source in document["coverage"]["sources"]:
        assert {"name", "ecosystem", "as_of", "age_days", "entries", "verified"} == set(source)


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=[] if name == "sentiment" else needs_index) for name in EXAMPLES],
)
def test_the_first_is_a_slim_image_in_regular_support_with_a_year_of_python_left(example: str) -> None:
    document = chosen(example)
    first = document["candidates"][0]
    assert first["rank"] == 1
    assert first["image"] == document["recommendation"]["image"]
    assert "-slim-" in first["image"]
    assert first["support"]["phase"] == "regular"
    assert (
        first["support"]["python_eol"]
        >= SAMPLE_MOMENT.replace(year=SAMPLE_MOMENT.year + 1).date().isoformat()
    )
    assert f"FROM {first['image']}@{first['digest']}" in document["recommendation"]["dockerfile"]


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=[] if name == "sentiment" else needs_index) for name in EXAMPLES],
)
def test_alpine_is_unmeasured_and_never_zero(example: str) -> None:
    document = chosen(example)
    for entry in document["candidates"]:
        if entry["distro"]["id"] == "alpine":
            counts = entry["vulnerabilities"]
            assert counts["total"] is None
            assert set(counts["by_state"].values()) == {None}
            assert set(counts["by_severity"].values()) == {None}
    assert any("lpine" in item["what"] for item in document["coverage"]["not_covered"])


@needs_index
def test_churn_api_needs_libgomp_and_alpine_is_out_by_name() -> None:
    document = chosen("churn-api")
    slim = candidate(document, ":3.14-slim-trixie")
    assert slim["verdict"] == "fits-with-packages"
    assert [package["name"] for package in slim["add_packages"]] == ["libgomp1"]
    assert slim["add_packages"][0]["installed_bytes"] > 100_000
    alpine = candidate(document, ":3.14-alpine3.24")
    assert alpine["verdict"] == "does-not-fit"
    blocking = " ".join(reason["sentence"] for reason in alpine["reasons"] if reason["blocking"])
    for name in ("scikit-learn", "lightgbm"):
        assert name in blocking
    assert "recipe" in blocking
    assert "libgomp1" in document["recommendation"]["dockerfile"]


@needs_index
def test_defect_vision_names_libgl_with_its_cost_and_the_swaps() -> None:
    document = chosen("defect-vision")
    added = {package["name"]: package for package in document["candidates"][0]["add_packages"]}
    assert {"libgl1", "libglib2.0-0t64", "libxcb1"} == set(added)
    assert added["libgl1"]["installed_bytes"] > 100_000_000
    assert len(added["libgl1"]["closure"]) > 20
    swaps = {swap["replace"]: swap for swap in document["swaps"]}
    assert swaps["opencv-python"]["with"] == "opencv-python-headless"
    assert swaps["opencv-python"]["saves_disk_bytes"] > 200_000_000
    assert swaps["torch"]["saves_disk_bytes"] > 3_000_000_000


def test_sentiment_is_locked_and_the_weight_of_the_gpu_wheels_is_named() -> None:
    document = chosen("sentiment")
    assert document["app"]["accelerator"] == "cpu"
    assert document["recommendation"]["lock"] is None
    assert "requirements.txt" in document["recommendation"]["dockerfile"]
    first = document["swaps"][0]
    assert first["replace"] == "torch"
    assert first["saves_disk_bytes"] > 3_000_000_000
    assert first["saves_download_bytes"] > 2_000_000_000


def test_the_locked_example_gives_the_same_bytes_offline_and_again() -> None:
    assert chosen("sentiment", "--offline") == chosen("sentiment")


@needs_index
def test_feature_store_builds_in_a_stage_of_its_own() -> None:
    document = chosen("feature-store")
    first = document["candidates"][0]
    assert first["verdict"] == "builds-from-source"
    run = {package["name"] for package in first["add_packages"]}
    build = {package["name"] for package in first["build_packages"]}
    assert run == {"libpq5", "libodbc2"}
    assert {"gcc", "libpq-dev", "libc6-dev"} <= build
    dockerfile = document["recommendation"]["dockerfile"]
    assert dockerfile.count("\nFROM ") == 2
    final = dockerfile[dockerfile.rindex("\nFROM ") :]
    assert "libpq5" in final
    assert "gcc" not in final


@needs_index
def test_light_scorer_fits_alpine_too_and_says_what_decides() -> None:
    document = chosen("light-scorer")
    alpine = candidate(document, ":3.14-alpine3.24")
    assert alpine["verdict"] == "fits"
    assert alpine["rank"] is not None
    assert any(
        "alpine" in sentence and "unmeasured" in sentence for sentence in document["recommendation"]["why"]
    )


@needs_index
def test_every_candidate_of_a_minor_gets_the_same_versions() -> None:
    document = chosen("churn-api")
    assert document["recommendation"]["lock"]
    lock = document["recommendation"]["lock"]
    assert "--hash=sha256:" in lock
    assert "--index-url" not in lock
    assert "://" not in lock


def test_arm64_is_judged_with_estimates_marked() -> None:
    document = chosen("sentiment", "--platform", "linux/arm64")
    assert all(entry["platform"] == "linux/arm64" for entry in document["candidates"])
    trixie = candidate(document, ":3.14-slim-trixie")
    assert trixie["manifest_digest"] is None
    assert trixie["packages_basis"].startswith("inferred(")
    bookworm = candidate(document, ":3.11-slim-bookworm")
    assert bookworm["manifest_digest"].startswith("sha256:")


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--libc", "musl", "--distro", "debian"), ("--libc", "--distro")),
        (("--python", "3.6"), ("--python",)),
        (("--max-size", "1MB"), ("--max-size",)),
    ],
)
def test_an_impossible_constraint_names_the_flags_and_ends_with_1(
    flags: tuple[str, ...], named: tuple[str, ...]
) -> None:
    document = chosen("sentiment", *flags)
    assert document["recommendation"] is None
    said = " ".join(f"{item['cause']} {item['hint']}" for item in document["blocking"])
    for flag in named:
        assert flag in said
