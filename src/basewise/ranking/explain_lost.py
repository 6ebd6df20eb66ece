"""What would have been smaller or cleaner than the first, and why it lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import Candidate
from basewise.model.verdict import Verdict
from basewise.ranking.comparison import why_behind
from basewise.ranking.cost import remaining_findings
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import blocking_sentences

__all__ = ["cleaner_sentences", "smaller_sentences"]

MAX_SMALLER = 3
MAX_REASONS = 3
_WORTH_SAYING_BYTES = 1_000_000


def smaller_sentences(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[str]:
    """Yield, for each kind of image that is smaller, its smallest member and why it lost."""
    first = ranked[0]
    best: dict[tuple[str, str], tuple[int, str, Candidate]] = {}
    for candidate in _comparable(ranked):
        saved = _saving(first, candidate)
        kind = (candidate.distro.id, candidate.variant)
        if saved > _WORTH_SAYING_BYTES and (kind not in best or (-saved, candidate.image) < best[kind][:2]):
            best[kind] = (-saved, candidate.image, candidate)
    for negative, _, candidate in sorted(best.values(), key=lambda item: item[:2])[:MAX_SMALLER]:
        yield f"{_opening(first, candidate, -negative)}, but {_why_lost(first, candidate, request)}"


def cleaner_sentences(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[str]:
    """Yield the candidate with the fewest findings after a rebuild, where that is not the first.

    An inadmissible one only where no admissible one is cleaner: what is past its support looks clean.
    """
    first = ranked[0]
    own = remaining_findings(first.vulnerabilities)
    if own is None:
        return
    counted = [
        (bool(candidate.excluded), remaining, place, candidate)
        for place, candidate in enumerate(ranked[1:])
        if (remaining := remaining_findings(candidate.vulnerabilities)) is not None and remaining < own
    ]
    if counted:
        _, remaining, _, candidate = min(counted, key=lambda item: item[:3])
        fewer = plural(own - remaining, "finding")
        yield f"`{candidate.image}` would keep {fewer} fewer after a rebuild, but {_why_lost(first, candidate, request)}"


def _comparable(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Return the others of the first one's Python and platform; of any Python when it has no others."""
    first = ranked[0]
    others = [candidate for candidate in ranked[1:] if candidate.platform == first.platform]
    same = [candidate for candidate in others if candidate.python_minor == first.python_minor]
    return same or others


def _saving(first: Candidate, other: Candidate) -> int:
    if first.size.disk_bytes is not None and other.size.disk_bytes is not None:
        return first.size.disk_bytes - other.size.disk_bytes
    if first.size.base_disk_bytes is not None and other.size.base_disk_bytes is not None:
        return first.size.base_disk_bytes - other.size.base_disk_bytes
    return 0


def _opening(first: Candidate, other: Candidate, saved: int) -> str:
    whole = first.size.disk_bytes is not None and other.size.disk_bytes is not None
    fits = other.verdict in {Verdict.FITS, Verdict.FITS_WITH_PACKAGES} and not other.excluded
    name = f"`{other.image}` fits too and" if fits else f"`{other.image}`"
    return (
        f"{name} would be {format_bytes(saved)} smaller"
        if whole
        else f"the base of {name} is {format_bytes(saved)} smaller"
    )


def _why_lost(first: Candidate, other: Candidate, request: RankRequest) -> str:
    if not other.excluded:
        return why_behind(first, other, request)
    rules = [exclusion.sentence for exclusion in other.excluded if exclusion.constraint != "fit"]
    unfit = blocking_sentences(other, brief=True) if len(rules) < len(other.excluded) else ()
    sentences = [*rules, *unfit] or [exclusion.sentence for exclusion in other.excluded]
    more = (
        f" and {plural(len(sentences) - MAX_REASONS, 'more reason')}" if len(sentences) > MAX_REASONS else ""
    )
    return "; ".join(sentences[:MAX_REASONS]) + more
