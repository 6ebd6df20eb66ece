"""The few styles of the terminal report."""

from __future__ import annotations

from enum import Enum

__all__ = ["Style", "styled"]


class Style(Enum):
    """A style and its parameters of the control sequence SGR (ECMA-48, section 8.3.117)."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    FIRST = "1;32"


def styled(text: str, style: Style) -> str:
    """Return text between the sequences that begin and end a style; plain and empty text stays as it is."""
    return f"\x1b[{style.value}m{text}\x1b[0m" if text and style.value else text
