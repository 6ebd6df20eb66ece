"""What all SARIF logs of the program share: messages, places, and texts of bounded length.

Reference:
    OASIS SARIF 2.1.0 with errata 01: sections 3.4 (artifactLocation), 3.11 (message), 3.58 (notification).
"""

from __future__ import annotations

import re
from urllib.parse import quote

import msgspec

from basewise.report.plain import plain_line

__all__ = [
    "MAX_RESULTS",
    "SCHEMA",
    "SarifMessage",
    "message_text",
    "notification",
    "relative_uri",
    "sarif_text",
]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 25_000
MAX_TEXT_CHARACTERS = 1000
_BRACKETS = re.compile(r"[\\\[\]]")


class SarifMessage(msgspec.Struct, frozen=True):
    """A message of plain text."""

    text: str


def notification(level: str, text: str) -> dict[str, object]:
    """Return what a run says about itself: a level of SARIF, and a sentence."""
    return {"level": level, "message": {"text": message_text(text)}}


def message_text(text: str) -> str:
    """Return the text of a message object, in which brackets would be a link.

    Reference:
        SARIF 2.1.0, section 3.11.6.
    """
    return _BRACKETS.sub(r"\\\g<0>", sarif_text(text))


def sarif_text(text: str) -> str:
    """Return a text on one line, printable and of bounded length."""
    return plain_line(text, limit=MAX_TEXT_CHARACTERS)


def relative_uri(path: str, *, without: str) -> str:
    """Return a path as a relative reference that cannot be read as absolute or lead upward.

    Args:
        path: With `/` between folders.
        without: What stands for a path that names nothing.

    Reference:
        RFC 3986, section 4.2.
    """
    parts = sarif_text(path).split("/")
    return "/".join(quote(part, safe="") for part in parts if part not in {"", ".", ".."}) or without
