"""Running a test's function as a user who may not read everything, also where the tests run as root."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

__all__ = ["open_the_way", "run_unprivileged"]

NOBODY = 65_534
_FAILED = 1


def run_unprivileged(work: Callable[[], object]) -> None:
    """Run `work` in a child process that is not root.

    Args:
        work: Imports nothing that is not imported yet: the child may not be allowed to read it.

    Raises:
        AssertionError: It failed; the text is the traceback.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_leave(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise AssertionError(f"as another user:\n{said}")


def _work_and_leave(work: Callable[[], object], writing: int) -> None:
    code = _FAILED
    try:
        if os.geteuid() == 0:
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - a child must not return into the test runner, whatever happened
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(code)


def open_the_way(path: Path) -> None:
    """Let every user pass through the directories above `path`, which a test runner makes for its own user."""
    for directory in path.parents:
        known = directory.stat()
        if known.st_uid == os.geteuid() and not known.st_mode & 0o001:
            directory.chmod(known.st_mode | 0o011)
