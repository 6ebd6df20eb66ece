"""Pictures for tests: points whose every number is replaceable."""

from __future__ import annotations

from collections.abc import Sequence

from basewise.model.finding import BySeverity, Vulnerabilities
from basewise.report.chart import Chart, ChartPoint, PointSize

__all__ = ["chart", "found", "point"]

_MB = 1_000_000


def found(total: tuple[int, ...], fixable: tuple[int, ...] = (0, 0, 0, 0, 0, 0)) -> Vulnerabilities:
    """Return counts from numbers by severity: critical, high, medium, low, negligible, unknown."""
    return Vulnerabilities(
        total=sum(total),
        fixable=sum(fixable),
        undetermined=0,
        after_rebuild=sum(total) - sum(fixable),
        exploited=0,
        by_severity=_by_severity(total),
        by_severity_fixable=_by_severity(fixable),
        as_of="2026-11-22",
    )


def point(
    image: str = "python:3.12-slim-trixie",
    *,
    megabytes: int | None = 130,
    base: Vulnerabilities | None = None,
    **changes: object,
) -> ChartPoint:
    """Return an image of a size on disk; to download it is a third. Fields are replaced as said."""
    size = PointSize(
        disk=None if megabytes is None else megabytes * _MB,
        download=None if megabytes is None else megabytes * _MB // 3,
    )
    values: dict[str, object] = {
        "image": image,
        "row": "image-1",
        "family": "Debian 13 (trixie)",
        "variant": "slim",
        "base_size": size,
        "base": found((1, 2, 3, 4, 5, 6), (1, 1, 0, 0, 0, 2)) if base is None else base,
        **changes,
    }
    return ChartPoint(**values)  # type: ignore[arg-type]  # tests name the fields; msgspec checks nothing here


def chart(points: Sequence[ChartPoint], **changes: object) -> Chart:
    """Return a picture of points, fields replaced as said."""
    values: dict[str, object] = {
        "title": "Base images for a test",
        "points": tuple(points),
        "finished": any(each.finished_size is not None for each in points),
        "counted": "counted for a test",
        "complete": True,
        "generated_at": "2026-11-23T00:00:00Z",
        **changes,
    }
    return Chart(**values)  # type: ignore[arg-type]  # as above


def _by_severity(numbers: tuple[int, ...]) -> BySeverity:
    critical, high, medium, low, negligible, unknown = numbers
    return BySeverity(
        critical=critical, high=high, medium=medium, low=low, negligible=negligible, unknown=unknown
    )
