"""A root file system directory as an image of one layer."""

from __future__ import annotations

import platform as machine
from pathlib import Path

from basewise.errors import ImageError, InvalidValueError
from basewise.image.config import ImageConfig
from basewise.image.image import DirectoryLayer, Image
from basewise.model.platform import LINUX_AMD64, Platform

__all__ = ["open_directory"]


def open_directory(root: Path, *, reference: str, platform: Platform | None = None) -> Image:
    """Open a root file system.

    Nothing in it says for which platform it was made; it is taken for the one that is asked for, else for that
    of this machine.

    Raises:
        ImageError: It is no directory.
    """
    if not root.is_dir():
        raise ImageError(f"cannot read {reference}: `{root}` is no directory")
    found = platform or _of_this_machine()
    return Image(
        reference=reference,
        name="",
        digest=None,
        index_digest=None,
        config_digest=None,
        platform=found,
        config=ImageConfig(platform=found),
        layers=(DirectoryLayer(root=root),),
    )


def _of_this_machine() -> Platform:
    try:
        return Platform.parse(f"linux/{machine.machine()}")
    except InvalidValueError:
        return LINUX_AMD64
