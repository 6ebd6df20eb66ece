"""A Dockerfile that `choose` just wrote passes `check`, needs no repair and no pin, on all examples."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from basewise.testing.sample_day import SAMPLE_MOMENT

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("churn-api", "defect-vision", "feature-store", "light-scorer", "sentiment")
pytestmark = pytest.mark.integration


def basewise(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "basewise", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "SOURCE_DATE_EPOCH": f"{SAMPLE_MOMENT.timestamp():.0f}"},
    )


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=[] if name == "sentiment" else pytest.mark.online) for name in EXAMPLES],
)
def test_what_choose_wrote_passes_check(example: str, tmp_path: Path) -> None:
    folder = tmp_path / example
    shutil.copytree(ROOT / "examples" / example, folder)
    chosen = basewise(folder, "choose", ".", "--dockerfile", "Dockerfile", "-q")
    assert chosen.returncode == 0, chosen.stderr
    before = (folder / "Dockerfile").read_bytes()
    checked = basewise(folder, "check", "--fix")
    assert checked.returncode == 0, checked.stdout
    assert " error " not in checked.stdout
    assert basewise(folder, "pin", "--offline").returncode == 0
    assert (folder / "Dockerfile").read_bytes() == before
