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

AXES: list[dict[str, Any]] = [
    {
        "scale": "x",
        "orient": "bottom",
        "grid": True,
        "values": {"signal": "axis.ticks"},
        "title": {"signal": "sizeTitle + ' (logarithmic)'"},
        "labelOverlap": True,
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "zindex": 0,
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
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "zindex": 0,
    },
]

_BANDS: list[dict[str, Any]] = [
    {
        "type": "rect",
        "name": "strip_band",
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": {"value": 0},
                "x2": {"signal": "width"},
                "y": {"value": 0},
                "y2": {"signal": "strip"},
            }
        },
    },
    {
        "type": "rect",
        "name": "column_band",
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": {"signal": "width - column"},
                "x2": {"signal": "width"},
                "y": {"signal": "strip"},
                "y2": {"signal": "height"},
            }
        },
    },
    {
        "type": "text",
        "name": "strip_text",
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": {"value": 6},
                "y": {"value": 11},
                "fontSize": {"value": 11},
                "text": {"signal": "strip ? 'not measured' : ''"},
            }
        },
    },
    {
        "type": "text",
        "name": "column_text",
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": {"signal": "width - column / 2"},
                "y": {"signal": "height - 6"},
                "align": {"value": "center"},
                "fontSize": {"value": 11},
                "text": {"signal": "column ? 'size unknown' : ''"},
            }
        },
    },
]

_FRONT: list[dict[str, Any]] = [
    {
        "type": "line",
        "name": "front_line",
        "from": {"data": "front"},
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": _X,
                "y": _Y,
                "interpolate": {"value": "step-after"},
                "strokeWidth": {"value": 1.5},
                "strokeDash": {"value": [5, 4]},
            }
        },
    },
    {
        "type": "rule",
        "name": "front_up",
        "from": {"data": "front_ends"},
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": {"signal": "scale('x', max(datum.least, 1))"},
                "y": {"signal": "strip"},
                "y2": {"signal": "scale('y', datum.most_findings)"},
                "strokeWidth": {"value": 1.5},
                "strokeDash": {"value": [5, 4]},
            }
        },
    },
    {
        "type": "rule",
        "name": "front_right",
        "from": {"data": "front_ends"},
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": {"signal": "scale('x', max(datum.most, 1))"},
                "x2": {"signal": "width - column"},
                "y": {"signal": "scale('y', datum.fewest)"},
                "strokeWidth": {"value": 1.5},
                "strokeDash": {"value": [5, 4]},
            }
        },
    },
    {
        "type": "rule",
        "name": "stem",
        "from": {"data": "stems"},
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": _X,
                "y": _Y,
                "y2": {"signal": "scale('y', datum.stays)"},
                "strokeWidth": {"value": 1},
                "opacity": {"value": 0.55},
            }
        },
    },
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
    {
        "type": "symbol",
        "name": "first_ring",
        "from": {"data": "first"},
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                "x": _X,
                "y": _Y,
                "size": {"value": 340},
                "fill": {"value": "transparent"},
                "strokeWidth": {"value": 2},
            }
        },
    },
    {
        "type": "text",
        "name": "label",
        "from": {"data": "point"},
        "interactive": False,
        "aria": False,
        "encode": {
            "update": {
                # The blanks keep the name off the ring that the recommended image has.
                "text": {
                    "signal": "datum.datum.first ? '\u00a0' + datum.datum.label + '\u00a0' : datum.datum.label"
                },
                "fontSize": {"value": 12},
                "fontWeight": {"signal": "datum.datum.first ? 600 : 400"},
            }
        },
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
