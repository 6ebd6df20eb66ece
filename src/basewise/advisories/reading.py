"""Which feed reads the files of which source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from basewise.advisories.alpine_secdb import AlpineSecdb, ChainguardSecdb, WolfiSecdb
from basewise.advisories.cpython import Cpython
from basewise.advisories.debian_tracker import DebianTracker
from basewise.advisories.epss import Epss
from basewise.advisories.feed import Feed
from basewise.advisories.kev import Kev
from basewise.advisories.nvd import Nvd
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


def _paths(files: Sequence[DatedFile]) -> list[Path]:
    return [file.path for file in files]


def _oldest(files: Sequence[DatedFile]) -> str:
    """Return the date of the oldest of several files that are one source."""
    return min(file.as_of for file in files)


READERS: Mapping[str, Callable[[str, Sequence[DatedFile]], Feed]] = {
    "alpine_secdb": lambda scope, files: AlpineSecdb(_paths(files), scope, as_of=_oldest(files)),
    "chainguard_secdb": lambda _, files: ChainguardSecdb(_paths(files), as_of=_oldest(files)),
    "cpython": lambda _, files: Cpython(files[0].path),
    "debian_tracker": lambda _, files: DebianTracker(files[0].path, as_of=files[0].as_of),
    "epss": lambda _, files: Epss(files[0].path),
    "nvd": lambda _, files: Nvd(_paths(files)),
    "osv": lambda scope, files: Osv(files[0].path, scope, as_of=files[0].as_of),
    "kev": lambda _, files: Kev(files[0].path),
    "wolfi_secdb": lambda _, files: WolfiSecdb(_paths(files), as_of=_oldest(files)),
}
"""By feed: takes the scope of a source and its files."""
