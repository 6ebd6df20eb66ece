"""What matching gives: findings, what is shown beside them, and what could not be seen."""

from __future__ import annotations

import msgspec

from basewise.model.advisory import SourceStatus
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding
from basewise.model.package import PackageType

__all__ = ["MatchResult", "Part"]


class MatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """Findings of one inventory.

    Args:
        measured: The OS packages could be judged, or there is no OS and the Python packages could; False makes
            every count null.
        findings: What counts, sorted.
        uncounted: Shown apart and in no count: kernel headers, security entries without a CVE, what a documented
            list knows to be none.
        not_covered: What could not be seen, and why.
        sources: The sources that were used.
        unjudged: Types of installed packages whose advisories could not be asked, sorted: their findings are
            missing, whatever `measured` says.
    """

    measured: bool
    findings: tuple[Finding, ...] = ()
    uncounted: tuple[Finding, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    unjudged: tuple[PackageType, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one matcher found: the same fields for its own packages."""

    measured: bool = True
    findings: tuple[Finding, ...] = ()
    uncounted: tuple[Finding, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
