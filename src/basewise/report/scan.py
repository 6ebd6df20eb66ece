"""The forms of `scan`: a list of names, each with the function that writes it, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from basewise.errors import UsageError
from basewise.model.scan import Scan, Scans

__all__ = ["ONE_IMAGE_FORMATS", "SCAN_FORMATS", "render_scan"]

ScanWriter = Callable[..., str]
"""Takes a `Scan` or `Scans`, and by name `width` (columns) and `color`; returns text that ends with a line end."""

_WRITERS = {
    "table": "scan_table.render_scan_table",
    "json": "scan_json.render_scan_json",
    "sarif": "scan_sarif.render_scan_sarif",
    "cyclonedx": "scan_cyclonedx.render_scan_cyclonedx",
    "spdx": "scan_spdx.render_scan_spdx",
    "openvex": "scan_openvex.render_scan_openvex",
    "markdown": "scan_markdown.render_scan_markdown",
    "junit": "scan_junit.render_scan_junit",
    "gitlab": "scan_gitlab.render_scan_gitlab",
    "html": "scan_html.render_scan_html",
}
SCAN_FORMATS = tuple(_WRITERS)
ONE_IMAGE_FORMATS = ("cyclonedx", "spdx")


def render_scan(result: Scan | Scans, form: str, *, width: int, color: bool) -> str:
    """Write one or several scanned images in one of `SCAN_FORMATS`.

    Args:
        result: What was found.
        form: Its name.
        width: Columns of the terminal.
        color: Allow escape sequences for style.

    Raises:
        UsageError: There is no such form.
    """
    if form not in _WRITERS:
        raise UsageError(f"no format is called `{form[:40]}`", hint=f"use one of: {', '.join(SCAN_FORMATS)}")
    module, _, name = _WRITERS[form].partition(".")
    write: ScanWriter = getattr(import_module(f"basewise.report.{module}"), name)
    return write(result, width=width, color=color)
