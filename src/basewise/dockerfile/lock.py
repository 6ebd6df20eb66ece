"""`basewise.lock`: read whole and checked, written whole and atomically, at the root of the Dockerfile's project."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise._internal.regular_file import open_regular
from basewise.errors import InputError, InvalidValueError
from basewise.model.digest import Digest
from basewise.model.lock import LOCK_SCHEMA, ImageLock, Pin
from basewise.model.reference import Reference

__all__ = ["LOCK_FILE_NAME", "file_in_lock", "lock_text", "project_root", "read_lock", "write_lock"]

LOCK_FILE_NAME = "basewise.lock"
MAX_LOCK_BYTES = 4 << 20
MAX_LEVELS = 32
_ROOTS = (
    LOCK_FILE_NAME, "pyproject.toml", "basewise.toml", "requirements.txt", "setup.py", "environment.yml", "Pipfile",
    ".git",
)  # fmt: skip


def project_root(file: Path) -> Path:
    """Return the folder that a Dockerfile belongs to: the nearest one with a lock, a manifest or a repository.

    Where none is found, it is the folder of the file.
    """
    folder = file.resolve().parent
    above = folder
    for _ in range(MAX_LEVELS):
        if any((above / name).exists() for name in _ROOTS):
            return above
        if above.parent == above:
            break
        above = above.parent
    return folder


def file_in_lock(file: Path, root: Path) -> str:
    """Return how a lock names a file: relative to it, with `/` between folders."""
    return file.resolve().relative_to(root).as_posix()


def read_lock(root: Path) -> ImageLock | None:
    """Return the lock of a folder, None when there is none.

    Raises:
        InputError: It cannot be read, or something in it is not possible.
    """
    path = root / LOCK_FILE_NAME
    try:
        with open_regular(path) as file:
            content = b""
            while len(content) <= MAX_LOCK_BYTES and (more := file.read(MAX_LOCK_BYTES + 1 - len(content))):
                content += more
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    if len(content) > MAX_LOCK_BYTES:
        raise _damaged(path, f"it has more than {MAX_LOCK_BYTES} bytes")
    try:
        lock = msgspec.json.decode(content, type=ImageLock)
        if lock.schema != LOCK_SCHEMA:
            raise _damaged(path, f"its schema is `{lock.schema[:60]}`, not `{LOCK_SCHEMA}`")
        for pin in lock.pins:
            _check(pin)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidValueError) as error:
        raise _damaged(path, str(error)) from error
    return lock


def lock_text(lock: ImageLock) -> bytes:
    """Return the bytes of a lock: the same for the same pins."""
    sorted_lock = ImageLock(pins=tuple(sorted(lock.pins, key=lambda pin: (pin.file, pin.image))))
    return msgspec.json.format(msgspec.json.encode(sorted_lock), indent=2) + b"\n"


def write_lock(root: Path, lock: ImageLock) -> Path:
    """Write the lock of a folder, whole or not at all.

    Raises:
        OutputError: It could not be written; the old one is untouched.
    """
    path = root / LOCK_FILE_NAME
    write_atomically(path, lock_text(lock))
    return path


def _check(pin: Pin) -> None:
    Digest.parse(pin.digest)
    if Reference.parse(pin.image).digest is not None:
        raise InvalidValueError(f"`{pin.image[:100]}` holds a digest of its own")
    for day in (pin.created, pin.evidence_date):
        if day is not None and not _is_day(day):
            raise InvalidValueError(f"`{day[:40]}` of `{pin.image[:100]}` is no date `YYYY-MM-DD`")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _damaged(path: Path, problem: str) -> InputError:
    return InputError(
        f"cannot read the lock `{path}`: {problem}", hint="remove it, and write it anew with `basewise pin`"
    )
