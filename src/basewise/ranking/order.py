"""The order of candidates: one key per candidate, compared part by part.

No part looks at another candidate, so the order is total, does not depend on the order of the input, and
adding a candidate never changes how the others stand to each other. Why the parts stand in this order:
`docs/explanation-ranking.md` and `docs/decisions/0070-order-of-the-ranking-rules.md`.
"""

from __future__ import annotations

from datetime import date
from math import inf

import msgspec

from basewise.model.choice import Candidate, ScoreParts
from basewise.model.evidence import SupportPhase
from basewise.model.verdict import Verdict
from basewise.ranking.cost import (
    is_measured,
    remaining_findings,
    score_of,
    support_days_left,
    unknown_sizes,
)
from basewise.ranking.request import RankRequest

__all__ = ["OrderKey", "key_of", "name_of", "old_enough"]

_MONTHS_PER_YEAR = 12


class OrderKey(msgspec.Struct, frozen=True, order=True):
    """What decides between two admissible candidates, most important first; smaller is better.

    Args:
        evidence: 0 judged by verified sources, 1 by an unverified one, 2 unmeasured.
        stated: 0 for the stated Python minor (or when none is stated), 1 for another.
        unjudged: 1 when the fit is not known.
        builds: 1 when something must be built from source.
        phase: 0 regular support (or LTS where allowed), 1 LTS, 2 unknown or over.
        young: 1 when the Python minor is not old enough or its release date is unknown.
        python: Python version, newest first, as negative numbers.
        sizes: How many sizes are unknown.
        cost: Points of the published formula.
        support: Days of support left, negative.
        plain: Findings after a rebuild and both sizes, where the points are equal or round to the same.
        name: Image, platform and digest, so that nothing is left to chance.
    """

    evidence: int
    stated: int
    unjudged: int
    builds: int
    phase: int
    young: int
    python: tuple[int, ...]
    sizes: int
    cost: float
    support: int
    plain: tuple[float, ...]
    name: tuple[str, ...]


def key_of(candidate: Candidate, request: RankRequest) -> OrderKey:
    """Return the order key of one candidate."""
    score: ScoreParts = candidate.score or score_of(candidate, request)
    stated = request.stated_python
    return OrderKey(
        evidence=_evidence(candidate, request),
        stated=int(stated is not None and candidate.python_minor != stated),
        unjudged=int(candidate.verdict is Verdict.UNKNOWN),
        builds=int(candidate.verdict is Verdict.BUILDS_FROM_SOURCE),
        phase=_phase(candidate, request),
        young=int(not old_enough(candidate.python_minor, request)),
        python=tuple(-int(part) for part in candidate.python_minor.split(".") if part.isdigit()),
        sizes=unknown_sizes(candidate),
        cost=score.total if score.total is not None else 0.0,
        support=-support_days_left(candidate, request),
        plain=_plain(candidate),
        name=name_of(candidate),
    )


def old_enough(minor: str, request: RankRequest) -> bool:
    """Say whether a Python minor was released long enough ago; an unknown date is not."""
    release = request.python_releases.get(minor)
    if release is None or release.released is None:
        return False
    return _months_later(release.released, request.minimum_python_age_months) <= request.today


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, _MONTHS_PER_YEAR)
    try:
        return date(day.year + years, month + 1, day.day)
    except ValueError:  # the month is shorter: the day after its end
        return _months_later(day.replace(day=1), months + 1)


def _plain(candidate: Candidate) -> tuple[float, ...]:
    numbers = (
        remaining_findings(candidate.vulnerabilities),
        candidate.size.disk_bytes,
        candidate.size.download_bytes,
    )
    return tuple(inf if number is None else number for number in numbers)


def _evidence(candidate: Candidate, request: RankRequest) -> int:
    if not is_measured(candidate):
        return 2
    return int(candidate.image in request.unverified)


def _phase(candidate: Candidate, request: RankRequest) -> int:
    phase = candidate.support.phase
    if phase is SupportPhase.REGULAR or (phase is SupportPhase.LTS and request.allow_lts):
        return 0
    return 1 if phase is SupportPhase.LTS else 2


def name_of(candidate: Candidate) -> tuple[str, ...]:
    """Return what distinguishes a candidate when nothing else does."""
    digests = (candidate.digest or "", candidate.manifest_digest or "")
    return (candidate.image, candidate.platform, *digests, candidate.created)
