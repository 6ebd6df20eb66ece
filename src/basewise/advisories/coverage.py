"""Sources of a store with their age, and what an age or a clock makes unsure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from basewise.model.advisory import SourceStatus
from basewise.model.evidence import CoverageSource, NotCovered

__all__ = ["STALE_AFTER_DAYS", "age_in_days", "coverage_of"]

STALE_AFTER_DAYS = 30


def age_in_days(as_of: str, today: date) -> int | None:
    """Return the whole days from a date to today; None when the date is none or lies in the future.

    Args:
        as_of: `YYYY-MM-DD`.
        today: The clock's date.
    """
    try:
        days = (today - date.fromisoformat(as_of)).days
    except ValueError:
        return None
    return days if days >= 0 else None


def coverage_of(
    sources: Iterable[SourceStatus], today: date
) -> tuple[tuple[CoverageSource, ...], tuple[NotCovered, ...]]:
    """Return sources as coverage, and what their dates leave unseen.

    Args:
        sources: Sources that were used.
        today: The clock's date.

    Returns:
        Sources, each once, with their age in days, None for a date in the future; and sentences: a clock that is before a
        source's date, sources older than `STALE_AFTER_DAYS`, what a source says of itself. All sorted.
    """
    used = tuple(sorted(sources))
    said = set()
    future = [source for source in used if _is_future(source, today)]
    if future:
        newest = max(source.as_of for source in future)
        why = f"it says {today.isoformat()}, before the advisories of {newest}: ages are not known"
        said.add(NotCovered("the clock", f"{why}; set the clock or give `--now`"))
    for source in used:
        age = age_in_days(source.as_of, today)
        if age is not None and age > STALE_AFTER_DAYS:
            why = f"{source.name} is {age} days old; {_renewal_of(source)}"
            said.add(NotCovered(f"what was published after {source.as_of}", why))
        if source.note:
            said.add(NotCovered(f"part of {source.name}", source.note))
        if not source.verified and source.ecosystem == "debian" and source.name.startswith("debian_archive"):
            said.add(NotCovered(f"the origin of {source.name}", "no signature chain was checked"))
    covered = {
        CoverageSource(
            name=source.name,
            ecosystem=source.ecosystem,
            as_of=source.as_of,
            age_days=age_in_days(source.as_of, today),
            entries=source.entries,
            verified=source.verified,
        ): None
        for source in used
    }
    return tuple(covered), tuple(sorted(said))


def _renewal_of(source: SourceStatus) -> str:
    """Say how a source is renewed."""
    feed = source.name.partition(" ")[0]
    if feed == "cpython":
        return "a newer version of basewise brings it"
    return f"renew the store with `basewise db {'build' if feed == 'debian_archive' else 'update'}`"


def _is_future(source: SourceStatus, today: date) -> bool:
    """Tell whether a source is newer than the clock."""
    try:
        return date.fromisoformat(source.as_of) > today
    except ValueError:
        return False
