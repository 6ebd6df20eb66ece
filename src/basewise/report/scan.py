"""The forms of `scan`: a list of names, each with the function that writes it, imported when it is asked for."""

from __future__ import annotations

from basewise.model.scan import Scan, Scans
from basewise.report.writers import written

__all__ = ["ONE_IMAGE_FORMATS", "PICTURE_FORMATS", "SCAN_FORMATS", "render_scan", "render_scan_png"]

_WRITERS = {
    "table": "scan_table.render_scan_table",
    "json": "json_document.render_document",
    "sarif": "scan_sarif.render_scan_sarif",
    "cyclonedx": "scan_cyclonedx.render_scan_cyclonedx",
    "spdx": "scan_spdx.render_scan_spdx",
    "openvex": "scan_openvex.render_scan_openvex",
    "markdown": "scan_markdown.render_scan_markdown",
    "junit": "scan_junit.render_scan_junit",
    "gitlab": "scan_gitlab.render_scan_gitlab",
    "html": "scan_html.render_scan_html",
}
_PICTURE = {"svg": "scan_html.render_scan_svg"}
SCAN_FORMATS = tuple(_WRITERS)
"""Those that hold the findings."""
PICTURE_FORMATS = ("svg", "png")
"""Those that hold the plot alone."""
ONE_IMAGE_FORMATS = ("cyclonedx", "spdx")


def render_scan(result: Scan | Scans, form: str, *, width: int, color: bool) -> str:
    """Write one or several scanned images in one of `SCAN_FORMATS`, or their picture as `svg`.

    Args:
        result: What was found.
        form: Its name.
        width: Columns of the terminal.
        color: Allow escape sequences for style.

    Raises:
        UsageError: There is no such form.
    """
    known = (*SCAN_FORMATS, *PICTURE_FORMATS)
    return written(result, form, _WRITERS | _PICTURE, width=width, color=color, known=known)


def render_scan_png(result: Scan | Scans) -> bytes:
    """Return the picture as PNG.

    Raises:
        UsageError: The extra `charts` is not installed.
    """
    from basewise.report.chart_of_scan import chart_of_scan  # noqa: PLC0415 - only for a picture
    from basewise.report.png_picture import render_png  # noqa: PLC0415 - the same

    return render_png(chart_of_scan(result))
