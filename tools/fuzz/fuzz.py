#!/usr/bin/env python3
"""Fuzz the readers of hostile bytes with Atheris.

Atheris is no dependency of the project. In an environment that has it and this project's dependencies::

    PYTHONPATH=src python tools/fuzz/fuzz.py tar --seconds 600 --findings /tmp/findings

A target fails only by an exception that its reader does not document, by taking more than ten seconds, or by
more than a gigabyte of memory. What a run finds is cut down and kept in `tests/unit/*/test_fuzzed.py`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, the folder above is not on the path

from tools.fuzz import targets  # noqa: E402 - the path is set above

TIMEOUT_SECONDS = 10
MEMORY_MIB = 1024
MAX_INPUT_BYTES = 65_536


def main() -> int:
    """Run one target until its time is up or it fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("target", choices=sorted(targets.TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--findings", type=Path, default=Path())
    parser.add_argument("--corpus", type=Path, help="kept between runs; a temporary directory when not given")
    chosen = parser.parse_args()
    chosen.findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        corpus = chosen.corpus or Path(temporary)
        corpus.mkdir(parents=True, exist_ok=True)
        _fuzz(targets.TARGETS[chosen.target], corpus, chosen.findings / chosen.target, chosen.seconds)
    return 0


def _fuzz(target: targets.Target, corpus: Path, findings: Path, seconds: int) -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["basewise"]):
        read: Callable[[bytes], object] = target.load()
        for number, seed in enumerate(target.seeds()):
            (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-timeout={TIMEOUT_SECONDS}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-max_len={MAX_INPUT_BYTES}",
        f"-artifact_prefix={findings}-",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
