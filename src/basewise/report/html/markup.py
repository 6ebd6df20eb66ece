"""Building HTML from values: whatever is not markup by type is text, and text is always escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from basewise._internal.text import safe_text

__all__ = ["Markup", "code_lines", "external_link", "join", "prose", "tag", "text"]

MAX_TEXT = 600
MAX_CODE_LINE = 2000
_VOID = frozenset({"meta", "link", "br", "input", "hr"})
_SCHEMES = ("https://", "http://")
_CODE = re.compile(r"`([^`]{1,200})`")

Value = str | int | float | bool | None


class Markup(str):
    """HTML that this package wrote."""

    __slots__ = ()


Child = Markup | str | int | None


def tag(name: str, /, *children: Child, **attributes: Value) -> Markup:
    """Return an element.

    Args:
        name: Of the element.
        children: Markup as it stands, text to be escaped, None for nothing.
        attributes: Underscores become hyphens, a trailing one is dropped (`class_`, `for_`); True writes the name
            alone, None and False leave it out.
    """
    opened = f"<{name}{''.join(_attributes(attributes))}>"
    if name in _VOID:
        return Markup(opened)
    return Markup(f"{opened}{''.join(_child(child) for child in children)}</{name}>")


def text(value: str, *, limit: int = MAX_TEXT) -> Markup:
    """Return text as markup: one line, no control or bidirectional character, cut, escaped."""
    return Markup(escape(safe_text(value, limit=limit)))


def prose(sentence: str) -> Markup:
    """Return a sentence in which what stands in backticks is code."""
    pieces = _CODE.split(str(text(sentence)))
    # Outside code at even places, inside at odd ones; everything is escaped already.
    return join(
        tag("code", Markup(piece)) if place % 2 else Markup(piece) for place, piece in enumerate(pieces)
    )


def join(parts: Iterable[Child], between: str = "") -> Markup:
    """Return parts one after another."""
    return Markup(escape(between).join(_child(part) for part in parts))


def code_lines(content: str) -> Markup:
    """Return a block of code that keeps its lines."""
    lines = content.rstrip("\n").split("\n")
    return tag(
        "pre",
        tag("code", join((text(line, limit=MAX_CODE_LINE) for line in lines), "\n")),
        tabindex=0,
        role="group",
        aria_label="code",
    )


def external_link(url: str, *children: Child) -> Markup:
    """Return a link that tells its target nothing; what is no plain web address stays text."""
    if not url.startswith(_SCHEMES) or len(url) > MAX_TEXT:
        return join(children)
    return tag("a", *children, href=url, rel="noopener noreferrer")


def _child(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else text(str(child))


def _attributes(attributes: dict[str, Value]) -> Iterator[str]:
    for key, value in attributes.items():
        name = key.removesuffix("_").replace("_", "-")
        if value is True:
            yield f" {name}"
        elif value is not None and value is not False:
            yield f' {name}="{escape(safe_text(str(value), limit=MAX_TEXT))}"'
