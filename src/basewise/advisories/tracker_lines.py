"""Lines of Debian's security tracker, from both shapes in which they are published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.feed import Skipped

__all__ = ["UNKNOWN", "TrackerLine", "TrackerReading", "read_annotations", "read_tracker"]

_STATUSES = frozenset(
    {
        "fixed",
        "unfixed",
        "not-affected",
        "no-dsa",
        "postponed",
        "ignored",
        "end-of-life",
        "undetermined",
        "removed",
    }
)
_NOT_IN_DEBIAN = "itp"
_NO_URGENCY = frozenset({"", "not yet assigned", "end-of-life"})
_URGENCIES = frozenset({"unimportant", "low", "medium", "high"})
UNKNOWN = "unknown"
"""Status of a line whose own is none that is known: it says that something is the matter, not what."""


class TrackerLine(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What the tracker says of one vulnerability and one source package.

    Args:
        id: CVE id or a temporary one.
        package: Source package.
        release: Codename, "" for unstable.
        status: One of the tracker's words, or `UNKNOWN`.
        version: The fixed version, "" when the status has none.
        urgency: `unimportant`, `low`, `medium`, `high` or "".
        advisories: DSA and DLA ids that name the vulnerability, where their versions are not in the lines.
    """

    id: str
    package: str
    release: str
    status: str
    version: str = ""
    urgency: str = ""
    advisories: tuple[str, ...] = ()


class TrackerReading(NamedTuple):
    """What a document of the tracker says.

    Args:
        lines: What was understood; a line with an unknown status is among them, as `UNKNOWN`.
        odd: Words in them that are not known.
        bad: Entries that are of another shape: nothing of them is among the lines.
        entries: Number of entries, a vulnerability of a package each, or a vulnerability where packages stand below.
    """

    lines: list[TrackerLine]
    odd: list[Skipped]
    bad: list[Skipped]
    entries: int


class _Annotation(msgspec.Struct, frozen=True):
    """One line as the collection of annotations writes it."""

    package: str
    kind: str
    release: str | None = None
    version: str | None = None
    severity: str | None = None


class _Annotated(msgspec.Struct, frozen=True):
    """One vulnerability of the collection."""

    annotations: list[_Annotation]
    xrefs: list[str] = []


class _ReleaseState(msgspec.Struct, frozen=True):
    """State of one release in the tracker's own JSON."""

    status: str
    fixed_version: str = ""
    urgency: str = ""
    nodsa: str | None = None
    nodsa_reason: str | None = None


class _Tracked(msgspec.Struct, frozen=True):
    """One vulnerability of one package in the tracker's own JSON."""

    releases: dict[str, _ReleaseState]


def read_annotations(cves: Mapping[str, Any]) -> TrackerReading:
    """Read the collection: CVE → annotations.

    Returns:
        Lines, and what was not understood. Lines about `experimental` and about packages that Debian does not
        have concern no release, and are not among either.
    """
    lines: list[TrackerLine] = []
    odd: list[Skipped] = []
    bad: list[Skipped] = []
    for identifier, value in cves.items():
        try:
            entry = msgspec.convert(value, prepared(_Annotated))
        except msgspec.ValidationError as error:
            bad.append(Skipped(identifier, str(error)))
            continue
        advisories = tuple(sorted(name for name in entry.xrefs if name.startswith(("DSA-", "DLA-"))))
        for item in entry.annotations:
            if item.kind == _NOT_IN_DEBIAN or item.release == "experimental":
                continue
            status = item.kind
            if status not in _STATUSES:
                odd.append(Skipped(f"{identifier} {item.package}", _unknown("status", status)))
                status = UNKNOWN
            line = TrackerLine(
                id=identifier,
                package=item.package,
                release=item.release or "",
                status=status,
                version=item.version or "",
                urgency=_urgency(item.severity or "", f"{identifier} {item.package}", odd),
                advisories=advisories,
            )
            lines.append(line)
    return TrackerReading(lines, odd, bad, len(cves))


def read_tracker(packages: Mapping[str, Any]) -> TrackerReading:
    """Read the tracker's own JSON: source package → CVE → state per release.

    Returns:
        Lines, and what was not understood. See `read_annotations`.
    """
    lines: list[TrackerLine] = []
    odd: list[Skipped] = []
    bad: list[Skipped] = []
    entries = 0
    for package, vulnerabilities in packages.items():
        if not isinstance(vulnerabilities, dict):
            entries += 1
            bad.append(Skipped(package, "no table of vulnerabilities"))
            continue
        entries += len(vulnerabilities)
        for identifier, value in vulnerabilities.items():
            try:
                entry = msgspec.convert(value, prepared(_Tracked))
            except msgspec.ValidationError as error:
                bad.append(Skipped(f"{identifier} {package}", str(error)))
                continue
            for release, state in entry.releases.items():
                status = _status(state)
                what = f"{identifier} {package} {release}"
                if status == UNKNOWN:
                    odd.append(Skipped(what, _unknown("status", state.status)))
                line = TrackerLine(
                    id=identifier,
                    package=package,
                    release="" if release == "sid" else release,
                    status=status,
                    version=state.fixed_version if status == "fixed" else "",
                    urgency=_urgency(state.urgency, what, odd),
                )
                lines.append(line)
    return TrackerReading(lines, odd, bad, entries)


def _unknown(field: str, value: str) -> str:
    return f"unknown {field} `{value[:40]}`"


def _urgency(value: str, what: str, odd: list[Skipped]) -> str:
    """Return an urgency; the stars of older copies say that it was set by a machine."""
    word = value.rstrip("*")
    if word in _URGENCIES:
        return word
    if word not in _NO_URGENCY:
        odd.append(Skipped(what, _unknown("urgency", value)))
    return ""


def _status(state: _ReleaseState) -> str:
    """Return the line's word for a state; a fixed version of 0 means that it never was affected."""
    if state.status == "resolved":
        return "not-affected" if state.fixed_version in {"", "0"} else "fixed"
    if state.status == "undetermined":
        return "undetermined"
    if state.status != "open":
        return UNKNOWN
    if state.urgency == "end-of-life":
        return "end-of-life"
    if state.nodsa is None and not state.nodsa_reason:
        return "unfixed"
    return state.nodsa_reason if state.nodsa_reason in {"ignored", "postponed"} else "no-dsa"
