"""Ends of support of Python and of the distributions, and what follows from them on a given day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.errors import KnowledgeError
from basewise.model.base_image import BaseImage
from basewise.model.distro import Distro
from basewise.model.evidence import Support, SupportPhase

__all__ = [
    "LIFECYCLES_FILE",
    "SETTLED_DAYS",
    "Cycle",
    "LifecycleSource",
    "Lifecycles",
    "load_lifecycles",
    "newest_settled_minor",
    "phase_on",
    "python_age_days",
    "python_is_supported",
    "released_minors",
    "support_of",
]

LIFECYCLES_FILE = "lifecycles.json"
SETTLED_DAYS = 365
"""A Python minor of this age has seen a year of wheels and of bug-fix releases."""


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """One release of a product; a date that is not known is None.

    Args:
        cycle: `3.12`, `12`, `3.24`.
        codename: `bookworm`, "" where there is none.
        released: First final release.
        eol: Last day of regular support.
        lts_eol: Last day of long-term support, None where there is none.
    """

    cycle: str
    codename: str = ""
    released: date | None = None
    eol: date | None = None
    lts_eol: date | None = None


class LifecycleSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the dates of some products come from."""

    products: tuple[str, ...]
    name: str
    as_of: date
    sha256: str = ""


class Lifecycles(msgspec.Struct, frozen=True, kw_only=True):
    """All dates, by product (`python`, `debian`, `ubuntu`, `alpine`)."""

    schema: str
    sources: tuple[LifecycleSource, ...]
    products: dict[str, tuple[Cycle, ...]]

    def find(self, product: str, cycle: str) -> Cycle | None:
        """Return a release of a product by its number, or None."""
        return next((found for found in self.products.get(product, ()) if found.cycle == cycle), None)


@lru_cache(maxsize=1)
def load_lifecycles() -> Lifecycles:
    """Return the embedded dates.

    Raises:
        KnowledgeError: The embedded file is missing or damaged.
    """
    found = decode_embedded(LIFECYCLES_FILE, Lifecycles)
    if not found.products.get("python") or not found.products.get("debian"):
        raise KnowledgeError(
            f"embedded data `{LIFECYCLES_FILE}` is damaged: it lacks Python or Debian",
            hint="install basewise again",
        )
    return found


def support_of(image: BaseImage, today: date, lifecycles: Lifecycles | None = None) -> Support:
    """Return the ends of support of an image's Python and distribution, and the phase on a day.

    Args:
        image: The image.
        today: The day to judge by.
        lifecycles: Other dates than the embedded ones.
    """
    known = lifecycles or load_lifecycles()
    python = known.find("python", image.python_minor)
    distro = _distro_cycle(image.distro, known)
    return Support(
        python_eol=_text(python.eol if python else None),
        distro_eol=_text(distro.eol if distro else None),
        distro_lts_eol=_text(distro.lts_eol if distro else None),
        phase=phase_on(distro, today),
    )


def phase_on(cycle: Cycle | None, today: date) -> SupportPhase:
    """Return the phase of a release on a day; the day of an end still belongs to the phase that ends.

    A release whose end is not known is `unknown`: a missing date is no promise.
    """
    if cycle is None or cycle.eol is None:
        return SupportPhase.UNKNOWN
    if today <= cycle.eol:
        return SupportPhase.REGULAR
    if cycle.lts_eol is not None and today <= cycle.lts_eol:
        return SupportPhase.LTS
    return SupportPhase.EOL


def python_is_supported(minor: str, today: date, lifecycles: Lifecycles | None = None) -> bool | None:
    """Say whether a Python minor is released and not at its end of life; None when its dates are not known.

    Args:
        minor: `3.12`.
        today: The day to judge by.
        lifecycles: Other dates than the embedded ones.
    """
    cycle = (lifecycles or load_lifecycles()).find("python", minor)
    if cycle is None or cycle.released is None or cycle.eol is None:
        return None
    return cycle.released <= today <= cycle.eol


def python_age_days(minor: str, today: date, lifecycles: Lifecycles | None = None) -> int | None:
    """Return the days since the final release of a Python minor; None before it or when it is not known."""
    cycle = (lifecycles or load_lifecycles()).find("python", minor)
    if cycle is None or cycle.released is None or today < cycle.released:
        return None
    return (today - cycle.released).days


def newest_settled_minor(
    minors: Iterable[str], today: date, lifecycles: Lifecycles | None = None
) -> str | None:
    """Return the newest supported Python minor that is at least twelve months old; None when none is.

    Args:
        minors: The minors to choose from.
        today: The day to judge by.
        lifecycles: Other dates than the embedded ones.
    """
    known = lifecycles or load_lifecycles()
    settled = [
        minor
        for minor in minors
        if (age := python_age_days(minor, today, known)) is not None
        and age >= SETTLED_DAYS
        and python_is_supported(minor, today, known)
    ]
    return max(settled, key=_minor_order, default=None)


def released_minors(today: date, lifecycles: Lifecycles | None = None) -> tuple[str, ...]:
    """Return the Python minors with a final release on a day, oldest first."""
    known = lifecycles or load_lifecycles()
    minors = (cycle.cycle for cycle in known.products["python"])
    return tuple(
        sorted(
            (minor for minor in minors if python_age_days(minor, today, known) is not None), key=_minor_order
        )
    )


def _distro_cycle(distro: Distro, known: Lifecycles) -> Cycle | None:
    return known.find(distro.id, distro.version)


def _minor_order(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
