"""Known exploited vulnerabilities: the ids of CISA's list, with its date."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.bad_records import refuse_bad
from basewise.advisories.content import ECOSYSTEM_OF_EXPLOITED
from basewise.advisories.cve import is_cve
from basewise.advisories.feed import FeedResult, Skipped
from basewise.advisories.read_input import input_of, read_input
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus
from basewise.progress import Progress

__all__ = ["Kev"]

NAME = "kev"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Entry(msgspec.Struct, frozen=True):
    """One vulnerability of the list."""

    cve: str = msgspec.field(name="cveID")


class _Catalogue(msgspec.Struct, frozen=True):
    """The list; entries are read one by one, so that a bad one is no more than that."""

    released: str = msgspec.field(name="dateReleased")
    vulnerabilities: list[msgspec.Raw]


class Kev:
    """Reads the list's JSON file.

    Args:
        path: The file.
    """

    name = NAME

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self, progress: Progress) -> FeedResult:
        """Read the ids; an id of another form is left out and named.

        Raises:
            StoreError: The file is missing or of another shape.
        """
        progress.step("reading the list of known exploited vulnerabilities")
        raw = read_input(self._path)
        try:
            catalogue = msgspec.json.decode(raw, type=prepared(_Catalogue))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise StoreError(f"cannot read `{self._path}`: {error}", hint="fetch it again") from error
        as_of = catalogue.released[:10]
        if not _DATE.fullmatch(as_of):
            raise StoreError(f"cannot read `{self._path}`: dateReleased is no date")
        entries = [_named(entry) for entry in catalogue.vulnerabilities]
        bad = [Skipped(f"entry {place}", "without an id") for place, name in enumerate(entries) if not name]
        refuse_bad(self._path, len(entries), bad)
        named = set(entries)
        exploited = tuple(sorted(name for name in named if is_cve(name)))
        return FeedResult(
            sources=(
                SourceStatus(
                    name=NAME,
                    ecosystem=ECOSYSTEM_OF_EXPLOITED,
                    as_of=as_of,
                    entries=len(exploited),
                    verified=False,
                ),
            ),
            exploited=exploited,
            skipped=tuple(Skipped(name[:40], "not a CVE id") for name in sorted(named - set(exploited))),
            inputs=(input_of(self._path, raw, as_of),),
        )


def _named(entry: msgspec.Raw) -> str:
    """Return the id of an entry, "" for one without."""
    try:
        return msgspec.json.decode(entry, type=prepared(_Entry)).cve
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
