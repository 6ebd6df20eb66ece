"""Root file systems of Debian, made with `mmdebstrap` from the mirror that apt on this machine uses."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from basewise.debian.mirrors import Mirrors, find_mirrors
from basewise.errors import InputError

__all__ = ["make_debian_root", "run_program"]

_BUILD_SECONDS = 600
_APT_PROXY = re.compile(r'Acquire::https?::Proxy(?:::\S+)? ".+";\Z')


def make_debian_root(
    suite: str,
    target: Path,
    *,
    packages: Iterable[str] = (),
    mirrors: Mirrors | None = None,
    options: Sequence[str] = (),
) -> None:
    """Write a minimal system (`minbase`) with further packages as a tar archive. Needs root and `mmdebstrap`.

    Args:
        suite: Codename of the release.
        target: File to write.
        packages: Names of packages that are wanted besides.
        mirrors: Debian's archive; what apt on this machine uses when None.
        options: Further options of mmdebstrap.

    Raises:
        InputError: mmdebstrap is missing or failed; with what it said last.
    """
    found = mirrors or find_mirrors()
    names = ",".join(sorted(packages))
    command = [
        "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--components=main",
        *([f"--include={names}"] if names else []),
        *(f"--aptopt={line}" for line in _apt_proxies()),
        *options,
        suite,
        str(target),
        f"deb {found.main} {suite} main",
        f"deb {found.main} {suite}-updates main",
        f"deb {found.security} {suite}-security main",
    ]  # fmt: skip
    run_program(command)


def _apt_proxies() -> list[str]:
    """Return the lines of apt's configuration that name a proxy; mmdebstrap keeps them in the system it makes."""
    listed = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if _APT_PROXY.match(line)]


def run_program(command: list[str], *, environment: Mapping[str, str] | None = None) -> None:
    """Run a program.

    Args:
        command: The program and its arguments.
        environment: Variables besides those of this process.

    Raises:
        InputError: It is missing, failed or took too long.
    """
    try:
        outcome = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_BUILD_SECONDS,
            env={**os.environ, **(environment or {})},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"cannot run `{Path(command[0]).name}`: {error}") from error
    if outcome.returncode != 0:
        said = (outcome.stderr or outcome.stdout).strip()[-2000:]
        raise InputError(f"`{Path(command[0]).name}` failed with code {outcome.returncode}: {said}")
