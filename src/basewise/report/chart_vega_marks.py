"""Scales, axes and marks of the Vega specification; colours of ink and paper come from the page's style sheet."""

from __future__ import annotations

from typing import Any

__all__ = ["AXES", "MARKS", "SCALES"]

_SIZE_TEXT = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, '.3~g') + ' GB' : "
    "datum.value >= 1e6 ? format(datum.value / 1e6, '.3~g') + ' MB' : "
    "datum.value >= 1e3 ? format(datum.value / 1e3, '.3~g') + ' kB' : format(datum.value, '.3~g') + ' B'"
)
_X = {"signal": "datum.bytes === null ? width - column / 2 : scale('x', max(datum.bytes, 1))"}
_Y = {"signal": "datum.findings === null ? strip / 2 : scale('y', datum.findings)"}

SCALES: list[dict[str, Any]] = [
    {
        "name": "x",
        "type": "log",
        "domain": {"signal": "axis.domain"},
        "range": [0, {"signal": "width - column"}],
    },
    {
        "name": "y",
        "type": "linear",
        "domain": [0, {"signal": "highest"}],
        "nice": 5,
        "zero": True,
        "range": [{"signal": "height"}, {"signal": "strip"}],
    },
]

_AXIS_STYLE: dict[str, Any] = {
    "labelFontSize": 12,
    "titleFontSize": 13,
    "titleFontWeight": "normal",
    "titlePadding": 10,
    "zindex": 0,
}
AXES: list[dict[str, Any]] = [
    {
        "scale": "x",
        "orient": "bottom",
        "grid": True,
        "values": {"signal": "axis.ticks"},
        "title": {"signal": "sizeTitle + ' (logarithmic)'"},
        "labelOverlap": True,
        **_AXIS_STYLE,
        "encode": {"labels": {"update": {"text": {"signal": _SIZE_TEXT}}}},
    },
    {
        "scale": "y",
        "orient": "left",
        "grid": True,
        "tickCount": 5,
        "tickMinStep": 1,
        "format": "d",
        "title": {"signal": "countTitle"},
        **_AXIS_STYLE,
    },
]


def _decoration(kind: str, name: str, update: dict[str, Any], *, data: str | None = None) -> dict[str, Any]:
    """Return a mark that a pointer and a screen reader pass over.

    Args:
        kind: Vega's type of mark.
        name: Of the mark; the style sheet has its colours by it.
        update: The channels of its encoding.
        data: The data set with an item a row; without one the mark is a single item.
    """
    return {
        "type": kind,
        "name": name,
        **({"from": {"data": data}} if data is not None else {}),
        "interactive": False,
        "aria": False,
        "encode": {"update": update},
    }


_DASHED: dict[str, Any] = {"strokeWidth": {"value": 1.5}, "strokeDash": {"value": [5, 4]}}
_BANDS: list[dict[str, Any]] = [
    _decoration(
        "rect",
        "strip_band",
        {
            "x": {"value": 0},
            "x2": {"signal": "width"},
            "y": {"value": 0},
            "y2": {"signal": "strip"},
        },
    ),
    _decoration(
        "rect",
        "column_band",
        {
            "x": {"signal": "width - column"},
            "x2": {"signal": "width"},
            "y": {"signal": "strip"},
            "y2": {"signal": "height"},
        },
    ),
    _decoration(
        "text",
        "strip_text",
        {
            "x": {"value": 6},
            "y": {"value": 11},
            "fontSize": {"value": 11},
            "text": {"signal": "strip ? 'not measured' : ''"},
        },
    ),
    _decoration(
        "text",
        "column_text",
        {
            "x": {"signal": "width - column / 2"},
            "y": {"signal": "height - 6"},
            "align": {"value": "center"},
            "fontSize": {"value": 11},
            "text": {"signal": "column ? 'size unknown' : ''"},
        },
    ),
]

_FRONT: list[dict[str, Any]] = [
    _decoration(
        "line",
        "front_line",
        {"x": _X, "y": _Y, "interpolate": {"value": "step-after"}, **_DASHED},
        data="front",
    ),
    _decoration(
        "rule",
        "front_up",
        {
            "x": {"signal": "scale('x', max(datum.least, 1))"},
            "y": {"signal": "strip"},
            "y2": {"signal": "scale('y', datum.most_findings)"},
            **_DASHED,
        },
        data="front_ends",
    ),
    _decoration(
        "rule",
        "front_right",
        {
            "x": {"signal": "scale('x', max(datum.most, 1))"},
            "x2": {"signal": "width - column"},
            "y": {"signal": "scale('y', datum.fewest)"},
            **_DASHED,
        },
        data="front_ends",
    ),
    _decoration(
        "rule",
        "stem",
        {
            "x": _X,
            "y": _Y,
            "y2": {"signal": "scale('y', datum.stays)"},
            "strokeWidth": {"value": 1},
            "opacity": {"value": 0.55},
        },
        data="stems",
    ),
]

_POINTS: list[dict[str, Any]] = [
    {
        "type": "symbol",
        "name": "point",
        "from": {"data": "placed"},
        "sort": {"field": "datum.importance", "order": "ascending"},
        "encode": {
            "update": {
                "x": _X,
                "y": _Y,
                "shape": {"field": "shape"},
                "size": {"value": 105},
                "fill": {"field": "color"},
                "fillOpacity": {"signal": "datum.excluded ? 0.18 : 1"},
                "strokeWidth": {"value": 1.3},
                "strokeDash": {"signal": "datum.atLeast ? [2, 2] : []"},
                "cursor": {"value": "pointer"},
                "description": {"field": "image"},
            }
        },
    },
    _decoration(
        "symbol",
        "first_ring",
        {
            "x": _X,
            "y": _Y,
            "size": {"value": 340},
            "fill": {"value": "transparent"},
            "strokeWidth": {"value": 2},
        },
        data="first",
    ),
    {
        **_decoration(
            "text",
            "label",
            {
                # The blanks keep the name off the ring that the recommended image has.
                "text": {
                    "signal": "datum.datum.first ? '\u00a0' + datum.datum.label + '\u00a0' : datum.datum.label"
                },
                "fontSize": {"value": 12},
                "fontWeight": {"signal": "datum.datum.first ? 600 : 400"},
            },
            data="point",
        ),
        "transform": [
            {
                "type": "label",
                "size": {"signal": "[width, height]"},
                "anchor": [
                    "right",
                    "left",
                    "top",
                    "bottom",
                    "top-right",
                    "bottom-right",
                    "top-left",
                    "bottom-left",
                ],
                "offset": [6, 6, 6, 6, 4, 4, 4, 4],
                "sort": {"field": "datum.datum.importance", "order": "descending"},
                "avoidBaseMark": True,
                "avoidMarks": ["strip_text"],
            }
        ],
    },
]

MARKS: list[dict[str, Any]] = [*_BANDS, *_FRONT, *_POINTS]
