"""Debian's security tracker: states of a vulnerability per source package and release.

Two shapes are read into the same lines: a collection of annotations (`cves` → `annotations`), and the
tracker's own JSON (source package → CVE → `releases`). A line without a release speaks of unstable and,
where a release has no line of its own, of that release too.

Reference: "Security Tracker" pages of the Debian security team, section on the syntax of CVE lists.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from basewise.advisories.bad_records import refuse_bad
from basewise.advisories.feed import FeedResult, Skipped
from basewise.advisories.read_input import input_of, read_input
from basewise.advisories.tracker_lines import (
    UNKNOWN,
    TrackerLine,
    TrackerReading,
    read_annotations,
    read_tracker,
)
from basewise.errors import StoreError
from basewise.model.advisory import Advisory, FactKind, SourceStatus
from basewise.progress import Progress

__all__ = ["DEBIAN_RELEASES", "SELECTION", "DebianTracker", "normalise"]

NAME = "debian_tracker"
DEBIAN_RELEASES = ("bullseye", "bookworm", "trixie")
UNSTABLE = "sid"
FROM_UNSTABLE = "by the line of unstable"
SELECTION = "vulnerabilities only, copies of different dates"
"""In the note of a source that does not speak of every source package."""
NOT_UNDERSTOOD = "the tracker has a status that is not known here"

_OWN = {
    "fixed": FactKind.FIXED,
    "unfixed": FactKind.OPEN,
    "not-affected": FactKind.NOT_AFFECTED,
    "no-dsa": FactKind.NO_DSA,
    "postponed": FactKind.POSTPONED,
    "ignored": FactKind.IGNORED,
    "end-of-life": FactKind.END_OF_LIFE,
    "undetermined": FactKind.UNDETERMINED,
    "removed": FactKind.UNDETERMINED,
    UNKNOWN: FactKind.UNDETERMINED,
}
_SEVERITIES = {"unimportant": "negligible", "low": "low", "medium": "medium", "high": "high"}


class DebianTracker:
    """Reads a file of the tracker.

    Args:
        path: The JSON file, in one of the two shapes.
        as_of: Date of the data as `YYYY-MM-DD`, for the shape that carries none.
        releases: Codenames to state facts for, beside unstable.
    """

    name = NAME

    def __init__(self, path: Path, *, as_of: str = "", releases: tuple[str, ...] = DEBIAN_RELEASES) -> None:
        self._path = path
        self._as_of = as_of
        self._releases = releases

    def collect(self, progress: Progress) -> FeedResult:
        """Read the file.

        Raises:
            StoreError: It is missing, no JSON, of neither shape, or more than `MAX_BAD_SHARE` of its entries are bad.
        """
        progress.step(f"reading {self._path.name} of the Debian tracker")
        raw = read_input(self._path)
        reading, as_of, selection = _read(raw, self._path)
        refuse_bad(self._path, reading.entries, reading.bad)
        lines, skipped = reading.lines, [*reading.odd, *reading.bad]
        as_of = as_of or self._as_of
        if not as_of:
            raise StoreError(
                f"cannot use `{self._path}`: it carries no date", hint="give the date on which it was fetched"
            )
        advisories = normalise(lines, self._releases)
        skipped += _other_releases(lines, {"", UNSTABLE, *self._releases})
        vulnerabilities = len({line.id for line in lines})
        note = f"{vulnerabilities} {SELECTION}" if selection else ""
        return FeedResult(
            sources=(
                SourceStatus(
                    name=NAME,
                    ecosystem="debian",
                    as_of=as_of,
                    entries=len(advisories),
                    verified=False,
                    note=note,
                ),
            ),
            advisories=advisories,
            covered=tuple(sorted({(a.ecosystem, a.release, a.package) for a in advisories})),
            skipped=tuple(sorted(skipped)),
            inputs=(input_of(self._path, raw, as_of),),
        )


def _other_releases(lines: Iterable[TrackerLine], known: set[str]) -> list[Skipped]:
    """Say which releases have lines that no fact is made of: nothing is known of them then."""
    counted = Counter(line.release for line in lines if line.release not in known)
    return [
        Skipped(f"{number} lines", f"about release `{release[:40]}`, which is not read")
        for release, number in counted.items()
    ]


def normalise(lines: Iterable[TrackerLine], releases: tuple[str, ...]) -> tuple[Advisory, ...]:
    """Turn lines into one fact per vulnerability, source package and release.

    Args:
        lines: Lines of any shape.
        releases: Codenames to state facts for; `sid` is always among them.

    Returns:
        Sorted facts. A release without a line of its own gets what the line of unstable means for it: a
        version fixed there is `FIXED_ELSEWHERE` here, and with an advisory (DSA, DLA) whose fixed version
        is not in the lines, the state is `UNDETERMINED`.
    """
    grouped: dict[tuple[str, str], dict[str, TrackerLine]] = defaultdict(dict)
    for line in sorted(lines):
        grouped[line.id, line.package].setdefault(line.release or UNSTABLE, line)
    advisories = {
        _advisory(release, by_release)
        for by_release in grouped.values()
        for release in (*releases, UNSTABLE)
        if release in by_release or UNSTABLE in by_release
    }
    return tuple(sorted(advisories))


def _advisory(release: str, by_release: Mapping[str, TrackerLine]) -> Advisory:
    """Return the fact for one release, from its own line or from that of unstable."""
    unstable = by_release.get(UNSTABLE)
    line = by_release.get(release)
    if line is not None:
        kind, detail = _OWN[line.status], NOT_UNDERSTOOD if line.status == UNKNOWN else ""
    else:
        assert unstable is not None  # noqa: S101 - the caller names only releases with one of the two
        line = unstable
        kind, detail = _inherited(unstable)
    urgency = line.urgency or (unstable.urgency if unstable else "")
    if urgency == "unimportant" and kind in {FactKind.FIXED, FactKind.FIXED_ELSEWHERE, FactKind.OPEN}:
        kind = FactKind.UNIMPORTANT
    return Advisory(
        id=line.id,
        ecosystem="debian",
        release=release,
        package=line.package,
        kind=kind,
        version=line.version,
        origin=NAME,
        detail=detail,
        severity=_SEVERITIES.get(urgency, ""),
    )


def _inherited(unstable: TrackerLine) -> tuple[FactKind, str]:
    """Return what a line of unstable means for a release without its own line."""
    kind = _OWN[unstable.status]
    if unstable.advisories and kind in {FactKind.FIXED, FactKind.OPEN}:
        return FactKind.UNDETERMINED, f"fixed version of {', '.join(unstable.advisories)} not in this copy"
    if kind is FactKind.FIXED:
        return FactKind.FIXED_ELSEWHERE, FROM_UNSTABLE
    return kind, NOT_UNDERSTOOD if unstable.status == UNKNOWN else FROM_UNSTABLE


def _read(raw: bytes, path: Path) -> tuple[TrackerReading, str, bool]:
    """Return what it says, the date, and whether it is only a selection."""
    try:
        document = msgspec.json.decode(raw)
        if isinstance(document, dict) and isinstance(document.get("cves"), dict):
            return read_annotations(document["cves"]), str(document.get("as_of") or ""), True
        if isinstance(document, dict) and document:
            return read_tracker(document), "", False
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StoreError(f"cannot read `{path}`: {error}", hint="fetch it again") from error
    raise StoreError(f"cannot read `{path}`: neither annotations nor the tracker's JSON")
