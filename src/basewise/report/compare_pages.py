"""A comparison as a page and as a picture."""

from __future__ import annotations

from basewise.model.compare import Compare
from basewise.report.chart_of_compare import chart_of_compare

__all__ = ["render_compare_html", "render_compare_svg"]


def render_compare_svg(compare: Compare, *, width: int, color: bool) -> str:
    """Return the picture; width and color change nothing."""
    from basewise.report.svg_picture import render_svg  # noqa: PLC0415 - only for a picture

    del width, color
    return render_svg(chart_of_compare(compare))


def render_compare_html(compare: Compare, *, width: int, color: bool) -> str:
    """Return the page; width and color change nothing."""
    from basewise.report.html.compare_page import render_compare_page  # noqa: PLC0415 - only for a page

    del width, color
    return render_compare_page(compare)
