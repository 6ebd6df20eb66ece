"""A directory of files that can be made again: written at once or not at all, the longest unused removed first.

Several processes may use one directory. A file appears whole by renaming, and one that is removed while somebody
reads it stays readable for them. Nobody has to wait for anybody, but who wants to make a file alone can.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["SizedDirectory", "remove_unfinished"]

_FULL_AFTER_SHRINKING = 0.9
_PARTIAL_SUFFIX = ".part"
_ABANDONED_SECONDS = 24 * 3600
_LOCK_SUFFIX = ".lock"
LOCK_SECONDS = 600.0
_LOOKS_AGAIN_SECONDS = 0.02
# Written by any thread at this moment. A set adds and removes one item at a time for all threads.
_unfinished: set[str] = set()


def remove_unfinished() -> None:
    """Remove what threads of this process are still writing; for a process that ends without waiting for them."""
    for temporary in tuple(_unfinished):
        with contextlib.suppress(OSError):
            Path(temporary).unlink()


class SizedDirectory:
    """Files by name, at most `max_bytes` together.

    Args:
        path: Made with mode 0700 when it is missing. A directory of another user is not used.
        max_bytes: The cap; the newest file stays even when it alone is larger.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.usable = _prepare(path)

    def find(self, name: str) -> Path | None:
        """Return the file of this name and mark it as used; None when there is none."""
        path = self.path / name
        if not self.usable:
            return None
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def read(self, name: str) -> bytes | None:
        """Return the content of the file of this name and mark it as used; None when there is none."""
        path = self.find(name)
        try:
            return path.read_bytes() if path is not None else None
        except OSError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Keep a file, if that is possible: a cache that cannot be written costs time and nothing else."""
        with contextlib.suppress(OSError), self.writing(name) as file:
            file.write(content)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Give a file to write; it gets its name when the block ends well.

        Raises:
            OSError: It could not be written.
        """
        if not self.usable:
            raise PermissionError(f"{self.path} cannot be used")
        handle, temporary = tempfile.mkstemp(dir=self.path, suffix=_PARTIAL_SUFFIX)
        _unfinished.add(temporary)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            Path(temporary).replace(self.path / name)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
        finally:
            _unfinished.discard(temporary)
        self._shrink(name)

    @contextlib.contextmanager
    def alone(self, name: str, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold a name, so that of several processes and threads one makes the file; the others wait.

        Look inside the block whether the file is there by now.

        Args:
            name: What is held; names that begin alike are held together.
            seconds: After this the block runs all the same.
        """
        handle = _open_lock(self.path / f"{name[:2]}{_LOCK_SUFFIX}") if self.usable else None
        try:
            if handle is not None:
                _wait_for(handle, seconds)
            yield
        finally:
            if handle is not None:
                os.close(handle)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(OSError):
            (self.path / name).unlink()

    def _shrink(self, newest: str) -> None:
        """Remove the longest unused files while there is too much; abandoned partial ones too."""
        files: list[tuple[float, int, str]] = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.path):
                if entry.name.endswith(_LOCK_SUFFIX):
                    continue
                with contextlib.suppress(OSError):
                    known = entry.stat(follow_symlinks=False)
                    files.append((known.st_mtime, known.st_size, entry.name))
        latest = max((used for used, _, _ in files), default=0.0)
        total = sum(size for _, size, _ in files)
        too_much = total > self.max_bytes
        for used, size, name in sorted(files):
            partial = name.endswith(_PARTIAL_SUFFIX)
            if partial and latest - used > _ABANDONED_SECONDS:
                self.remove(name)
            elif (
                too_much and not partial and name != newest and total > self.max_bytes * _FULL_AFTER_SHRINKING
            ):
                self.remove(name)
                total -= size


def _open_lock(path: Path) -> int | None:
    """Return a handle to lock; None where that cannot be, as on Windows: then nobody waits."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if os.name == "posix" else None
    except OSError:
        return None


def _wait_for(handle: int, seconds: float) -> None:
    """Lock a file, or give up; the lock ends with the handle, also when the process is killed."""
    import fcntl  # noqa: PLC0415 - not on Windows

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOKS_AGAIN_SECONDS)
        except OSError:
            return  # a file system without locks
        else:
            return


def _prepare(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = path.stat()
    except OSError:
        return False
    return not hasattr(os, "geteuid") or known.st_uid == os.geteuid()
