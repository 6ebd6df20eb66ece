"""A scan as the JSON document `basewise.scan/1`, several as `basewise.scans/1`."""

from __future__ import annotations

from basewise.model.scan import Scan, Scans
from basewise.report.json_document import encode_json

__all__ = ["render_scan_json"]


def render_scan_json(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the document; width and colour change nothing."""
    del width, color
    return encode_json(result).decode("ascii")
