"""Coverage, support and the other evidence that travels with every count."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Coverage", "CoverageSource", "NotCovered", "Support", "SupportPhase"]


class SupportPhase(StrEnum):
    """Phase of a distribution's support: regular, lts, eol (after the LTS end); unknown when no date is known."""

    REGULAR = "regular"
    LTS = "lts"
    EOL = "eol"
    UNKNOWN = "unknown"


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """Ends of support as `YYYY-MM-DD`, None when not known."""

    python_eol: str | None
    distro_eol: str | None
    distro_lts_eol: str | None
    phase: SupportPhase


class CoverageSource(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One source that was used: date, age, number of entries, and whether a signature chain was checked.

    `age_days` is None where the clock is before the date, or there is no date.
    """

    name: str
    ecosystem: str
    as_of: str
    age_days: int | None
    entries: int
    verified: bool


class NotCovered(msgspec.Struct, frozen=True, order=True):
    """Something that could not be seen, and why."""

    what: str
    why: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at and what could not be. `complete` is True only when nothing is missing."""

    complete: bool
    sources: tuple[CoverageSource, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
