"""Security fixes of CPython, release branch by release branch.

A fix lands in each branch on its own, and most entries of the release notes name an issue and no CVE. So a
CVE is followed through the branches by its issue numbers, and each branch gets its own fact.

Reference: the changelog of CPython's documentation, section "Security" of each release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.cpython_notes import Release, ReleaseNotes, fixed_in_branches
from basewise.advisories.feed import FeedResult, Skipped
from basewise.advisories.read_input import input_of, read_input
from basewise.errors import InvalidValueError, StoreError
from basewise.model.advisory import Advisory, FactKind, SourceStatus
from basewise.progress import Progress
from basewise.versions.pep440 import release_branch, sort_key

__all__ = ["Cpython"]

NAME = "cpython"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Cpython:
    """Reads a collection of CPython's release notes.

    Args:
        path: The JSON file.
    """

    name = NAME

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self, progress: Progress) -> FeedResult:
        """Read the file.

        Raises:
            StoreError: It is missing or of another shape.
        """
        progress.step("reading CPython's security fixes")
        raw = read_input(self._path)
        try:
            return self._result(msgspec.json.decode(raw, type=prepared(ReleaseNotes)), raw)
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidValueError, RecursionError) as error:
            raise StoreError(f"cannot read `{self._path}`: {error}", hint="fetch it again") from error

    def _result(self, notes: ReleaseNotes, raw: bytes) -> FeedResult:
        """Return what release notes say.

        Raises:
            InvalidValueError: Something in the place of a version is none.
            StoreError: It carries no date.
        """
        if not _DATE.fullmatch(notes.as_of):
            raise StoreError(f"cannot read `{self._path}`: as_of is no date")
        releases: dict[str, list[Release]] = {branch: [] for branch in _branches(notes.releases)}
        for release in notes.releases:
            releases[release_branch(release.version)].append(release)
        facts, skipped = _facts(notes, tuple(releases))
        newest = {branch: max((r.version for r in found), key=sort_key) for branch, found in releases.items()}
        oldest = {branch: min(found, key=lambda r: sort_key(r.version)) for branch, found in releases.items()}
        by_branch = {branch: sum(fact.release == branch for fact in facts) for branch in releases}
        return FeedResult(
            sources=tuple(
                SourceStatus(
                    name=f"{NAME} {branch}",
                    ecosystem="cpython",
                    as_of=notes.as_of,
                    entries=by_branch[branch],
                    verified=False,
                    note=_note(branch, newest[branch], notes),
                )
                for branch in releases
            ),
            advisories=facts,
            covered=tuple(("cpython", branch, "cpython") for branch in releases),
            oldest=tuple(("cpython", b, "cpython", r.version, r.date) for b, r in oldest.items()),
            current=tuple(("cpython", branch, "cpython", version) for branch, version in newest.items()),
            skipped=skipped,
            inputs=(input_of(self._path, raw, notes.as_of),),
        )


def _branches(releases: Iterable[Release]) -> tuple[str, ...]:
    """Return the branches in their order."""
    return tuple(sorted({release_branch(release.version) for release in releases}, key=sort_key))


def _note(branch: str, newest: str, notes: ReleaseNotes) -> str:
    """Return what is missing of a branch, in words that carry its newest release; "" where nothing is."""
    covered = notes.coverage.get(branch, "")
    gaps = sorted(
        (name for name in notes.gaps if release_branch(name.split("-")[0]) == branch),
        key=lambda name: sort_key(name.split("-")[0]),
    )
    if not gaps and covered.startswith("complete"):
        return ""
    parts = [f"read up to {newest}"]
    if gaps:
        parts.append(f"not seen: {', '.join(gaps)}")
    if not covered.startswith("complete"):
        parts.append("incomplete: releases after it were not seen")
    return "; ".join(parts)


def _facts(
    notes: ReleaseNotes, branches: tuple[str, ...]
) -> tuple[tuple[Advisory, ...], tuple[Skipped, ...]]:
    """Return the facts of all CVEs and of the security entries without one."""
    dates = {release.version: release.date for release in notes.releases}
    left_out = _left_out(notes.releases)
    facts: set[Advisory] = set()
    linked = _issues_of_other_systems(notes.releases)
    for identifier, tracked in sorted(notes.derived.cves.items()):
        if identifier in left_out:
            continue
        issues = {link.issue: ", ".join(link.how) for link in tracked.links}
        linked |= set(issues)
        fixes = fixed_in_branches(set(issues), notes.releases, branches)
        _add_stated(fixes, tracked.first_release, branches)
        how = "; ".join(f"{issue} ({reading})" for issue, reading in sorted(issues.items()))
        details = _details(fixes, branches, tracked.probable_gap, how)
        facts.update(_fact(identifier, branch, fixes, dates, details[branch]) for branch in branches)
    unlinked = {issue for release in notes.releases for issue in release.security_issues} - linked
    for issue in sorted(unlinked):
        fixes = fixed_in_branches({issue}, notes.releases, branches)
        facts.update(_fact(issue, branch, fixes, dates, "no CVE named") for branch in fixes)
    skipped = tuple(Skipped(name, why) for name, why in sorted(left_out.items()))
    return tuple(sorted(facts)), skipped


def _details(
    fixes: Mapping[str, str], branches: Iterable[str], gaps: Mapping[str, str], how: str
) -> dict[str, str]:
    """Return branch → how its state is known."""
    elsewhere = ", ".join(sorted(set(fixes.values()), key=sort_key))
    return {
        branch: how
        if branch in fixes
        else f"probably fixed in {gaps[branch]}, whose release notes were not seen"
        if branch in gaps
        else f"fixed in {elsewhere}, not named in {branch}"
        for branch in branches
    }


def _fact(
    identifier: str, branch: str, fixes: Mapping[str, str], dates: Mapping[str, str], detail: str
) -> Advisory:
    """Return what is known of one vulnerability in one branch; without a fix there it is undetermined."""
    version = fixes.get(branch, "")
    return Advisory(
        id=identifier,
        ecosystem="cpython",
        release=branch,
        package="cpython",
        kind=FactKind.FIXED if version else FactKind.UNDETERMINED,
        version=version,
        origin=NAME,
        published=dates.get(version, ""),
        detail=detail,
    )


def _add_stated(fixes: dict[str, str], first_release: Mapping[str, str], branches: Iterable[str]) -> None:
    """Add what the collection states; where its version and that of the notes differ, the later one holds.

    `inherited from 3.13.0a3` is that version: every release of the branch is newer.
    """
    for branch in branches:
        stated = first_release.get(branch, "").removeprefix("inherited from ")
        if stated and (branch not in fixes or sort_key(stated) > sort_key(fixes[branch])):
            fixes[branch] = stated


def _left_out(releases: Iterable[Release]) -> dict[str, str]:
    """Return CVE ids that are no finding on Linux, with the reason."""
    left_out = {}
    for release in releases:
        left_out.update(dict.fromkeys(release.cves_not_linux, "concerns Windows or macOS only"))
        left_out.update(dict.fromkeys(release.cves_suspicious, "the id looks like a placeholder"))
    named = {name for release in releases for name in (*release.cves, *release.cves_other_sections)}
    for release in releases:
        for name in release.cves_mentioned_only:
            if name not in named:
                left_out.setdefault(name, "mentioned only: the entry is not its fix")
    return left_out


def _issues_of_other_systems(releases: Iterable[Release]) -> set[str]:
    """Return issues all of whose CVEs concern other systems."""
    read = tuple(releases)
    foreign = {name for release in read for name in release.cves_not_linux}
    return {
        issue
        for release in read
        for issue, names in release.cves_by_issue.items()
        if names and foreign.issuperset(names)
    }
