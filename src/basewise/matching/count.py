"""Counting findings: null where nothing was measured, never zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from basewise.advisories.content import ECOSYSTEMS_WITHOUT_PACKAGES
from basewise.matching.result import MatchResult
from basewise.model.advisory import SourceStatus
from basewise.model.finding import BySeverity, ByState, Finding, Severity, State, Vulnerabilities
from basewise.model.scan import ScanFinding

__all__ = ["count", "count_exploited", "count_findings"]


def count(result: MatchResult) -> Vulnerabilities:
    """Count the findings of a result; kernel headers and entries without a CVE are not among them."""
    return count_findings(result.findings, sources=result.sources, measured=result.measured)


def count_findings(
    findings: Iterable[Finding | ScanFinding], *, sources: Iterable[SourceStatus] = (), measured: bool = True
) -> Vulnerabilities:
    """Count findings.

    Args:
        findings: One per vulnerability and source package.
        sources: What they were found with; the oldest date of those with advisories is `as_of`.
        measured: False makes every number None.

    Returns:
        Counts; `undetermined` stands beside `total`. By severity counts what the total counts.
        `exploited` is the number of those listed as exploited; where none is listed, None as soon as the
        list could not know one of them.
    """
    if not measured:
        return Vulnerabilities()
    found = tuple(findings)
    by_state = Counter(finding.state for finding in found)
    counted = [finding for finding in found if finding.state is not State.UNDETERMINED]
    left = [finding for finding in counted if finding.state is not State.FIXED]
    fixable = by_state[State.FIXED]
    return Vulnerabilities(
        total=len(counted),
        fixable=fixable,
        undetermined=by_state[State.UNDETERMINED],
        after_rebuild=len(counted) - fixable,
        exploited=count_exploited(counted),
        by_severity=_by_severity(counted),
        by_state=ByState(
            fixed=fixable,
            open=by_state[State.OPEN],
            wont_fix=by_state[State.WONT_FIX],
            minor=by_state[State.MINOR],
            undetermined=by_state[State.UNDETERMINED],
        ),
        as_of=min((s.as_of for s in sources if s.ecosystem not in ECOSYSTEMS_WITHOUT_PACKAGES), default=None),
        exploited_after_rebuild=count_exploited(left),
        by_severity_after_rebuild=_by_severity([f for f in left if f.state is not State.MINOR]),
        by_severity_fixable=_by_severity([f for f in counted if f.state is State.FIXED]),
    )


def _by_severity(findings: list[Finding | ScanFinding]) -> BySeverity:
    """Return the number of findings of each severity."""
    numbers = Counter(finding.severity for finding in findings)
    return BySeverity(**{severity.value: numbers[severity] for severity in Severity})


def count_exploited(findings: Iterable[Finding | ScanFinding]) -> int | None:
    """Return how many are listed; None when none is and the list could not know all."""
    answers = Counter(finding.exploited for finding in findings)
    return None if answers[None] and not answers[True] else answers[True]
