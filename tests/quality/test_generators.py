"""Every generator of embedded data can say, without a network, that the committed data is what it made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = sorted(
    path.name
    for path in (ROOT / "tools").glob("*.py")
    if '"--check"' in path.read_text(encoding="utf-8") and path.name != "build_docs.py"
)


def test_the_generators_are_those_that_are_known() -> None:
    assert {"build_catalogue.py", "build_store.py", "build_suites.py", "derive_knowledge.py"} <= set(
        GENERATORS
    )


@pytest.mark.parametrize("name", GENERATORS)
def test_the_committed_data_is_what_its_generator_made(name: str, tmp_path: Path) -> None:
    # A proxy that refuses everything: a check that asked the network would fail.
    closed = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    checked = subprocess.run(
        [sys.executable, f"tools/{name}", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **closed, "BASEWISE_CACHE_DIR": str(tmp_path)},
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
