"""A CPython of this machine, copied the way the official images place theirs: into `/usr/local`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from basewise.errors import InputError

__all__ = ["Interpreter", "copy_interpreter", "describe_interpreter", "find_interpreters"]

_QUESTION_SECONDS = 30
_DOWNLOAD_SECONDS = 300
_QUESTION = """
import json, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "release": sys.version_info[3] == "final" and sys.implementation.name == "cpython",
    "prefix": sys.base_prefix,
    "stdlib": sysconfig.get_path("stdlib"),
    "headers": sysconfig.get_path("include"),
    "libraries": sysconfig.get_config_var("LIBDIR") or "",
    "triplet": sysconfig.get_config_var("MULTIARCH") or "",
}))
"""
# What no application imports: the tests of the library itself, the desktop parts, and what belongs to the host.
_LEFT_OUT = (
    "__pycache__", "test", "tests", "idle_test", "idlelib", "turtledemo", "tkinter", "lib2to3", "site-packages",
    "dist-packages", "config-*", "EXTERNALLY-MANAGED", "*.a", "sitecustomize.py",
)  # fmt: skip
# Debian's interpreter installs into `dist-packages` of other places; the official images use CPython's own layout.
_DEBIAN_SCHEME = "prefix_scheme = 'posix_local'"
_OWN_SCHEME = "prefix_scheme = 'posix_prefix'"


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter that is installed here, as it describes itself.

    Args:
        executable: The program.
        version: `3.13.0`.
        release: A final release of CPython.
        prefix: Where it is installed.
        stdlib, headers, libraries: Directories of the standard library, of `Python.h` and of `libpython`.
        triplet: Debian's name of the architecture, "" when the build does not say.
    """

    executable: str
    version: str
    release: bool
    prefix: str
    stdlib: str
    headers: str
    libraries: str
    triplet: str

    @property
    def minor(self) -> str:
        """`3.13`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def from_debian(self) -> bool:
        """It is the distribution's own build, with Debian's layout."""
        return self.prefix == "/usr"


def describe_interpreter(program: Path | str) -> Interpreter | None:
    """Ask an interpreter about itself; None when it does not answer."""
    try:
        answer = subprocess.run(
            [str(program), "-I", "-c", _QUESTION],
            capture_output=True,
            check=True,
            timeout=_QUESTION_SECONDS,
        )
        return msgspec.json.decode(answer.stdout, type=Interpreter)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None


def find_interpreters(minors: Iterable[str]) -> tuple[Interpreter, ...]:
    """Find final releases of CPython for glibc on this machine.

    Looks at the interpreter that runs this, at its siblings (as pyenv lays them out) and at PATH.

    Args:
        minors: Python minors that are wanted, as `3.13`.

    Returns:
        The newest patch release of each minor, newest minor first.
    """
    if platform.libc_ver()[0] != "glibc":
        return ()
    wanted = set(minors)
    found: dict[str, Interpreter] = {}
    for program in sorted(set(_programs(wanted))):
        one = describe_interpreter(program)
        if one is None or not one.release or one.minor not in wanted:
            continue
        known = found.get(one.minor)
        if known is None or (known.order, known.prefix) < (one.order, one.prefix):
            found[one.minor] = one
    return tuple(sorted(found.values(), key=lambda one: one.order, reverse=True))


def _programs(minors: Iterable[str]) -> Iterator[Path]:
    """Yield programs that are named like interpreters of these minors."""
    for name in (f"python{minor}" for minor in minors):
        directories = [*Path(sys.base_prefix).parent.glob("*/bin"), *map(Path, os.get_exec_path())]
        own = Path(sys.base_prefix, "bin")
        yield from (directory / name for directory in (own, *directories) if _is_elf(directory / name))


def _is_elf(path: Path) -> bool:
    """Tell a program from a script that starts one, which costs time and answers nothing new."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def copy_interpreter(interpreter: Interpreter, local: Path) -> None:
    """Copy an interpreter into a `/usr/local` that is being made.

    Args:
        interpreter: What to copy.
        local: Directory that stands for `/usr/local`.

    Raises:
        InputError: A part is missing, or it is no build that can be moved.
    """
    name = f"python{interpreter.minor}"
    program = Path(interpreter.executable).resolve()
    library = local / "lib" / name
    (local / "bin").mkdir(parents=True)
    try:
        shutil.copy2(program, local / "bin" / name)
        shutil.copytree(
            interpreter.stdlib,
            library,
            ignore=shutil.ignore_patterns(*_LEFT_OUT),
            symlinks=False,
            ignore_dangling_symlinks=True,
        )
        for shared in Path(interpreter.libraries).glob(f"libpython{interpreter.minor}.so.*"):
            shutil.copy2(shared, local / "lib" / shared.name)
        _copy_headers(interpreter, local)
    except OSError as error:
        raise InputError(f"cannot copy the interpreter {program}: {error}") from error
    (library / "site-packages").mkdir()
    for link in ("python", "python3"):
        (local / "bin" / link).symlink_to(name)
    if interpreter.from_debian:
        _undo_debian_layout(library)


def _copy_headers(interpreter: Interpreter, local: Path) -> None:
    """Copy `Python.h` and its kin; Debian keeps them in a package of their own, which is fetched then."""
    headers = Path(interpreter.headers)
    if (headers / "Python.h").is_file():
        _copy_header_tree(headers.parent, interpreter, local / "include")
    elif interpreter.from_debian:
        with tempfile.TemporaryDirectory() as scratch:
            _run("apt-get", "download", "-qq", f"libpython{interpreter.minor}-dev", folder=Path(scratch))
            for package in Path(scratch).glob("*.deb"):
                _run("dpkg-deb", "-x", package.name, "unpacked", folder=Path(scratch))
            _copy_header_tree(Path(scratch, "unpacked/usr/include"), interpreter, local / "include")


def _copy_header_tree(source: Path, interpreter: Interpreter, target: Path) -> None:
    name = f"python{interpreter.minor}"
    shutil.copytree(source / name, target / name)
    if interpreter.triplet and (source / interpreter.triplet / name).is_dir():
        shutil.copytree(source / interpreter.triplet / name, target / interpreter.triplet / name)


def _undo_debian_layout(library: Path) -> None:
    """Let it install into `site-packages`, and find there what it looks for in `dist-packages`.

    `site` cannot be changed like `sysconfig`: it is frozen into the program.
    """
    path = library / "sysconfig.py"
    text = path.read_text("utf-8")
    if text.count(_DEBIAN_SCHEME) != 1:
        raise InputError(
            f"sysconfig.py of this Debian Python is not as expected: `{_DEBIAN_SCHEME}` stands there "
            f"{text.count(_DEBIAN_SCHEME)} times",
            hint="use a CPython that does not come from Debian",
        )
    path.write_text(text.replace(_DEBIAN_SCHEME, _OWN_SCHEME), "utf-8")
    (library / "dist-packages").symlink_to("site-packages")


def _run(*arguments: str, folder: Path) -> None:
    outcome = subprocess.run(
        arguments, cwd=folder, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_SECONDS
    )
    if outcome.returncode != 0:
        raise InputError(f"`{' '.join(arguments[:3])}` failed: {outcome.stderr.strip()[-400:]}")
