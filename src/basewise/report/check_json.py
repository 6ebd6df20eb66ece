"""A check as JSON: the contract `basewise.check/1`."""

from __future__ import annotations

from basewise.model.check import Check
from basewise.report.json_document import encode_json

__all__ = ["render_check_json"]


def render_check_json(result: Check, *, width: int, color: bool) -> str:
    """Return the document with a line end; width and color change nothing."""
    del width, color
    return encode_json(result).decode("ascii")
