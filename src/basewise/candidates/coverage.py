"""What the catalogue cannot know on a given day: newer Python minors, its own age, a clock that is wrong."""

from __future__ import annotations

from datetime import date, timedelta

from basewise.candidates.catalogue import Catalogue
from basewise.candidates.lifecycle import Lifecycles, load_lifecycles, released_minors
from basewise.model.evidence import CoverageSource, NotCovered

__all__ = ["MAX_CATALOGUE_AGE_DAYS", "catalogue_not_covered", "catalogue_source", "catalogue_warnings"]

MAX_CATALOGUE_AGE_DAYS = 90
_CLOCK_TOLERANCE = timedelta(days=1)


def catalogue_source(catalogue: Catalogue, today: date) -> CoverageSource:
    """Return the catalogue as a source of evidence; its facts carry no signature, so it is not verified."""
    age_days = (today - catalogue.as_of).days
    return CoverageSource(
        name="catalogue of base images",
        ecosystem="images",
        as_of=catalogue.as_of.isoformat(),
        age_days=age_days if age_days >= 0 else None,
        entries=len(catalogue.images),
        verified=False,
    )


def catalogue_not_covered(
    catalogue: Catalogue, today: date, lifecycles: Lifecycles | None = None
) -> tuple[NotCovered, ...]:
    """Return what the catalogue lacks on a day, sorted.

    Args:
        catalogue: The catalogue.
        today: The day to judge by.
        lifecycles: Other dates than the embedded ones.
    """
    known = lifecycles or load_lifecycles()
    missing = [_missing_minor(catalogue, minor, known) for minor in _newer_minors(catalogue, today, known)]
    lists = [image for image in catalogue.images if image.packages is None]
    if lists:
        names = ", ".join(image.name for image in lists)
        missing.append(NotCovered("OS packages of images", f"no package list was read of {names}"))
    return tuple(sorted({*missing, *catalogue.not_covered}))


def catalogue_warnings(catalogue: Catalogue, today: date) -> tuple[str, ...]:
    """Return sentences about the age of the catalogue and about a clock that cannot be right.

    Args:
        catalogue: The catalogue.
        today: What the clock says.
    """
    age_days = (today - catalogue.as_of).days
    if today < catalogue.as_of - _CLOCK_TOLERANCE:
        return (
            (
                f"the clock says {today}, but the catalogue holds images of {catalogue.as_of}: ages and support phases "
                "are wrong; set the clock or give `--now`"
            ),
        )
    if age_days > MAX_CATALOGUE_AGE_DAYS:
        return (
            (
                f"the catalogue of base images is {age_days} days old (newest build {catalogue.as_of}, clock {today}): "
                "newer builds with fixes exist most likely; install a newer basewise or check the clock"
            ),
        )
    return ()


def _newer_minors(catalogue: Catalogue, today: date, known: Lifecycles) -> list[str]:
    """Return the released Python minors that are newer than every final one of the catalogue."""
    final = [_order(image.python_minor) for image in catalogue.images if not image.prerelease]
    newest = max(final, default=(0,))
    return [minor for minor in released_minors(today, known) if _order(minor) > newest]


def _missing_minor(catalogue: Catalogue, minor: str, known: Lifecycles) -> NotCovered:
    cycle = known.find("python", minor)
    released = f"released {cycle.released}" if cycle and cycle.released else "released"
    early = sorted({image.python for image in catalogue.images if image.python_minor == minor})
    has = f"has only the pre-release {', '.join(early)}" if early else "has no image of it"
    return NotCovered(f"Python {minor}", f"{released}; the catalogue of {catalogue.as_of} {has}")


def _order(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))
