"""What a report says of its evidence: the sources of its counts with their dates, and what could not be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from basewise._internal.text import plural
from basewise.model.evidence import Coverage, CoverageSource, NotCovered
from basewise.report.words import age_words

__all__ = [
    "count_sources",
    "counted_with",
    "coverage_facts",
    "missing_sentence",
    "missing_sentences",
    "source_sentence",
]


def source_sentence(source: CoverageSource) -> str:
    """Return one source with its date, age, size, and whether its signatures were checked."""
    return _sentence(source.name, source.as_of, source.age_days, source.entries, verified=source.verified)


def count_sources(coverage: Coverage) -> tuple[str, ...]:
    """Return a line for each feed and date: its scopes, age, entries, and whether its signatures were checked."""
    groups: dict[tuple[str, str, int | None, bool], list[tuple[str, int]]] = {}
    for source in coverage.sources:
        feed, _, scope = source.name.partition(" ")
        key = (feed, source.as_of, source.age_days, source.verified)
        groups.setdefault(key, []).append((scope, source.entries))
    return tuple(
        _sentence(
            " ".join([feed, *(", ".join(scope for scope, _ in parts).split())]),
            as_of,
            age,
            sum(entries for _, entries in parts),
            verified=verified,
        )
        for (feed, as_of, age, verified), parts in groups.items()
    )


def counted_with(coverage: Coverage, dates: Iterable[str | None], distros: set[str]) -> str:
    """Return the unit of counting, the feeds that counted and their oldest date."""
    if not coverage.sources:
        return "no advisory source is named, so no count is shown"
    counted = distros | {"cpython"}
    names = sorted({s.name.partition(" ")[0] for s in coverage.sources if s.ecosystem in counted})
    oldest = min((date for date in dates if date is not None), default="an unknown date")
    return (
        f"one vulnerability in one source package counts once; counted with {', '.join(names) or 'no source'}, "
        f"oldest data of {oldest}; counts of different distributions are not the same thing"
    )


def missing_sentences(coverage: Coverage) -> tuple[str, ...]:
    """Return a sentence for each thing that could not be seen."""
    return tuple(missing_sentence(item) for item in coverage.not_covered)


def missing_sentence(item: NotCovered) -> str:
    """Return what could not be seen, and why."""
    return f"not covered: {item.what}: {item.why}"


def coverage_facts(coverage: Coverage) -> Iterator[tuple[str, str]]:
    """Yield the evidence as names and values; `source` and `not-covered` may stand several times."""
    yield "coverage:complete", str(coverage.complete).lower()
    for source in coverage.sources:
        yield "coverage:source", source_sentence(source)
    for item in coverage.not_covered:
        yield "coverage:not-covered", f"{item.what}: {item.why}"


def _sentence(name: str, as_of: str, age_days: int | None, entries: int, *, verified: bool) -> str:
    checked = "signature checked" if verified else "not verified by signature"
    return f"{name}: {as_of}, {age_words(age_days)}, {plural(entries, 'entry', 'entries')}, {checked}"
