"""Text from elsewhere on its way to a terminal or a build log."""

from __future__ import annotations

import re

from basewise._internal.text import safe_text

__all__ = ["MAX_CHARACTERS", "plain_line", "plain_lines"]

_COLONS = re.compile(":(?=:)")
MAX_CHARACTERS = 1200
MAX_CODE_CHARACTERS = 2000


def plain_line(text: str, *, limit: int = MAX_CHARACTERS) -> str:
    """Return one line without control characters that a build service cannot take for a command of its own.

    Reference:
        GitHub Actions, workflow commands: `::name::` at the start of a line, after blanks; wrapping could
        put any word there. The older form is `##[name]` anywhere.
    """
    shown = safe_text(text, limit=limit)
    parted = _COLONS.sub(": ", shown) if "::" in shown else shown
    return parted.replace("##[", "## [")


def plain_lines(text: str) -> list[str]:
    """Return the lines of a text that must stay as it is, each without control characters."""
    return [safe_text(line, limit=MAX_CODE_CHARACTERS) for line in text.rstrip("\n").split("\n")]
