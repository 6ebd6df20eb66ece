"""Scanned images as a page and as a picture, as forms of `scan`; loaded only where they are asked for."""

from __future__ import annotations

from basewise.model.scan import Scan, Scans

__all__ = ["render_scan_html", "render_scan_svg"]


def render_scan_html(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the page of one or several scanned images; width and color change nothing."""
    from basewise.report.html.scan_page import render_scan_page  # noqa: PLC0415 - only for a page

    del width, color
    return render_scan_page(result)


def render_scan_svg(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the picture of the scanned images; width and color change nothing."""
    from basewise.report.chart_of_scan import chart_of_scan  # noqa: PLC0415 - only for a picture
    from basewise.report.svg_picture import render_svg  # noqa: PLC0415 - the same

    del width, color
    return render_svg(chart_of_scan(result))
