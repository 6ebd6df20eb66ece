"""Findings: advisories that apply to a package of an inventory, and their counts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.package import Package

__all__ = [
    "SEVERITY_ORDER",
    "BySeverity",
    "ByState",
    "Cvss",
    "Finding",
    "Severity",
    "State",
    "Vulnerabilities",
]


class State(StrEnum):
    """What can be done about a finding in this release."""

    FIXED = "fixed"
    OPEN = "open"
    WONT_FIX = "wont-fix"
    MINOR = "minor"
    UNDETERMINED = "undetermined"


class Severity(StrEnum):
    """Severity; unknown stays unknown."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEGLIGIBLE = "negligible"
    UNKNOWN = "unknown"


SEVERITY_ORDER = (
    Severity.CRITICAL,
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.UNKNOWN,
    Severity.LOW,
    Severity.NEGLIGIBLE,
)
"""From the most severe down; also the order of gates: what nobody rated violates a gate at `low`, none at `medium`."""


class Cvss(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A CVSS base score from 0 to 10, with its vector, the version of CVSS (`3.1`), and who gave it."""

    version: str
    vector: str
    score: float
    source: str


class Finding(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One vulnerability in one source package: the unit of counting.

    Args:
        id: Primary id of the alias group.
        package: The source package's representative: for deb, the first binary package by name.
        binaries: Names of all installed packages of that source.
        state: What can be done.
        aliases: Other ids of the group.
        fixed_version: Source version that fixes it in this release, None unless `state` is FIXED.
        fixed_on: Date of the fix, `YYYY-MM-DD`, or None.
        severity: Severity.
        severity_source: Who says so; "" when unknown.
        exploited: True when in KEV; None when the list cannot say (older than the vulnerability).
        origins: Feeds whose facts led here.
        detail: Why this state, in a few words.
        cvss: Score that the severity was computed from, or the best there is beside it; None for none.
        epss: Probability from 0 to 1 that it is exploited within 30 days; None when not known.
        epss_percentile: Share of all scored vulnerabilities that are at or below it, 0 to 1.
    """

    id: str
    package: Package
    binaries: tuple[str, ...]
    state: State
    aliases: tuple[str, ...] = ()
    fixed_version: str | None = None
    fixed_on: str | None = None
    severity: Severity = Severity.UNKNOWN
    severity_source: str = ""
    exploited: bool | None = None
    origins: tuple[str, ...] = ()
    detail: str = ""
    cvss: Cvss | None = None
    epss: float | None = None
    epss_percentile: float | None = None


class BySeverity(msgspec.Struct, frozen=True, kw_only=True):
    """Counts by severity; None is unmeasured."""

    critical: int | None = None
    high: int | None = None
    medium: int | None = None
    low: int | None = None
    negligible: int | None = None
    unknown: int | None = None


class ByState(msgspec.Struct, frozen=True, kw_only=True, rename={"wont_fix": "wont-fix"}):
    """Counts by state; None is unmeasured."""

    fixed: int | None = None
    open: int | None = None
    wont_fix: int | None = None
    minor: int | None = None
    undetermined: int | None = None


class Vulnerabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of findings of a candidate; every number is None when unmeasured.

    Args:
        total: fixed + open + wont-fix + minor.
        fixable: Findings in state fixed.
        undetermined: Stands beside the total, never in it.
        after_rebuild: The total without the fixable ones.
        exploited: Findings that KEV lists; None when no list could say.
        as_of: The oldest date of the sources used, `YYYY-MM-DD`; None when unmeasured.
        exploited_after_rebuild: Those of `exploited` that stay after a rebuild.
        by_severity_after_rebuild: Severities of what stays after a rebuild, minor findings left out.
        by_severity_fixable: Severities of the fixable ones.
    """

    total: int | None = None
    fixable: int | None = None
    undetermined: int | None = None
    after_rebuild: int | None = None
    exploited: int | None = None
    by_severity: BySeverity = msgspec.field(default_factory=BySeverity)
    by_state: ByState = msgspec.field(default_factory=ByState)
    as_of: str | None = None
    exploited_after_rebuild: int | None = None
    by_severity_after_rebuild: BySeverity = msgspec.field(default_factory=BySeverity)
    by_severity_fixable: BySeverity = msgspec.field(default_factory=BySeverity)
