"""The forms of `scan`."""

from __future__ import annotations

from basewise.errors import UsageError
from basewise.model.scan import Scan, Scans

__all__ = ["SCAN_FORMATS", "render_scan"]

SCAN_FORMATS = ("table", "json")


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
    if form == "table":
        from basewise.report.scan_table import render_scan_table  # noqa: PLC0415 - one form of several

        return render_scan_table(result, width=width, color=color)
    if form == "json":
        from basewise.report.json_document import encode_json  # noqa: PLC0415 - the same

        return encode_json(result).decode("ascii")
    raise UsageError(f"no format is called `{form[:40]}`", hint=f"use one of: {', '.join(SCAN_FORMATS)}")
