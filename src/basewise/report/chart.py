"""The picture before it is drawn: base images by vulnerabilities and size, one value for SVG, PNG and the page."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.finding import BySeverity, Severity, Vulnerabilities

__all__ = ["SEVERITIES", "Chart", "ChartPoint", "Count", "Counted", "PointSize", "SizeOf", "counted_of"]

SEVERITIES: tuple[Severity, ...] = tuple(Severity)


class Count(StrEnum):
    """Which findings are counted: all of the digest as pulled, those with a published fix, or what stays."""

    AS_PULLED = "as-pulled"
    FIXABLE = "fixable"
    AFTER_REBUILD = "after-rebuild"


class SizeOf(StrEnum):
    """Which of the two sizes: on disk, or to download."""

    DISK = "disk"
    DOWNLOAD = "download"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """One count of one image.

    Args:
        total: The whole count; None when unmeasured.
        by_severity: Its parts in the order of `SEVERITIES`; None when they are not known.
    """

    total: int | None
    by_severity: tuple[int, ...] | None


class PointSize(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes; None is unknown."""

    disk: int | None
    download: int | None


class ChartPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One image.

    Args:
        image: Familiar name.
        row: Where its row stands in the table of a page, a word for an anchor.
        family: Distribution and release; the colour.
        variant: `slim`, `full`, `alpine` or another word; the shape.
        rank: Place in the ranking, None without one.
        first: The ranking recommends it.
        excluded: Why it may not be chosen, one sentence; "" where it may.
        fits: The application can run on it; None where no application is asked about.
        base_size, finished_size: Of the base, and of the finished application.
        base, finished: Counts of the base, and of the base with added packages; None without an application.
        reasons: What to show beside the point, most important first.
    """

    image: str
    row: str
    family: str
    variant: str
    rank: int | None = None
    first: bool = False
    excluded: str = ""
    fits: bool | None = None
    base_size: PointSize
    finished_size: PointSize | None = None
    base: Vulnerabilities
    finished: Vulnerabilities | None = None
    reasons: tuple[str, ...] = ()


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """The whole picture.

    Args:
        title: What it shows, one line.
        points: In the order of the table.
        finished: There are sizes of a finished application, and they are shown first.
        counted: How, and with data of which date, the findings were counted.
        complete: Nothing is missing from the coverage.
        generated_at: RFC 3339.
        subject: What a point is where no finished application is shown.
        version: Of basewise, "" where a document does not say it.
    """

    title: str
    points: tuple[ChartPoint, ...]
    finished: bool
    counted: str
    complete: bool
    generated_at: str
    subject: str = "base image"
    version: str = ""


def counted_of(counts: Vulnerabilities, count: Count) -> Counted:
    """Return one of the three counts with its severities, as far as they are known."""
    fixable = _parts(counts.by_severity_fixable)
    whole = _parts(counts.by_severity)
    if count is Count.FIXABLE:
        return Counted(total=counts.fixable, by_severity=fixable)
    if count is Count.AS_PULLED:
        return Counted(total=counts.total, by_severity=whole)
    stays = None
    if whole is not None and fixable is not None:
        stays = tuple(a - b for a, b in zip(whole, fixable, strict=True))
    return Counted(total=counts.after_rebuild, by_severity=stays)


def _parts(numbers: BySeverity) -> tuple[int, ...] | None:
    parts = tuple(getattr(numbers, severity.value) for severity in SEVERITIES)
    return None if any(part is None for part in parts) else parts
