"""Credential helpers: programs that keep passwords, asked with an argument list, a time limit and a cap.

Reference:
    The docker-credential-helpers protocol: `get` reads a server from standard input and answers with JSON.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.text import safe_text
from basewise.errors import UsageError
from basewise.oci.credentials import ANONYMOUS, Credential

__all__ = ["HelperError", "ask_helper"]

HELPER_SECONDS = 30.0
HELPER_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_NOT_FOUND = "credentials not found"
_TOKEN_USER = "<token>"  # noqa: S105 - what the protocol writes instead of a user


class HelperError(Exception):
    """A helper gave no answer that can be used; the message holds nothing of its output."""


class _Answer(msgspec.Struct, rename="pascal"):
    username: str = ""
    secret: str = ""


def ask_helper(
    name: str, server: str, *, seconds: float = HELPER_SECONDS, max_bytes: int = HELPER_BYTES
) -> Credential:
    """Ask `docker-credential-NAME` for the credential of a server.

    Args:
        name: As the configuration states it.
        server: Key of the server.
        seconds: Longest time to wait.
        max_bytes: Longest answer.

    Returns:
        The credential; `ANONYMOUS` when the helper has none.

    Raises:
        UsageError: The name is not that of a helper.
        HelperError: The helper is not installed, hangs, fails or answers nonsense.
    """
    if not _NAME.match(name):
        raise UsageError(
            f"not the name of a credential helper: `{safe_text(name, limit=60)}`",
            hint="correct `credHelpers` or `credsStore` in the configuration of Docker or Podman",
        )
    program = f"docker-credential-{name}"
    path = _find_program(program)
    if path is None:
        raise HelperError(f"`{program}` is not on PATH")
    status, output = _run([path, "get"], server, program, seconds, max_bytes)
    if status != 0:
        if _NOT_FOUND in output.decode("utf-8", "replace").lower():
            return ANONYMOUS
        raise HelperError(f"`{program}` ended with status {status}")
    try:
        answer = msgspec.json.decode(output, type=prepared(_Answer))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise HelperError(f"`{program}` answered something that is not JSON of the helper protocol") from None
    origin = f"`{program}`"
    if answer.username == _TOKEN_USER:
        return Credential(identity_token=answer.secret, origin=origin)
    if not answer.username and not answer.secret:
        return ANONYMOUS
    return Credential(username=answer.username, password=answer.secret, origin=origin)


def _find_program(program: str) -> str | None:
    """Look on PATH, in absolute directories only: the working directory may be somebody else's."""
    directories = [
        entry for entry in os.environ.get("PATH", "").split(os.pathsep) if Path(entry).is_absolute()
    ]
    found = shutil.which(program, path=os.pathsep.join(directories))
    if found is None or str(Path(found).parent) not in {str(Path(entry)) for entry in directories}:
        return None
    return found


def _run(
    arguments: list[str], server: str, program: str, seconds: float, max_bytes: int
) -> tuple[int, bytes]:
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise HelperError(f"`{program}` cannot be run: {error.strerror}") from None
    output: list[bytes] = []
    reader = threading.Thread(target=_talk, args=(process, server, max_bytes, output), daemon=True)
    reader.start()
    reader.join(seconds)
    try:
        if reader.is_alive():
            raise HelperError(f"`{program}` gave no answer within {seconds:g} s")
        if output and len(output[0]) > max_bytes:
            raise HelperError(f"`{program}` answered more than {max_bytes} bytes")
        try:
            return process.wait(seconds), output[0] if output else b""
        except subprocess.TimeoutExpired:
            raise HelperError(f"`{program}` did not end within {seconds:g} s") from None
    finally:
        _end(process)
        reader.join(1)


def _talk(process: subprocess.Popen[bytes], server: str, max_bytes: int, output: list[bytes]) -> None:
    """Write the question and read the answer; in a thread, since either may take for ever."""
    try:
        with process.stdin or open(os.devnull, "wb") as question:  # noqa: PTH123 - a stream of the same kind
            question.write(server.encode())
    except OSError:
        pass  # a helper may answer without reading
    try:
        output.append(process.stdout.read(max_bytes + 1) if process.stdout else b"")
    except (OSError, ValueError):
        output.append(b"")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the helper and whatever it started."""
    if process.poll() is None:
        try:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        except OSError:
            process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
