"""Running uv as a process: bounded in time, and ended with all that it started when nobody waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from threading import Lock

from basewise._internal.text import safe_text
from basewise.errors import ResolveError

__all__ = ["INSTALL_HINT", "UvProcesses"]

INSTALL_HINT = "install uv with `python -m pip install 'uv>=0.13.9,<0.14'` in the environment of basewise"


class UvProcesses:
    """The processes that run."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._changing = Lock()
        self._stopped = False

    def run(
        self, arguments: list[str], directory: Path, environment: dict[str, str], *, limit_seconds: float
    ) -> tuple[int, str]:
        """Run a program to its end or the time limit; return its status and what it said.

        Raises:
            ResolveError: It cannot be started, did not end in time, or was stopped.
        """
        process = self._start(arguments, directory, environment)
        try:
            with process:
                output = _output(process, limit_seconds)
        finally:
            with self._changing:
                self._running.discard(process)
        if self._stopped:
            raise ResolveError("uv was stopped")
        return process.returncode, output.decode("utf-8", "replace")

    def stop(self) -> None:
        """End what runs in other threads; nothing is started any more."""
        with self._changing:
            self._stopped = True
            for process in self._running:
                # The number of one that was waited for may be that of another program by now.
                if process.returncode is None:
                    _kill(process)

    def _start(
        self, arguments: list[str], directory: Path, environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        with self._changing:
            if self._stopped:
                raise ResolveError("uv was stopped")
            try:
                process = subprocess.Popen(
                    arguments, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=os.name == "posix",
                )  # fmt: skip
            except OSError as error:
                raise ResolveError(
                    f"cannot start uv (`{safe_text(arguments[0])}`): {error.strerror or error}",
                    hint=INSTALL_HINT,
                ) from error
            self._running.add(process)
            return process


def _output(process: subprocess.Popen[bytes], limit_seconds: float) -> bytes:
    try:
        return process.communicate(timeout=limit_seconds)[0]
    except subprocess.TimeoutExpired as error:
        _kill(process)
        raise ResolveError(
            f"uv did not finish within {limit_seconds:g} seconds and was stopped",
            hint="check that the package index answers, and the proxy that uv would use",
        ) from error
    except BaseException:
        _kill(process)
        raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and all that it started."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()
