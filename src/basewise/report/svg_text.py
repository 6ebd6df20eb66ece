"""Writing SVG: escaped text, short numbers, and how wide a text will about be without measuring any font."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from textwrap import wrap

from basewise.report.plain import plain_line

__all__ = ["element", "number", "text_width", "wrapped"]

_NARROW = frozenset("ijl.,:;'|!()[]{} -/ftrI1\"")
_WIDE = frozenset("mwMWQO@%&")
_NARROW_SHARE, _USUAL_SHARE, _WIDE_SHARE = 0.36, 0.58, 0.88
_MEAN_SHARE = 0.53


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in a sans-serif font of a size, rather too wide than too narrow."""
    shares = (
        _NARROW_SHARE if char in _NARROW else _WIDE_SHARE if char in _WIDE or ord(char) > 0x2E80 else _USUAL_SHARE  # noqa: PLR2004
        for char in text
    )  # fmt: skip
    return size * sum(shares)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Return the lines of a text that fit into a width."""
    columns = max(10, int(width / (size * _MEAN_SHARE)))
    return wrap(plain_line(text), columns, break_on_hyphens=False)


def number(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, /, *children: str, text: str | None = None, **attributes: str | float | None) -> str:
    """Return an element; `children` are markup already, `text` and values are escaped here.

    An attribute's underscores become hyphens, a trailing one is dropped (`class_`); None leaves it out.
    """
    written = "".join(_attributes(attributes))
    inside = "".join(children) + ("" if text is None else escape(text, quote=False))
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def _attributes(attributes: dict[str, str | float | None]) -> Iterator[str]:
    for name, value in attributes.items():
        if value is not None:
            shown = value if isinstance(value, str) else number(value)
            yield f' {name.removesuffix("_").replace("_", "-")}="{escape(shown)}"'
