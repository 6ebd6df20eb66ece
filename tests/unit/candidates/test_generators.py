from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("tool", ["build_catalogue", "build_full_list", "build_lifecycles"])
def test_committed_data_follow_from_their_recorded_inputs(tool: str) -> None:
    outcome = subprocess.run(
        [sys.executable, str(ROOT / "tools" / f"{tool}.py"), "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_catalogue_is_checked_by_its_hash_where_the_collected_facts_are_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEWISE_TEST_DATA", str(tmp_path / "absent"))
    outcome = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_catalogue.py"), "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "nothing derived anew" in outcome.stdout


@pytest.fixture
def images_tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("tools.catalogue_images")


def test_the_estimate_of_a_size_on_disk_hits_a_known_image_within_one_percent(
    images_tool: ModuleType, shared_data: Path
) -> None:
    folder = shared_data / "catalogue"
    tags: dict[str, dict[str, Any]] = {
        tag["tag"]: tag for tag in json.loads((folder / "tags.json").read_bytes())
    }
    bases = {
        f"{base['repository']}:{base['tag']}": base
        for base in json.loads((folder / "base_images.json").read_bytes())
    }
    base = images_tool.KnownBase(
        **{
            field: bases["debian:bookworm-slim"][field]
            for field in ("repository", "tag", "compressed_size_bytes", "uncompressed_size_mb")
        }
    )
    known, wanted = tags["3.11-slim-bookworm"], tags["3.13-slim-bookworm"]
    estimate = images_tool.estimate_disk(
        wanted["compressed_size_bytes"],
        known["compressed_size_bytes"],
        round(known["uncompressed_size_mb"] * 1_000_000),
        base,
    )
    assert abs(estimate / (wanted["uncompressed_size_mb"] * 1_000_000) - 1) < 0.01


def test_the_method_of_the_computed_list_finds_every_package_of_a_known_list() -> None:
    recorded = json.loads((ROOT / "tools" / "recorded" / "full-bookworm.json").read_bytes())
    validation = recorded["validation"]
    assert validation["listed"] == 469
    assert validation["missing"] == []
    assert len(validation["extra"]) <= 1
