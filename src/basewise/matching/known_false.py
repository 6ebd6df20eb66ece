"""Findings that a source gives and that are none, by a documented list whose entries expire."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.model.finding import Finding

__all__ = ["KnownFalse", "known_false_entries", "part_known_false"]

TABLE = "knowledge/known_false.json"


class KnownFalse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the list.

    Args:
        ecosystems: Distributions that it holds for.
        package: Source package.
        ids: Vulnerabilities; empty for every one of that source.
        binaries: Nothing else of the source may be installed; empty for any.
        reason: Why these are no findings.
        source: What shows it.
        date: Day of the look, `YYYY-MM-DD`.
        expires: Last day of advisory data that it is applied to.
    """

    ecosystems: tuple[str, ...]
    package: str
    ids: tuple[str, ...]
    binaries: tuple[str, ...]
    reason: str
    source: str
    date: str
    expires: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding of one of its distributions is one of these."""
        if finding.package.source != self.package:
            return False
        if self.binaries and not set(finding.binaries) <= set(self.binaries):
            return False
        return not self.ids or not {finding.id, *finding.aliases}.isdisjoint(self.ids)


class _Table(msgspec.Struct, frozen=True):
    entries: tuple[KnownFalse, ...]


@cache
def known_false_entries() -> tuple[KnownFalse, ...]:
    """Return the list that comes with the package.

    Raises:
        KnowledgeError: It is missing or damaged.
    """
    return decode_embedded(TABLE, _Table).entries


def part_known_false(
    findings: Iterable[Finding], ecosystem: str, as_of: str, entries: Iterable[KnownFalse]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Part the findings of OS packages into those that count and those that the list knows to be none.

    Args:
        findings: Of one distribution.
        ecosystem: That distribution's.
        as_of: Date of the newest source of the store, `YYYY-MM-DD`: entries that expired before it do not hold.
        entries: The list.

    Returns:
        Those that count, and those that do not, with the reason in `detail`.
    """
    valid = [entry for entry in entries if ecosystem in entry.ecosystems and as_of <= entry.expires]
    counted: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        entry = next((one for one in valid if one.covers(finding)), None)
        if entry is None:
            counted.append(finding)
        else:
            detail = f"known to be none: {entry.reason} (looked at {entry.date}, until {entry.expires})"
            known.append(msgspec.structs.replace(finding, detail=detail))
    return tuple(counted), tuple(known)
