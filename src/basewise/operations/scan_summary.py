"""Counts, coverage and verdict of a scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from basewise.advisories.content import ECOSYSTEMS_WITHOUT_PACKAGES
from basewise.advisories.coverage import coverage_of
from basewise.matching.count import count_findings
from basewise.matching.result import MatchResult
from basewise.model.evidence import Coverage, NotCovered
from basewise.model.finding import Vulnerabilities
from basewise.model.scan import IgnoredFinding, Origin, ScanBase, ScanFinding, ScanSummary

__all__ = ["judge_coverage", "summarise"]


def judge_coverage(unseen: Iterable[NotCovered], result: MatchResult, today: date) -> Coverage:
    """Return what was looked at, and what could not be.

    Args:
        unseen: What the image itself did not show, or nobody judges.
        result: What matching found and could not see.
        today: The clock's date.
    """
    sources, of_sources = coverage_of(result.sources, today)
    not_covered = {*unseen, *result.not_covered, *of_sources}
    if all(source.ecosystem in ECOSYSTEMS_WITHOUT_PACKAGES for source in sources):
        not_covered.add(NotCovered("vulnerabilities", "no source of advisories had a say about this image"))
    if not result.measured and not not_covered:
        not_covered.add(NotCovered("OS packages", "they could not be judged"))
    return Coverage(complete=not not_covered, sources=sources, not_covered=tuple(sorted(not_covered)))


def summarise(
    findings: tuple[ScanFinding, ...],
    ignored: tuple[IgnoredFinding, ...],
    result: MatchResult,
    base: ScanBase | None,
    coverage: Coverage,
    *,
    packages: int,
    uncounted: int,
) -> ScanSummary:
    """Return counts and verdict.

    Args:
        findings: That count, ignored ones left out.
        ignored: Those that are left out.
        result: What they were found with.
        base: The base image, where it is known.
        coverage: What could not be seen.
        packages: Number of installed packages.
        uncounted: Number of findings beside the count.
    """

    def counts(of: Iterable[ScanFinding]) -> Vulnerabilities:
        return count_findings(of, sources=result.sources, measured=result.measured)

    apart = base is not None and base.layers is not None
    return ScanSummary(
        packages=packages,
        vulnerabilities=counts(findings),
        base=counts(found for found in findings if found.introduced_by is Origin.BASE) if apart else None,
        own=counts(found for found in findings if found.introduced_by is Origin.OWN) if apart else None,
        ignored=len(ignored),
        uncounted=uncounted,
        verdict=_verdict(findings, ignored, coverage),
    )


def _verdict(findings: Sequence[ScanFinding], ignored: Sequence[IgnoredFinding], coverage: Coverage) -> str:
    if findings:
        return "findings"
    if not coverage.complete:
        return "incomplete"
    return "ignored" if ignored else "clean"
