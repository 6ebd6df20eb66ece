"""Reading a root file system directory as a layer, without ever leaving it.

Every directory is opened through its parent's handle and no link is followed, so that neither a link nor
somebody who moves things meanwhile leads out of the root. Pipes, sockets and devices are noted and never opened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from basewise._internal.tar import TarMember
from basewise.errors import ImageError
from basewise.image.collect import LayerCollector, TooManyEntriesError
from basewise.image.content import LayerContent
from basewise.image.image import DirectoryLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.image.wanted import Wanted

__all__ = ["read_directory"]

# Not all of these exist on Windows, where this module is imported and says that it cannot work.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_OPEN_FILE = os.O_RDONLY | _NO_LINK | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_OPEN_DIRECTORY = _OPEN_FILE | getattr(os, "O_DIRECTORY", 0)
_FLAGS = {
    stat.S_IFREG: "0", stat.S_IFLNK: "2", stat.S_IFCHR: "3", stat.S_IFBLK: "4", stat.S_IFDIR: "5", stat.S_IFIFO: "6",
}  # fmt: skip
_SOCKET = "6"
_PSEUDO = frozenset({"dev", "proc", "sys"})


def read_directory(layer: DirectoryLayer, wanted: Wanted, limits: Limits = DEFAULT_LIMITS) -> LayerContent:
    """Read a root file system.

    Args:
        layer: The directory.
        wanted: Which files are kept.
        limits: As for a layer.

    Raises:
        ImageError: The directory cannot be read at all.
    """
    if os.open not in os.supports_dir_fd:
        raise ImageError("this system cannot read a root file system safely", hint="use an archive of it")
    targets: frozenset[str] = frozenset()
    while True:
        collector = LayerCollector(layer.name, wanted, limits, targets)
        try:
            _Walk(collector, limits).root(layer.root)
        except TooManyEntriesError:
            collector.remark(
                f"it has more than {limits.entries} entries; the others were not read (limit `entries`)"
            )
        except OSError as error:
            raise ImageError(f"cannot read {layer.name}: {error.strerror or error}") from error
        missing = collector.missing_targets()
        if not missing or targets:
            return collector.finish(digest=None, diff_id=None, stored_bytes=None, tar_bytes=0)
        targets = frozenset(missing)


class _Walk:
    """A walk that holds the handles of the directories it is in."""

    def __init__(self, collector: LayerCollector, limits: Limits) -> None:
        self._collector = collector
        self._limits = limits
        self._first_of: dict[tuple[int, int], str] = {}
        self._root_device = -1

    def root(self, path: Path) -> None:
        """Walk everything.

        Raises:
            OSError: The root itself cannot be opened.
        """
        handle = os.open(path, _OPEN_DIRECTORY & ~_NO_LINK)
        self._root_device = os.fstat(handle).st_dev
        self._directory(handle, "")

    def _directory(self, handle: int, path: str) -> None:
        """Walk one directory, whose handle is closed afterwards."""
        try:
            with os.scandir(handle) as listed:
                names = sorted(entry.name for entry in listed)
            for name in names:
                self._entry(handle, name, f"{path}/{name}" if path else name)
        finally:
            os.close(handle)

    def _entry(self, parent: int, name: str, path: str) -> None:
        try:
            known = os.stat(name, dir_fd=parent, follow_symlinks=False)
            kind = stat.S_IFMT(known.st_mode)
            link = os.readlink(name, dir_fd=parent) if kind == stat.S_IFLNK else ""
            wanted = self._collector.visit(self._member(path, known, kind, link))
            if kind == stat.S_IFDIR and not self._is_pseudo(path, known):
                if path.count("/") >= self._limits.path_depth:
                    return
                self._directory(os.open(name, _OPEN_DIRECTORY, dir_fd=parent), path)
            elif wanted:
                self._collector.store(_read_file(parent, name, known.st_size))
        except OSError as error:
            self._collector.remark_path(path, f"it cannot be read: {error.strerror or error}")

    def _member(self, path: str, known: os.stat_result, kind: int, link: str) -> TarMember:
        flag = _FLAGS.get(kind, _SOCKET)
        if flag == "0" and known.st_nlink > 1:
            first = self._first_of.setdefault((known.st_dev, known.st_ino), path)
            if first != path:
                flag, link = "1", first
        size = known.st_size if flag == "0" else 0
        return TarMember(path, flag, link, size, stat.S_IMODE(known.st_mode), None, size)

    def _is_pseudo(self, path: str, known: os.stat_result) -> bool:
        """Tell whether this is what a running system mounts over an empty directory of its root."""
        return path in _PSEUDO and known.st_dev != self._root_device


def _read_file(parent: int, name: str, size: int) -> bytes:
    """Read a regular file of `size` bytes, opened without following a link or waiting for a pipe.

    Raises:
        OSError: It cannot be read, or is no longer what it was.
    """
    handle = os.open(name, _OPEN_FILE, dir_fd=parent)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it was replaced while it was read")
        content = file.read(size + 1)
    if len(content) != size:
        raise OSError(0, "it changed while it was read")
    return content
