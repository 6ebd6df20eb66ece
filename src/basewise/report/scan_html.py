"""A scanned image as a page, as one of the forms of `scan`; loaded only where it is asked for."""

from __future__ import annotations

from basewise.model.scan import Scan, Scans

__all__ = ["render_scan_html"]


def render_scan_html(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the page of one or several scanned images; width and color change nothing."""
    from basewise.report.html.scan_page import render_scan_page  # noqa: PLC0415 - only for a page

    del width, color
    return render_scan_page(result)
