"""What to do first: an order of findings that can be explained in one sentence.

Exploited first; then by severity, an unknown one after medium; then by the chance of exploitation (EPSS); what can
be fixed first; then by name. A vulnerability that no list knows is neither safe nor urgent: unknown severities come
after medium and before low, and without a score of EPSS a finding comes after those of its severity that have one.
"""

from __future__ import annotations

from collections.abc import Iterable

from basewise.matching.aliases import identifier_order
from basewise.model.finding import SEVERITY_ORDER, Finding, State

__all__ = ["by_risk", "risk_order"]

_RANK = {severity: rank for rank, severity in enumerate(SEVERITY_ORDER)}
_STATES = {
    state: rank
    for rank, state in enumerate((State.FIXED, State.OPEN, State.WONT_FIX, State.UNDETERMINED, State.MINOR))
}

RiskOrder = tuple[bool, int, float, int, tuple[int, int, int, str], str, str]


def risk_order(finding: Finding) -> RiskOrder:
    """Return the key that sorts the most urgent finding to the front."""
    return (
        finding.exploited is not True,
        _RANK[finding.severity],
        -finding.epss if finding.epss is not None else 1.0,
        _STATES[finding.state],
        identifier_order(finding.id),
        finding.package.source or finding.package.name,
        finding.package.version,
    )


def by_risk(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted by risk, the most urgent first."""
    return tuple(sorted(findings, key=risk_order))
