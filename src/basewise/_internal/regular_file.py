"""Opening a file that somebody else laid out: a regular one, not a link, a pipe or a device."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_regular"]

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_regular(path: Path, *, follow: bool = False) -> BinaryIO:
    """Open a regular file.

    Args:
        path: The file.
        follow: A symbolic link may lead to it; for what a user names, not for what lies inside.

    Raises:
        OSError: There is none, or it is something else.
    """
    handle = os.open(path, _FLAGS & ~getattr(os, "O_NOFOLLOW", 0) if follow else _FLAGS)
    file = os.fdopen(handle, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise OSError(0, "it is no regular file")
    return file
