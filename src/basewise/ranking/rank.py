"""Ranking: constraints first, then the order, then the Pareto front of risk against size."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from basewise.model.choice import Candidate
from basewise.ranking.constraints import exclusions_of
from basewise.ranking.cost import remaining_findings, score_of
from basewise.ranking.order import key_of, name_of
from basewise.ranking.request import RankRequest

__all__ = ["rank"]


def rank(candidates: Sequence[Candidate], request: RankRequest) -> tuple[Candidate, ...]:
    """Judge and order candidates.

    Args:
        candidates: With complete evidence; `rank`, `excluded`, `pareto` and `score` are set here.
        request: Constraints, weights and facts.

    Returns:
        The admissible ones by rank from 1, then the excluded ones by name.

    Raises:
        UsageError: `requires_python` is no specifier set.
    """
    judged = [
        msgspec.structs.replace(
            candidate,
            excluded=exclusions_of(candidate, request),
            score=score_of(candidate, request),
            pareto=False,
            rank=None,
        )
        for candidate in candidates
    ]
    admissible = sorted((c for c in judged if not c.excluded), key=lambda c: key_of(c, request))
    excluded = sorted((c for c in judged if c.excluded), key=name_of)
    front = _pareto_front(admissible)
    ranked = (
        msgspec.structs.replace(candidate, rank=place, pareto=place in front)
        for place, candidate in enumerate(admissible, start=1)
    )
    return (*ranked, *excluded)


def _pareto_front(admissible: Sequence[Candidate]) -> frozenset[int]:
    """Return the ranks that no other candidate beats in findings after a rebuild and size on disk together."""
    points = {
        place: (remaining, candidate.size.disk_bytes)
        for place, candidate in enumerate(admissible, start=1)
        if (remaining := remaining_findings(candidate.vulnerabilities)) is not None
        and candidate.size.disk_bytes is not None
    }
    return frozenset(
        place
        for place, point in points.items()
        if not any(_dominates(other, point) for other in points.values())
    )


def _dominates(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first != second and first[0] <= second[0] and first[1] <= second[1]
