"""CPython's release notes as collected, and in which release of each branch an issue first appears."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import msgspec

from basewise.versions.pep440 import phase_of, release_branch, sort_key

__all__ = ["Release", "ReleaseNotes", "fixed_in_branches"]


class Release(msgspec.Struct, frozen=True):
    """Security-relevant names of one release's notes.

    Args:
        version: `3.12.14`.
        date: `YYYY-MM-DD`.
        cves, cves_other_sections: CVE ids that entries name as fixed.
        cves_mentioned_only: Named, but the entry is not the fix.
        cves_not_linux: The entry concerns other systems.
        cves_suspicious: The id looks like a placeholder.
        cves_by_issue: Issue → CVE ids of its entry.
        security_issues, other_issues: Issue numbers of entries.
    """

    version: str
    date: str
    cves: tuple[str, ...] = ()
    cves_other_sections: tuple[str, ...] = ()
    cves_mentioned_only: tuple[str, ...] = ()
    cves_not_linux: tuple[str, ...] = ()
    cves_suspicious: tuple[str, ...] = ()
    cves_by_issue: dict[str, tuple[str, ...]] = {}
    security_issues: tuple[str, ...] = ()
    other_issues: tuple[str, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """An issue of a CVE, and how the two are known to belong together."""

    issue: str
    how: tuple[str, ...]


class Tracked(msgspec.Struct, frozen=True):
    """A CVE: its issues, and what the collection states of branches.

    Args:
        links: Issues.
        first_release: Branch → version, or `inherited from VERSION`.
        probable_gap: Branch → release that was not seen and probably holds the fix.
    """

    links: tuple[Link, ...]
    first_release: dict[str, str] = {}
    probable_gap: dict[str, str] = {}


class Derived(msgspec.Struct, frozen=True):
    """Links between CVE ids and issues."""

    cves: dict[str, Tracked]


class ReleaseNotes(msgspec.Struct, frozen=True):
    """The whole collection.

    Args:
        as_of: Date, `YYYY-MM-DD`.
        coverage: Branch → what was read of it.
        gaps: Releases that were not seen.
        releases: What was read.
        derived: CVE → issues.
    """

    as_of: str
    releases: tuple[Release, ...]
    derived: Derived
    coverage: dict[str, str] = {}
    gaps: dict[str, str] = {}


def fixed_in_branches(
    issues: AbstractSet[str], releases: Iterable[Release], branches: tuple[str, ...]
) -> dict[str, str]:
    """Return branch → release that holds the fix.

    An entry is the first release of the branch whose notes name the issue. Where a vulnerability has
    several issues, the last of them counts: the first attempt was not the fix. A branch inherits from the
    main line: what an older branch fixed while it was the main line is in every later branch, under the
    version that fixed it there.

    Args:
        issues: Issue numbers of one vulnerability.
        releases: Notes of all branches.
        branches: Branches in their order.
    """
    read = tuple(releases)
    fixes: dict[str, str] = {}
    for issue in sorted(issues):
        for branch, version in _fixed_for_issue(issue, read, branches).items():
            if branch not in fixes or sort_key(version) > sort_key(fixes[branch]):
                fixes[branch] = version
    return fixes


def _fixed_for_issue(issue: str, releases: tuple[Release, ...], branches: tuple[str, ...]) -> dict[str, str]:
    """Return branch → first release whose notes name the issue, inherited ones included."""
    fixes: dict[str, str] = {}
    for release in releases:
        if issue not in release.security_issues and issue not in release.other_issues:
            continue
        branch = release_branch(release.version)
        if branch not in fixes or sort_key(release.version) < sort_key(fixes[branch]):
            fixes[branch] = release.version
    inherited = ""
    for branch in branches:
        if branch in fixes:
            inherited = inherited or (fixes[branch] if _on_main_line(fixes[branch]) else "")
        elif inherited:
            fixes[branch] = inherited
    return fixes


def _on_main_line(version: str) -> bool:
    """Tell whether a release was cut from the main line: alphas, and the first beta of a branch."""
    phase = phase_of(version)
    return phase is not None and (phase[0] == "a" or phase == ("b", 1))
