"""The application folder: every file is opened here, size-capped, and only beneath the folder.

An application folder is hostile input: a name in it may be a link to somewhere else, a FIFO that blocks, a device
without end. Only regular files are read, only where their real path lies beneath the boundary.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Self

from basewise.errors import ApplicationError, ManifestError

__all__ = ["MAX_FOLDER_ENTRIES", "MAX_MANIFEST_BYTES", "Folder"]

MAX_MANIFEST_BYTES = 4 << 20
MAX_FOLDER_ENTRIES = 20_000
_OPEN_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


class Folder:
    """Reads the files of one application.

    Args:
        path: The application folder, as the user named it.
        boundary: Real directory that no file may lie outside of; contains the folder.
    """

    def __init__(self, path: Path, boundary: Path) -> None:
        self.path = path
        self.root = path.resolve()
        self.boundary = boundary

    @classmethod
    def open(cls, path: Path, project_root: Path | None = None) -> Self:
        """Check that `path` is a folder that can be listed, beneath `project_root` where one is given.

        Raises:
            ApplicationError: It is missing, no folder, not readable or outside the project root.
        """
        try:
            root = path.resolve()
            if not stat.S_ISDIR(root.stat().st_mode):
                raise ApplicationError(
                    f"cannot read the application `{path}`: it is no folder",
                    hint="name the application's folder, and a single file with `-r FILE`",
                )
            boundary = root if project_root is None else project_root.resolve()
            with os.scandir(root) as entries:
                next(entries, None)
        except (OSError, ValueError, RuntimeError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise ApplicationError(
                f"cannot read the application `{path}`: {problem}", hint="name the application's folder"
            ) from error
        if not root.is_relative_to(boundary):
            raise ApplicationError(
                f"the application `{path}` does not lie beneath the project root `{project_root}`",
                hint="`--project-root` names a folder that contains the application",
            )
        return cls(path, boundary)

    def exists(self, name: str) -> bool:
        """Return whether something of that name is there, readable or not."""
        try:
            return os.path.lexists(self.root / name)
        except ValueError:
            return False

    def listing(self, directory: str = "") -> tuple[str, ...]:
        """Return the names in a directory of the application, sorted; () when it cannot be listed.

        At most `MAX_FOLDER_ENTRIES` names are looked at.
        """
        target = self.root / directory
        if not self._contains(target):
            return ()
        try:
            with os.scandir(target) as entries:
                names = [entry.name for entry, _ in zip(entries, range(MAX_FOLDER_ENTRIES), strict=False)]
        except OSError:
            return ()
        return tuple(sorted(name for name in names if _is_text(name)))

    def is_directory(self, name: str) -> bool:
        """Return whether `name` is a directory of the application itself, not a link."""
        try:
            return stat.S_ISDIR(os.lstat(self.root / name).st_mode)
        except (OSError, ValueError):
            return False

    def relative(self, path: Path) -> str:
        """Return the name of a file as it is shown: relative to the application, with `/`."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def read_bytes(self, name: str, *, max_bytes: int = MAX_MANIFEST_BYTES) -> bytes:
        """Return the content of a regular file.

        Args:
            name: Relative to the application, with `/`.
            max_bytes: A larger file is refused.

        Raises:
            ManifestError: Missing, unreadable, no regular file, too large, or outside the boundary.
        """
        try:
            real = Path(os.path.realpath(self.root / name))
            if not real.is_relative_to(self.boundary):
                raise ManifestError(
                    name,
                    None,
                    "it leads outside the application folder",
                    hint="move the file into the folder, or allow a parent folder with `--project-root`",
                )
            return _read_regular(name, real, max_bytes)
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise ManifestError(name, None, problem[:1].lower() + problem[1:]) from error

    def read_text(self, name: str, *, max_bytes: int = MAX_MANIFEST_BYTES) -> str:
        """Return the text of a UTF-8 file with bare newlines and without a byte order mark.

        Raises:
            ManifestError: As `read_bytes`, or the file is not UTF-8 or holds a NUL.
        """
        raw = self.read_bytes(name, max_bytes=max_bytes)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if raw.startswith(mark):
                raise ManifestError(
                    name,
                    1,
                    f"the file is {encoding}, not UTF-8",
                    hint="save it as UTF-8 (PowerShell: `-Encoding utf8`)",
                )
        if b"\0" in raw:
            line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
            raise ManifestError(name, line, "a NUL character", hint="save the file as plain UTF-8 text")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise ManifestError(name, line, "not UTF-8", hint="save the file as UTF-8") from error
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _contains(self, path: Path) -> bool:
        try:
            return Path(os.path.realpath(path)).is_relative_to(self.boundary)
        except (OSError, ValueError):
            return False


def _read_regular(name: str, real: Path, max_bytes: int) -> bytes:
    if not stat.S_ISREG(real.lstat().st_mode):
        raise ManifestError(name, None, "it is no regular file")
    handle = os.open(real, _OPEN_FLAGS | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ManifestError(name, None, "it is no regular file")
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ManifestError(name, None, f"it is larger than {max_bytes >> 10} KiB")
    return content


def _is_text(name: str) -> bool:
    """Return whether a file name is UTF-8: others can be named by no manifest."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
