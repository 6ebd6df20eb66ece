"""Where each image of a picture stands: on the plane, or beside it because something was not measured."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.finding import Severity, Vulnerabilities
from basewise.report.chart import (
    SEVERITIES,
    Chart,
    ChartPoint,
    Count,
    Counted,
    PointSize,
    SizeOf,
    counted_of,
)

__all__ = ["Place", "View", "Where", "first_view", "place"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the switches are set to.

    Args:
        finished: The finished application; else the base alone.
        size: Which size is on the horizontal axis.
        count: Which findings are on the vertical axis.
        severities: Those that count.
    """

    finished: bool
    size: SizeOf = SizeOf.DISK
    count: Count = Count.AS_PULLED
    severities: frozenset[Severity] = frozenset(SEVERITIES)


class Where(StrEnum):
    """Where an image is drawn."""

    PLANE = "plane"
    NO_COUNT = "no-count"
    NO_SIZE = "no-size"
    NOTHING = "nothing"
    ABSENT = "absent"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One image in one view.

    Args:
        where: On the plane; beside it without a count, a size or both; or absent, because the application
            does not run on it and so has no finished size there.
        size: Bytes, None when unknown.
        findings: None when unmeasured.
        at_least: Findings of unknown severity are left out by the view, so there may be more.
        stays: What is left of `findings` after a rebuild; None unless the view counts as pulled.
        front: No image that may be chosen has both fewer findings and less size.
    """

    point: ChartPoint
    where: Where
    size: int | None
    findings: int | None
    at_least: bool = False
    stays: int | None = None
    front: bool = False


def first_view(chart: Chart) -> View:
    """Return the view that a picture opens with."""
    return View(finished=chart.finished)


def place(chart: Chart, view: View) -> tuple[Place, ...]:
    """Return the place of each point of a chart, in its order."""
    places = tuple(_place_of(point, view) for point in chart.points)
    front = _front(places)
    return tuple(
        msgspec.structs.replace(each, front=True) if index in front else each
        for index, each in enumerate(places)
    )


def _place_of(point: ChartPoint, view: View) -> Place:
    counts = point.finished if view.finished else point.base
    sizes = point.finished_size if view.finished else point.base_size
    size = _size(sizes, view.size)
    if view.finished and point.fits is False:
        return Place(point=point, where=Where.ABSENT, size=None, findings=None)
    findings, at_least = _findings(counts, view)
    return Place(
        point=point,
        where=_where(size, findings),
        size=size,
        findings=findings,
        at_least=at_least and findings is not None,
        stays=_stays(counts, view, findings),
    )


def _where(size: int | None, findings: int | None) -> Where:
    if size is None:
        return Where.NO_SIZE if findings is not None else Where.NOTHING
    return Where.PLANE if findings is not None else Where.NO_COUNT


def _size(sizes: PointSize | None, wanted: SizeOf) -> int | None:
    if sizes is None:
        return None
    return sizes.disk if wanted is SizeOf.DISK else sizes.download


def _findings(counts: Vulnerabilities | None, view: View) -> tuple[int | None, bool]:
    """Return the number, and whether it is a lower bound; none at all of unknown severity is not measured."""
    if counts is None:
        return None, False
    return _selected(counted_of(counts, view.count), view.severities)


def _selected(counted: Counted, severities: frozenset[Severity]) -> tuple[int | None, bool]:
    if counted.total is None or len(severities) == len(SEVERITIES):
        return counted.total, False
    parts = counted.by_severity
    if parts is None:
        return None, False
    chosen = sum(part for severity, part in zip(SEVERITIES, parts, strict=True) if severity in severities)
    left_out = Severity.UNKNOWN not in severities and parts[SEVERITIES.index(Severity.UNKNOWN)] > 0
    return (None, False) if left_out and chosen == 0 else (chosen, left_out)


def _stays(counts: Vulnerabilities | None, view: View, findings: int | None) -> int | None:
    if counts is None or findings is None or view.count is not Count.AS_PULLED:
        return None
    stays = counted_of(counts, Count.AFTER_REBUILD)
    number, _ = _selected(stays, view.severities)
    if number is None and stays.by_severity is not None:
        # Only findings of unknown severity would stay, and those are not in `findings` either.
        return 0
    return number


def _front(places: tuple[Place, ...]) -> frozenset[int]:
    """Return the indexes of the Pareto front among those that may be chosen."""
    ordered = sorted(
        (each.size, each.findings, index)
        for index, each in enumerate(places)
        if each.size is not None and each.findings is not None and not each.point.excluded
    )
    front = []
    best: int | None = None
    for _, findings, index in ordered:
        if best is None or findings < best:
            best = findings
            front.append(index)
    return frozenset(front)
