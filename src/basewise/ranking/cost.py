"""The published cost formula: points for risk, size, changes and missing support.

A candidate's points depend on that candidate alone, so adding another one never moves the rest.
"""

from __future__ import annotations

from datetime import date

from basewise.model.choice import Candidate, ScoreParts
from basewise.model.evidence import SupportPhase
from basewise.model.finding import BySeverity, Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import parse_date
from basewise.ranking.weights import Weights

__all__ = [
    "is_measured",
    "needs_builder",
    "remaining_findings",
    "score_of",
    "support_days_left",
    "unknown_sizes",
]

_BYTES_PER_100_MB = 100_000_000
_DAYS_PER_MONTH = 365.25 / 12
_SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")
_DECIMALS = 6


def is_measured(candidate: Candidate) -> bool:
    """Say whether anything is known of the candidate's vulnerabilities."""
    counts = candidate.vulnerabilities
    return counts.total is not None or counts.after_rebuild is not None


def remaining_findings(counts: Vulnerabilities) -> int | None:
    """Return how many findings stay after a rebuild; None when unmeasured.

    Where only the total is known, nothing is known to be fixable, so all of it stays.
    """
    return counts.after_rebuild if counts.after_rebuild is not None else counts.total


def unknown_sizes(candidate: Candidate) -> int:
    """Return how many of the two sizes of the finished application are unknown."""
    return (candidate.size.disk_bytes is None) + (candidate.size.download_bytes is None)


def needs_builder(candidate: Candidate) -> bool:
    """Say whether the image needs a builder stage, also where the base has the compilers already."""
    return bool(candidate.build_packages) or candidate.verdict is Verdict.BUILDS_FROM_SOURCE


def support_days_left(candidate: Candidate, request: RankRequest) -> int:
    """Return the days until Python or the distribution leaves support, whichever is first; unknown is 0.

    The regular end of the distribution counts; its LTS end where `allow_lts` is set or regular support is over.
    """
    support = candidate.support
    lts_counts = request.allow_lts or support.phase is SupportPhase.LTS
    distro = (support.distro_lts_eol if lts_counts else None) or support.distro_eol
    return min(_days(support.python_eol, request.today), _days(distro, request.today))


def score_of(candidate: Candidate, request: RankRequest) -> ScoreParts:
    """Return the points of each part; a part that cannot be measured is None and adds nothing to the total.

    Where the wheels' sizes are unknown, the sizes are of the base and what is known on top of it: enough to
    compare candidates of one Python, which all get the same wheels.
    """
    weights = request.weights
    risk = _risk(candidate, weights)
    disk = _size_points(_least_disk(candidate), weights.disk_per_100_mb)
    download = _size_points(_least_download(candidate), weights.download_per_100_mb)
    changes = weights.package * len(candidate.add_packages)
    changes += weights.builder if needs_builder(candidate) else 0.0
    missing_months = weights.support_months - support_days_left(candidate, request) / _DAYS_PER_MONTH
    support = weights.support_month * max(0.0, missing_months)
    parts = (risk, disk, download, changes, support)
    return ScoreParts(
        total=round(sum(part for part in parts if part is not None), _DECIMALS),
        risk=_rounded(risk),
        disk=_rounded(disk),
        download=_rounded(download),
        changes=_rounded(changes),
        support=_rounded(support),
    )


def _risk(candidate: Candidate, weights: Weights) -> float | None:
    counts = candidate.vulnerabilities
    remaining = remaining_findings(counts)
    if remaining is None:
        return None
    minor = min(counts.by_state.minor or 0, remaining)
    severities = counts.by_severity_after_rebuild
    points = _severity_points(severities, remaining - minor, weights) + weights.minor * minor
    points += weights.undetermined * (counts.undetermined or 0)
    points += weights.exploited * _exploited(counts, remaining)
    if not candidate.packages_basis.startswith("exact"):
        points += weights.inferred_findings * _weight_of_a_guess(severities, weights)
    return weights.risk * points


def _severity_points(severities: BySeverity, findings: int, weights: Weights) -> float:
    counted = {name: getattr(severities, name) or 0 for name in _SEVERITIES}
    counted["unknown"] += max(0, findings - sum(counted.values()))
    points: float = sum(getattr(weights, name) * count for name, count in counted.items())
    return points


def _weight_of_a_guess(severities: BySeverity, weights: Weights) -> float:
    known = any(getattr(severities, name) is not None for name in _SEVERITIES if name != "unknown")
    return max(weights.critical, weights.unknown) if known else weights.unknown


def _exploited(counts: Vulnerabilities, remaining: int) -> int:
    if counts.exploited_after_rebuild is not None:
        return counts.exploited_after_rebuild
    return min(counts.exploited or 0, remaining)


def _least_disk(candidate: Candidate) -> int | None:
    size = candidate.size
    if size.disk_bytes is not None or size.base_disk_bytes is None:
        return size.disk_bytes
    return size.base_disk_bytes + (size.added_bytes or 0)


def _least_download(candidate: Candidate) -> int | None:
    size = candidate.size
    return size.download_bytes if size.download_bytes is not None else size.base_compressed_bytes


def _size_points(size: int | None, points: float) -> float | None:
    return None if size is None else points * size / _BYTES_PER_100_MB


def _rounded(points: float | None) -> float | None:
    return None if points is None else round(points, _DECIMALS)


def _days(end: str | None, today: date) -> int:
    parsed = parse_date(end)
    return max(0, (parsed - today).days) if parsed is not None else 0
