"""The evidence of knowledge entries is made again from real wheels, and the generators' checks pass."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = 10
# Read here because each test runs without the settings of whoever runs it.
SEED = int(os.environ.get("BASEWISE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


def run_tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def can_make_roots() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("mmdebstrap") is not None


@pytest.mark.parametrize("tool", ["derive_knowledge.py", "derive_sonames.py", "derive_wheels.py"])
def test_the_committed_tables_are_what_the_recorded_inputs_give(tool: str) -> None:
    done = run_tool(tool, "--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
@pytest.mark.online
def test_ten_random_entries_are_derived_again_from_the_real_wheels() -> None:
    sys.stdout.write(f"BASEWISE_TEST_SEED={SEED}\n")
    kind = () if can_make_roots() else ("--kind", "elf")
    done = run_tool("prove_knowledge.py", "--rederive", str(ENTRIES), "--seed", str(SEED), *kind)
    assert done.returncode == 0, (
        f"BASEWISE_TEST_SEED={SEED} repeats this choice\n{done.stdout}\n{done.stderr}"
    )
    assert f"{ENTRIES} re-derived, 0 differ" in done.stdout
