"""Parsing Debian changelogs into entries and their items.

Reference: Debian Policy, section 4.4; deb-changelog(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from basewise.debian.release import iso_date

__all__ = ["ChangelogEntry", "ChangelogItem", "parse_changelog"]

MAX_ENTRIES = 20_000
MAX_LINE_CHARACTERS = 2_000
_HEADING = re.compile(r"(?P<source>[A-Za-z0-9][A-Za-z0-9+.-]*) \((?P<version>[^()\s]+)\)(?P<suites>[^;]*);")
_TRAILER = re.compile(r" ?-- .*?>\s*(?P<date>.*)")
_BULLET = re.compile(r"(?P<indent>[ \t]*)(?:[*+-]|\u2022)[ \t]+(?P<text>.*)")
_TAB_STOP = 8


class ChangelogItem(msgspec.Struct, frozen=True):
    """One bullet, or lines without one.

    Args:
        text: Its lines joined by spaces.
        context: Texts of the items that it stands below, outermost first.
    """

    text: str
    context: tuple[str, ...] = ()


class ChangelogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a changelog.

    Args:
        source: Source package name of that time.
        version: Source version.
        date: Of the trailer, `YYYY-MM-DD`, "" when it does not parse.
        items: What changed.
    """

    source: str
    version: str
    date: str
    items: tuple[ChangelogItem, ...]


def parse_changelog(data: bytes) -> tuple[ChangelogEntry, ...]:
    """Return the entries, newest first; what stands before the first heading is left out.

    Args:
        data: The changelog, at most `MAX_ENTRIES` entries of it are read.
    """
    entries: list[ChangelogEntry] = []
    heading: re.Match[str] | None = None
    body: list[str] = []
    date = ""
    for line in data.decode("utf-8", "replace").splitlines():
        match = _HEADING.match(line)
        if match is not None:
            if heading is not None:
                entries.append(_entry(heading, date, body))
                if len(entries) >= MAX_ENTRIES:
                    return tuple(entries)
            heading, body, date = match, [], ""
        elif (trailer := _TRAILER.match(line)) is not None:
            date = iso_date(trailer["date"])
        elif heading is not None:
            body.append(line[:MAX_LINE_CHARACTERS])
    if heading is not None:
        entries.append(_entry(heading, date, body))
    return tuple(entries)


def _entry(heading: re.Match[str], date: str, body: list[str]) -> ChangelogEntry:
    return ChangelogEntry(
        source=heading["source"], version=heading["version"], date=date, items=tuple(_items(body))
    )


def _items(lines: list[str]) -> Iterator[ChangelogItem]:
    """Group lines into items; an item stands below the nearest earlier one that is indented less."""
    parents: list[tuple[int, str]] = []
    indent, text = -1, ""
    for line in [*lines, ""]:
        shown = line.expandtabs(_TAB_STOP)
        match = _BULLET.fullmatch(shown)
        blank = not shown.strip()
        if match is None and not blank and text:
            text = f"{text} {shown.strip()}"
            continue
        if text:
            yield ChangelogItem(text, tuple(parent for _, parent in parents))
            parents.append((indent, text))
            text = ""
        if blank:
            # A blank line ends what may stand below a bullet only for unindented headings such as `[ Name ]`.
            continue
        indent = len(match["indent"]) if match else len(shown) - len(shown.lstrip())
        text = match["text"] if match else shown.strip()
        if match is None and text.startswith("["):
            parents, text = [], ""
            continue
        while parents and parents[-1][0] >= indent:
            parents.pop()
