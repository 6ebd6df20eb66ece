"""Which feed reads the files of which source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from basewise.advisories.debian_tracker import DebianTracker
from basewise.advisories.feed import Feed
from basewise.advisories.kev import Kev
from basewise.advisories.osv import Osv

__all__ = ["READERS", "DatedFile"]


class DatedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a source.

    Args:
        path: Where it is.
        as_of: Date of its data as `YYYY-MM-DD`, for data that carries none.
    """

    path: Path
    as_of: str


READERS: Mapping[str, Callable[[str, Sequence[DatedFile]], Feed]] = {
    "debian_tracker": lambda _, files: DebianTracker(files[0].path, as_of=files[0].as_of),
    "osv": lambda scope, files: Osv(files[0].path, scope, as_of=files[0].as_of),
    "kev": lambda _, files: Kev(files[0].path),
}
"""By feed: takes the scope of a source and its files."""
