"""The processes that a call starts, kept: how each of them ended is what a test asserts on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

__all__ = ["started_processes"]


@contextmanager
def started_processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give a list that holds every process started inside the block, in order.

    A `returncode` of None is a process that nobody waited for, `-signal.SIGKILL` one that was ended.
    """
    found: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen[bytes]):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[call-overload]  # handed on as it came
            found.append(self)

    with mock.patch.object(subprocess, "Popen", Kept):
        yield found
