#!/usr/bin/env python3
"""Derive `data/wheels/other_files.json.gz`: names of files beside the Linux wheels, by hash.

A lock of the form `name==version --hash=…` names no files. With the hashes of a release's Linux wheels known
(`facts.json.gz`), a hash that is left over could still be a wheel for musl: only when every hash has a name is
it certain that there is none, and only then can such a lock be judged without asking an index.

`--refresh` lists the wheels of the recorded resolutions with uv; `--check` validates the committed file against
the record and the locked example, without the network.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src/basewise/data/wheels/other_files.json.gz"
FACTS = ROOT / "src/basewise/data/wheels/facts.json.gz"
RECORDED = ROOT / "tools/recorded/wheels.json"
LOCKED = ROOT / "examples/sentiment/requirements.txt"
PYTHONS = ("3.8", "3.9", "3.11", "3.13", "3.15")
NEEDS_EVERY_NAME = ("torch", "triton", "cuda-bindings", "pyyaml")
SCHEMA = "basewise.other-files/1"


def main() -> int:
    """Run the tool."""
    if sys.argv[1:] == ["--refresh"]:
        return refresh()
    if sys.argv[1:] == ["--check"]:
        return check()
    print("usage: derive_other_files.py --refresh | --check", file=sys.stderr)
    return 2


def refresh() -> int:
    """List the wheels of those pins of the locked example that have hashes without a name, and add them."""
    recorded = json.loads(RECORDED.read_text())
    facts = known_facts()
    files: dict[str, list[Any]] = {}
    if OUTPUT.exists():
        files = json.loads(gzip.decompress(OUTPUT.read_bytes()))["files"]
    asked = [(pin, python) for pin in unnamed_hashes({*facts, *files}) for python in PYTHONS]
    with ThreadPoolExecutor(4) as pool:
        for packages in pool.map(lambda one: list_packages(*one), asked):
            for package in packages:
                # The pins of the example have wheels, so uv reads metadata from those and builds nothing.
                for file in (*package.get("wheels", ()), *filter(None, (package.get("sdist"),))):
                    digest = file["hashes"]["sha256"]
                    if digest not in facts:
                        files[digest] = [file.get("name") or file["url"].rsplit("/", 1)[1], file["size"]]
    document = {"schema": SCHEMA, "as_of": recorded["date"], "files": dict(sorted(files.items()))}
    OUTPUT.write_bytes(
        gzip.compress(json.dumps(document, separators=(",", ":")).encode() + b"\n", 9, mtime=0)
    )
    print(f"wrote {OUTPUT.relative_to(ROOT)}: {len(files)} files, {OUTPUT.stat().st_size} bytes")
    return 0


def list_packages(pin: str, python: str) -> list[dict[str, Any]]:
    """Return what the index offers for a pin, as uv writes it; nothing where it refuses the Python."""
    from uv import find_uv_bin  # noqa: PLC0415 - only the refresh needs it

    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "pylock.one.toml"
        done = subprocess.run(
            [
                find_uv_bin(), "pip", "compile", "-", "--universal", "--no-deps", "--no-config", "-q",
                "--python-version", python, "--format", "pylock.toml", "-o", str(output),
            ],
            input=pin, text=True, capture_output=True, check=False, cwd=directory, timeout=300,
            env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
        )  # fmt: skip
        if done.returncode != 0:
            return []
        packages: list[dict[str, Any]] = tomllib.loads(output.read_text())["packages"]
        return packages


def known_facts() -> set[str]:
    """Return the hashes of the embedded wheel facts."""
    return {fact["sha256"] for fact in json.loads(gzip.decompress(FACTS.read_bytes()))["facts"]}


def unnamed_hashes(named: set[str]) -> dict[str, int]:
    """Return the pins of the locked example with hashes without a name, and how many."""
    found = {}
    for block in re.split(r"(?m)^(?=[a-z0-9.-]+==)", LOCKED.read_text())[1:]:
        unnamed = set(re.findall(r"sha256:([0-9a-f]{64})", block)) - named
        if unnamed:
            found[re.split(r"[ \\]", block, maxsplit=1)[0]] = len(unnamed)
    return found


def check() -> int:
    """Validate shape, and that no pin of the locked example could hide a wheel for a target that has none."""
    document = json.loads(gzip.decompress(OUTPUT.read_bytes()))
    files = document["files"]
    problems = []
    if document["schema"] != SCHEMA or list(files) != sorted(files):
        problems.append("schema or order")
    problems += [
        name for name, _ in files.values() if not name.endswith((".whl", ".tar.gz", ".zip")) or "/" in name
    ]
    for pin, count in unnamed_hashes({*known_facts(), *files}).items():
        # A pin with wheels for musl and glibc is decided by those; only one without needs every name.
        if pin.split("==")[0] in NEEDS_EVERY_NAME:
            problems.append(f"{pin}: {count} hashes without a name")
    print("\n".join(problems) or f"ok: {len(files)} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
