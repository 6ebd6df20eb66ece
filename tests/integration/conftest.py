"""What integration tests share: programs of the machine, and what happens where they are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

RequirePrograms = Callable[..., None]


@pytest.fixture(scope="session")
def require_programs() -> RequirePrograms:
    """Return a function that skips a test whose programs are missing; with CI=true it fails instead.

    `require_programs("mmdebstrap", "buildah", root=True)` says everything that is missing.
    """

    def require(*programs: str, root: bool = False) -> None:
        missing = [f"`{program}`" for program in programs if shutil.which(program) is None]
        if root and (not hasattr(os, "geteuid") or os.geteuid() != 0):
            missing.append("the rights of root")
        if not missing:
            return
        reason = f"this machine has not {', '.join(missing)}"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{reason}; with CI=true that is a failure")
        pytest.skip(reason)

    return require
