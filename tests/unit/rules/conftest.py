"""Looking at one Dockerfile with every rule, on a fixed day, with what is embedded and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from basewise.dockerfile.parse import encode_dockerfile
from basewise.model.check import Check, CheckFinding
from basewise.operations.check import check
from basewise.operations.check_options import CheckOptions

NOW = datetime(2026, 11, 23, tzinfo=UTC)
Look = Callable[..., Check]
Rules = Callable[..., list[CheckFinding]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Return a function that checks a Dockerfile, with further files of its folder by name."""

    def run(text: str, name: str = "Dockerfile", **files: str) -> Check:
        for other, content in files.items():
            path = tmp_path / other.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        path = tmp_path / name
        path.write_bytes(encode_dockerfile(text))
        return check([path], CheckOptions(), now=NOW)

    return run


@pytest.fixture
def found(look: Look) -> Rules:
    """Return a function that gives the findings of one rule."""

    def run(rule: str, text: str, **files: str) -> list[CheckFinding]:
        return [finding for finding in look(text, **files).findings if finding.rule == rule]

    return run
