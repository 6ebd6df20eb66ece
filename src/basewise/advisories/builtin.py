"""The feeds that there are: one explicit list.

A new feed is a class with `name` and `collect` (see `feed.py`), and a line here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from basewise.advisories.alpine_secdb import AlpineSecdb, ChainguardSecdb, WolfiSecdb
from basewise.advisories.cpython import Cpython
from basewise.advisories.debian_archive import DebianArchive
from basewise.advisories.debian_tracker import DebianTracker
from basewise.advisories.epss import Epss
from basewise.advisories.feed import Feed
from basewise.advisories.kev import Kev
from basewise.advisories.nvd import Nvd
from basewise.advisories.osv import Osv

__all__ = ["EMBEDDED_FEED_NAMES", "FEEDS", "FEED_NAMES", "FILES", "archive_feed", "file_feeds"]

FEEDS = (
    AlpineSecdb,
    ChainguardSecdb,
    Cpython,
    DebianArchive,
    DebianTracker,
    Epss,
    Kev,
    Nvd,
    Osv,
    WolfiSecdb,
)
FEED_NAMES = tuple(feed.name for feed in FEEDS)

EMBEDDED_FEED_NAMES = tuple(feed.name for feed in (Cpython, DebianArchive, DebianTracker, Kev))
"""Feeds of which the store that comes with the package holds facts."""

FILES = {
    Cpython: "cpython/security_fixes.json",
    DebianTracker: "debian-tracker/annotations.json",
    Kev: "kev/known_exploited_vulnerabilities.json",
}
"""Where the feeds that read files find theirs, below the data folder."""


def file_feeds(folder: Path) -> tuple[Feed, ...]:
    """Return the feeds whose file is in a data folder.

    Args:
        folder: The data folder; a feed whose file is not there is left out.
    """
    return tuple(feed(folder / name) for feed, name in FILES.items() if (folder / name).is_file())


@contextmanager
def archive_feed(sources: Collection[str], *, cache: Path | None) -> Iterator[Feed]:
    """Give the feed over the Debian archive that apt or the settings name, connected while it is used.

    Args:
        sources: Source packages to look at.
        cache: Directory for downloaded indexes and changelogs; None keeps nothing.

    Raises:
        ArchiveError: No archive is named anywhere.
    """
    from basewise._internal.http import HttpClient  # noqa: PLC0415 - only this feed connects anywhere
    from basewise.debian.archive import Archive  # noqa: PLC0415 - the same
    from basewise.debian.mirrors import find_mirrors  # noqa: PLC0415 - the same

    changelogs = cache / "changelogs" if cache is not None else None
    indexes = cache / "indexes" if cache is not None else None
    with HttpClient() as client:
        yield DebianArchive(Archive(find_mirrors(), client, cache=indexes), sources=sources, cache=changelogs)
