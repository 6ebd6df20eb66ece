#!/usr/bin/env python3
"""Write the hash-pinned locks in requirements/ from pyproject.toml, without any index name in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import uv

ROOT = Path(__file__).resolve().parent.parent
SHARED = [
    "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header",
    "--no-annotate", "--quiet",
]  # fmt: skip
LOCKS = {
    "run": ["pyproject.toml", "requirements/build.in"],
    "test": ["pyproject.toml", "requirements/build.in", "--group", "dev"],
}


def main() -> int:
    """Write each lock; `--upgrade` moves pins forward."""
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    for name, arguments in LOCKS.items():
        command = [
            uv.find_uv_bin(),
            "pip",
            "compile",
            *SHARED,
            *upgrade,
            *arguments,
            "-o",
            f"requirements/{name}.txt",
        ]
        subprocess.run(command, cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
