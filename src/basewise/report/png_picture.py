"""The picture as PNG: the SVG of the light theme, drawn by the converter of the extra `charts`."""

from __future__ import annotations

from basewise.errors import UsageError
from basewise.report.chart import Chart
from basewise.report.chart_places import View
from basewise.report.svg_picture import render_svg

__all__ = ["render_png"]

_SCALE = 2.0


def render_png(chart: Chart, view: View | None = None) -> bytes:
    """Return the picture as PNG, twice as many pixels each way as the SVG has.

    Args:
        chart: What to draw.
        view: What the switches are set to; as a picture opens when None.

    Raises:
        UsageError: The extra `charts` is not installed.
    """
    try:
        from vl_convert import svg_to_png  # noqa: PLC0415 - an extra, and 80 MB
    except ImportError as error:
        raise UsageError(
            "a PNG needs the extra `charts`, which is not installed",
            hint='install it with `pip install "basewise[charts]"`, or write an SVG with `--format svg`',
        ) from error
    return bytes(svg_to_png(render_svg(chart, view, fixed_theme=True), scale=_SCALE))
