"""The explanation of a ranking: why, what else, what blocks, and what decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import Blocking, Candidate
from basewise.ranking.comparison import deciding_part
from basewise.ranking.cost import needs_builder, remaining_findings
from basewise.ranking.explain_blocking import blocking_causes
from basewise.ranking.explain_first import price_sentences, reason_sentences
from basewise.ranking.explain_lost import cleaner_sentences, smaller_sentences
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import join_names, parse_date

MAX_CHANGES = 4

__all__ = ["Explanation", "explain"]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences about a ranking, without a full stop at the end of each.

    Args:
        why: Why the first is first, what would have been smaller or cleaner, what it costs.
        alternatives: The best line of each other supported Python minor.
        blocking: Why nothing is admissible; empty when something is.
        decided_by: The part of the order that decided against the second (`python`, `phase`, `cost` …),
            `only` when there is no second, `nothing` when there is no first.
    """

    why: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    blocking: tuple[Blocking, ...] = ()
    decided_by: str


def explain(ranked: Sequence[Candidate], request: RankRequest) -> Explanation:
    """Explain what `rank` returned for the same request."""
    admissible = [candidate for candidate in ranked if candidate.rank is not None]
    if not admissible:
        return Explanation(blocking=blocking_causes(ranked, request), decided_by="nothing")
    first = admissible[0]
    why = (
        *reason_sentences(ranked, request),
        *smaller_sentences(ranked, request),
        *cleaner_sentences(ranked, request),
        *price_sentences(first, request),
    )
    decided = deciding_part(first, admissible[1], request) if len(admissible) > 1 else "only"
    return Explanation(
        why=tuple(dict.fromkeys(why)), alternatives=tuple(_alternatives(ranked, request)), decided_by=decided
    )


def _alternatives(ranked: Sequence[Candidate], request: RankRequest) -> Iterator[str]:
    first = ranked[0]
    minors = {c.python_minor for c in ranked if _supported(c, request)} - {first.python_minor}
    for minor in sorted(minors, key=lambda text: [-int(part) for part in text.split(".")]):
        own = [candidate for candidate in ranked if candidate.python_minor == minor]
        if own[0].rank is None:
            reasons = join_names((e.sentence for c in own for e in c.excluded), limit=2)
            yield f"Python {minor}: no candidate is admissible ({reasons})"
        else:
            changes = _changed_versions(first.python_minor, minor, request)
            yield f"model trained on {minor}? use `{own[0].image}`: {_line(own[0])}{changes}"


def _changed_versions(chosen: str, other: str, request: RankRequest) -> str:
    """Return what another minor changes in the application's libraries: the price of it."""
    here, there = request.versions.get(chosen, {}), request.versions.get(other, {})
    changed = [
        f"{name} {there.get(name, 'not installed')} instead of {here.get(name, 'nothing')}"
        for name in sorted({*here, *there})
        if here.get(name) != there.get(name)
    ]
    if not here or not there:
        return ""
    return f"; {join_names(changed, limit=MAX_CHANGES)}" if changed else "; the same library versions"


def _supported(candidate: Candidate, request: RankRequest) -> bool:
    end = parse_date(candidate.support.python_eol)
    released = candidate.python.replace(".", "").isdigit()
    return end is not None and end >= request.today and released


def _line(candidate: Candidate) -> str:
    remaining = remaining_findings(candidate.vulnerabilities)
    parts = [
        f"{format_bytes(candidate.size.disk_bytes)} on disk",
        "unmeasured" if remaining is None else f"{plural(remaining, 'finding')} after a rebuild",
    ]
    if candidate.add_packages:
        parts.append("adds " + join_names(package.name for package in candidate.add_packages))
    if needs_builder(candidate):
        parts.append("needs a builder stage")
    return ", ".join(parts)
