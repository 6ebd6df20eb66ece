"""Counts, coverage and verdict of a scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from basewise.advisories.content import ECOSYSTEMS_WITHOUT_PACKAGES
from basewise.advisories.coverage import coverage_of
from basewise.matching.count import count_findings
from basewise.matching.result import MatchResult
from basewise.model.evidence import Coverage, NotCovered
from basewise.model.finding import Vulnerabilities
from basewise.model.inventory import InstalledPackage
from basewise.model.package import PackageType
from basewise.model.scan import IgnoredFinding, Origin, ScanBase, ScanFinding, ScanSummary
from basewise.operations.scan_findings import origin_of

__all__ = ["judge_coverage", "summarise"]

_COPIED = frozenset({PackageType.PYPI, PackageType.CPYTHON})
"""Types that can be installed in several places of one image, each of which has to be upgraded by itself."""


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
    judged: Sequence[InstalledPackage],
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
        judged: The packages that advisories were looked up for.
        packages: Number of installed packages.
        uncounted: Number of findings beside the count.

    Returns:
        A part of the image of which no package could be judged has no numbers, not zeros. What stands in both parts,
        each with its own copy, counts in both.
    """
    places: dict[tuple[PackageType, str, str], set[int | None]] = defaultdict(set)
    for each in judged:
        if each.package.type in _COPIED:
            places[each.package.type, each.package.name, each.package.version].add(each.layer)

    def counts_of(origin: Origin) -> Vulnerabilities | None:
        if base is None or base.layers is None:
            return None
        types = {found.package.type for found in judged if origin_of(found.layer, base.layers) is origin}
        seen = result.measured and (not types or not types <= set(result.unjudged))

        def is_of_part(found: ScanFinding) -> bool:
            package = found.package
            layers = places.get((package.type, package.name, package.version), set())
            return found.introduced_by is origin or any(
                origin_of(layer, base.layers) is origin for layer in layers
            )

        part = filter(is_of_part, findings)
        return count_findings(part, sources=result.sources, measured=seen)

    return ScanSummary(
        packages=packages,
        vulnerabilities=count_findings(findings, sources=result.sources, measured=result.measured),
        base=counts_of(Origin.BASE),
        own=counts_of(Origin.OWN),
        ignored=len(ignored),
        uncounted=uncounted,
        verdict=_verdict(findings, ignored, coverage),
        unjudged=result.unjudged,
    )


def _verdict(findings: Sequence[ScanFinding], ignored: Sequence[IgnoredFinding], coverage: Coverage) -> str:
    if findings:
        return "findings"
    if not coverage.complete:
        return "incomplete"
    return "ignored" if ignored else "clean"
