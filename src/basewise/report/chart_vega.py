"""The picture as a Vega specification: a page's switches are its signals, and everything else follows from the points.

Vega computes what `chart_places` computes, in the browser; a test compares both for every setting of the
switches. Text from elsewhere is only ever data here, never part of an expression.

Reference:
    Vega specification, version 6.
"""

from __future__ import annotations

from typing import Any

from basewise._internal.text import safe_text
from basewise.model.finding import Vulnerabilities
from basewise.report.chart import SEVERITIES, Chart, ChartPoint, Count, PointSize, SizeOf, counted_of
from basewise.report.chart_axis import size_axis
from basewise.report.chart_names import label_of_points
from basewise.report.chart_places import View, place
from basewise.report.chart_style import color_of_families, shape_of
from basewise.report.chart_vega_marks import AXES, MARKS, SCALES

__all__ = ["vega_specification"]

MAX_TEXT = 300
_OF = {False: "base", True: "finished"}
_UNKNOWN = SEVERITIES.index(next(severity for severity in SEVERITIES if severity == "unknown"))


def vega_specification(chart: Chart) -> dict[str, Any]:
    """Return the specification of a picture, ready for JSON.

    Its signals are `finished` (boolean), `size`, `count` (words of `SizeOf` and `Count`), `severities` (a list of
    0 and 1 in the order of `SEVERITIES`), `width` and `height`. The data set `placed` has a row for each
    image that is shown.
    """
    return {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "description": safe_text(chart.title, limit=MAX_TEXT),
        "background": "transparent",
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 4,
        "config": {"text": {"font": "system-ui, sans-serif"}, "axis": {"labelFont": "system-ui, sans-serif"}},
        "signals": _signals(chart),
        "data": _data(chart),
        "scales": SCALES,
        "axes": AXES,
        "marks": MARKS,
    }


def _signals(chart: Chart) -> list[dict[str, Any]]:
    every = " && ".join(f"severities[{index}]" for index in range(len(SEVERITIES)))
    return [
        {"name": "width", "value": 800},
        {"name": "height", "value": 400},
        {"name": "finished", "value": chart.finished},
        {"name": "size", "value": SizeOf.DISK.value},
        {"name": "count", "value": Count.AS_PULLED.value},
        {"name": "severities", "value": [1] * len(SEVERITIES)},
        {"name": "axes", "value": _size_axes(chart)},
        {"name": "of", "update": "finished ? 'finished' : 'base'"},
        {"name": "everything", "update": every},
        {"name": "axis", "update": "axes[of][size]"},
        {"name": "strip", "update": "length(data('without_count')) > 0 ? 40 : 0"},
        {"name": "column", "update": "length(data('without_size')) > 0 ? 78 : 0"},
        {"name": "highest", "update": "max(2, data('highest')[0].findings || 0)"},
        {"name": "subject", "value": chart.subject},
        {"name": "sizeTitle", "update": "(finished ? 'finished application' : subject) + ' ' + (size === 'disk' ? 'on disk' : 'to download')"},
        {"name": "countTitle", "update": "count === 'fixable' ? 'fixable vulnerabilities' : count === 'after-rebuild' ? 'vulnerabilities after a rebuild' : 'vulnerabilities as pulled'"},
    ]  # fmt: skip


def _size_axes(chart: Chart) -> dict[str, dict[str, Any]]:
    return {
        name: {size.value: _size_axis(chart, finished=finished, size=size) for size in SizeOf}
        for finished, name in _OF.items()
    }


def _size_axis(chart: Chart, *, finished: bool, size: SizeOf) -> dict[str, Any]:
    places = place(chart, View(finished=finished, size=size))
    axis = size_axis(each.size for each in places if each.size is not None)
    return {"domain": [axis.low, axis.high], "ticks": list(axis.ticks)}


def _data(chart: Chart) -> list[dict[str, Any]]:
    shown = "datum.where !== 'absent'"
    return [
        {"name": "points", "values": _points(chart), "transform": _places()},
        {"name": "placed", "source": "points", "transform": [_filter(shown)]},
        {"name": "plane", "source": "points", "transform": [_filter("datum.where === 'plane'")]},
        {"name": "stems", "source": "plane", "transform": [_filter("datum.stays !== null")]},
        {"name": "first", "source": "placed", "transform": [_filter("datum.first")]},
        {
            "name": "without_count",
            "source": "placed",
            "transform": [_filter("datum.findings === null")],
        },
        {"name": "without_size", "source": "placed", "transform": [_filter("datum.bytes === null")]},
        {
            "name": "highest",
            "source": "placed",
            "transform": [
                _filter("datum.findings !== null"),
                {"type": "aggregate", "ops": ["max"], "fields": ["findings"], "as": ["findings"]},
            ],
        },
        {"name": "front", "source": "plane", "transform": _front()},
        {
            "name": "front_ends",
            "source": "front",
            "transform": [
                {
                    "type": "aggregate",
                    "ops": ["min", "max", "min", "max", "count"],
                    "fields": ["bytes", "bytes", "findings", "findings", None],
                    "as": ["least", "most", "fewest", "most_findings", "images"],
                },
                _filter("datum.images > 0"),
            ],
        },
    ]


def _front() -> list[dict[str, Any]]:
    order = {"field": ["bytes", "findings", "index"], "order": ["ascending", "ascending", "ascending"]}
    return [
        _filter("!datum.excluded"),
        {"type": "collect", "sort": order},
        {
            "type": "window",
            "sort": order,
            "ignorePeers": True,
            "ops": ["min"],
            "fields": ["findings"],
            "as": ["best"],
            "frame": [None, -1],
        },
        _filter("!isValid(datum.best) || datum.findings < datum.best"),
    ]


def _places() -> list[dict[str, Any]]:
    """Return the transforms that do what `place` does for one image."""
    return [
        _formula("label", "datum.labels[of]"),
        _formula("absent", "finished && datum.fits === false"),
        _formula("bytes", "datum.absent ? null : datum.sizes[of][size]"),
        _formula("counted", "datum.counts[of][count]"),
        _formula("chosen", _sum_of("datum.counted.parts")),
        _formula("leftOut", f"!severities[{_UNKNOWN}] && !!datum.counted.parts && datum.counted.parts[{_UNKNOWN}] > 0"),
        _formula("findings", "datum.absent || datum.counted.total === null ? null : everything ? datum.counted.total : "
                 "!datum.counted.parts || (datum.leftOut && datum.chosen === 0) ? null : datum.chosen"),
        _formula("atLeast", "!everything && datum.findings !== null && datum.leftOut"),
        _formula("after", "datum.counts[of]['after-rebuild']"),
        _formula("stays", "count !== 'as-pulled' || datum.findings === null ? null : everything ? datum.after.total : "
                 f"!datum.after.parts ? null : {_sum_of('datum.after.parts')}"),
        _formula("where", "datum.absent ? 'absent' : datum.bytes === null ? (datum.findings === null ? 'nothing' : 'no-size') : "
                 "datum.findings === null ? 'no-count' : 'plane'"),
    ]  # fmt: skip


def _sum_of(parts: str) -> str:
    terms = " + ".join(f"severities[{index}] * {parts}[{index}]" for index in range(len(SEVERITIES)))
    return f"({parts} ? {terms} : 0)"


def _points(chart: Chart) -> list[dict[str, Any]]:
    colors = color_of_families(point.family for point in chart.points)
    labels = {name: _labels(chart, finished=finished) for finished, name in _OF.items()}
    return [
        _point(point, index, colors[point.family], {of: given.get(index, "") for of, given in labels.items()})
        for index, point in enumerate(chart.points)
    ]


def _labels(chart: Chart, *, finished: bool) -> dict[int, str]:
    """Return labels by index: look-alikes that a view does not show are no part of a label there."""
    there = [index for index, point in enumerate(chart.points) if not finished or point.fits is not False]
    return dict(zip(there, label_of_points([chart.points[index] for index in there]), strict=True))


def _point(point: ChartPoint, index: int, color: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "index": index,
        "image": safe_text(point.image, limit=MAX_TEXT),
        "labels": labels,
        "row": point.row,
        "family": safe_text(point.family, limit=MAX_TEXT),
        "color": color,
        "shape": shape_of(point.variant),
        "rank": point.rank,
        "first": point.first,
        "excluded": bool(point.excluded),
        "fits": point.fits,
        "importance": 4 * point.first + (not point.excluded),
        "reasons": [safe_text(reason, limit=MAX_TEXT) for reason in point.reasons],
        "sizes": {"base": _sizes(point.base_size), "finished": _sizes(point.finished_size)},
        "counts": {"base": _counts(point.base), "finished": _counts(point.finished)},
        "undetermined": {
            "base": point.base.undetermined,
            "finished": point.finished.undetermined if point.finished else None,
        },
    }


def _sizes(size: PointSize | None) -> dict[str, int | None]:
    return {each.value: getattr(size, each.value) if size else None for each in SizeOf}


def _counts(counts: Vulnerabilities | None) -> dict[str, dict[str, Any]]:
    made = {}
    for count in Count:
        counted = counted_of(counts or Vulnerabilities(), count)
        parts = None if counted.by_severity is None else list(counted.by_severity)
        made[count.value] = {"total": counted.total, "parts": parts}
    return made


def _filter(expression: str) -> dict[str, Any]:
    return {"type": "filter", "expr": expression}


def _formula(name: str, expression: str) -> dict[str, Any]:
    return {"type": "formula", "as": name, "expr": expression}
