#!/usr/bin/env python3
"""Set up and run basewise from a clone, with nothing but Python 3.11+ and a package index.

    python3 tools/start.py choose examples/sentiment    install into .venv and run the main job
    python3 tools/start.py test [PYTEST ARGUMENTS]      install what the tests need and run them

The first word `test` runs the tests; anything else goes to `basewise` as it stands. Uses the standard
library only. The environment is made inside the clone (`.venv`), so an externally managed system Python
(PEP 668) stays untouched.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LEAST_PYTHON = (3, 11)
SYSTEM_PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "buildah": "buildah",
    "gpgv": "gpgv",
    "dpkg-deb": "dpkg",
    "gpg": "gpg",
    "gpg-agent": "gpg-agent",
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "openssl": "openssl",
    "rpm": "rpm",
    "db5.3_load": "db5.3-util",
    "chromium": "chromium",
}
SYSTEM_LIBRARIES = {"atomic": "libatomic1"}
"""What the driver of the browser is linked to."""


def fail(problem: str, hint: str) -> NoReturn:
    """End with a message that says what is missing and what to do."""
    sys.exit(f"error: {problem}\nhint: {hint}")


def run(arguments: list[str], *, quiet: bool = False) -> int:
    """Run a program in the clone and return its exit code; output goes to stderr when `quiet`."""
    return subprocess.run(arguments, cwd=ROOT, stdout=sys.stderr if quiet else None, check=False).returncode


def is_root() -> bool:
    """Tell whether apt-get can be used to install."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages as root; True when apt-get said so."""
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    print(f"installing with apt-get: {' '.join(packages)} …", file=sys.stderr)
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", "-qq", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
    return done.returncode == 0


def environment_python() -> Path:
    """Path of the interpreter inside `.venv`."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pip_command() -> list[str] | None:
    """Command that installs into `.venv`, or None when there is no pip at all."""
    python = str(environment_python())
    if run_silently([python, "-m", "pip", "--version"]):
        return [python, "-m", "pip"]
    if run_silently([sys.executable, "-m", "pip", "--version"]):
        return [sys.executable, "-m", "pip", "--python", python]
    return None


def run_silently(arguments: list[str]) -> bool:
    """Tell whether a command works."""
    try:
        return subprocess.run(arguments, cwd=ROOT, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment() -> list[str]:
    """Create `.venv` when it is missing and return the pip command for it."""
    if not environment_python().exists():
        arguments = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
        if not run_silently(arguments):
            if is_root() and apt_install(["python3-venv"]) and run_silently(arguments):
                pass
            elif not run_silently([*arguments, "--without-pip"]):
                fail(
                    f"{sys.executable} cannot make a virtual environment",
                    "install the venv module (Debian: `apt-get install python3-venv`) and run this again",
                )
    command = pip_command()
    if command is None:
        fail(
            "there is no pip, neither in the new environment nor beside the system Python",
            "install it (Debian: `apt-get install python3-venv python3-pip`), remove `.venv` and run this again",
        )
    return command


def install(lock: str) -> None:
    """Install a lock and basewise itself into `.venv`, unless that was done for the same files."""
    wanted = hashlib.sha256()
    for name in (f"requirements/{lock}.txt", "pyproject.toml"):
        wanted.update((ROOT / name).read_bytes())
    marker = ENVIRONMENT / f".basewise-{lock}"
    if environment_python().exists() and marker.exists() and marker.read_text() == wanted.hexdigest():
        return
    command = make_environment()
    print(f"installing requirements/{lock}.txt into {ENVIRONMENT.name} …", file=sys.stderr)
    shared = [*command, "install", "--quiet", "--disable-pip-version-check"]
    locked = [*shared, "--require-hashes", "--only-binary", ":all:", "-r", f"requirements/{lock}.txt"]
    itself = [*shared, "--no-deps", "--no-build-isolation", "--editable", "."]
    if run(locked, quiet=True) != 0 or run(itself, quiet=True) != 0:
        fail(
            f"pip could not install requirements/{lock}.txt",
            "read pip's message above; the package index is the one that pip is configured with",
        )
    # Where PYTHONDONTWRITEBYTECODE is set, every start would compile every module again.
    run([str(environment_python()), "-m", "compileall", "-q", "src/basewise"], quiet=True)
    marker.write_text(wanted.hexdigest())


def install_programs() -> None:
    """Install what integration tests run; without root those tests say why they skip."""
    missing = [package for program, package in SYSTEM_PACKAGES.items() if shutil.which(program) is None]
    missing += [package for library, package in SYSTEM_LIBRARIES.items() if find_library(library) is None]
    if missing and is_root() and not apt_install(missing):
        print(f"warning: apt-get could not install {', '.join(missing)}", file=sys.stderr)


def test(arguments: list[str]) -> int:
    """Run the tests, in parallel unless the arguments say otherwise."""
    install("test")
    install_programs()
    workers = (
        []
        if any(argument.startswith(("-n", "-p")) for argument in arguments)
        else ["-n", "2", "--dist", "worksteal"]
    )
    return run([str(environment_python()), "-m", "pytest", *workers, *arguments])


def main(arguments: list[str]) -> int:
    """Dispatch on the first word."""
    if sys.version_info < LEAST_PYTHON:
        fail(
            f"basewise needs Python 3.11 or newer, this is {sys.version.split()[0]}",
            "run this file with a newer interpreter, for example `python3.12 tools/start.py …`",
        )
    if arguments[:1] == ["test"]:
        return test(arguments[1:])
    install("run")
    return run([str(environment_python()), "-m", "basewise", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
