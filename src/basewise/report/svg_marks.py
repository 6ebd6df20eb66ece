"""The marks of a picture: a shape for each variant, and the signs around it."""

from __future__ import annotations

from basewise.report.svg_text import element, number

__all__ = ["mark", "ring"]

_RADIUS = 5.6
_TITLE_LIMIT = 400


def mark(shape: str, x: float, y: float, *, color: str, left_out: bool = False, title: str = "") -> str:
    """Return a shape at a place; what is left out of the choice is pale.

    Args:
        shape: `circle`, `square`, `triangle-up` or `diamond`.
        x: Centre in pixels, from the left.
        y: From above.
        color: Fill.
        left_out: The image may not be chosen.
        title: What the reader is told about it; "" for a mark in a legend.
    """
    inside = () if not title else (element("title", text=title[:_TITLE_LIMIT]),)
    classes = "mark left-out" if left_out else "mark"
    if shape == "circle":
        return element("circle", *inside, cx=x, cy=y, r=_RADIUS, fill=color, class_=classes)
    return element("path", *inside, d=_path(shape, x, y), fill=color, class_=classes)


def ring(x: float, y: float) -> str:
    """Return the ring around the image that is recommended."""
    return element("circle", cx=x, cy=y, r=_RADIUS + 4.4, class_="first")


def _path(shape: str, x: float, y: float) -> str:
    side = _RADIUS * 0.93
    corners = {
        "square": ((-side, -side), (side, -side), (side, side), (-side, side)),
        "triangle-up": ((0, -_RADIUS * 1.2), (_RADIUS * 1.15, _RADIUS * 0.85), (-_RADIUS * 1.15, _RADIUS * 0.85)),
    }.get(shape, ((0, -_RADIUS * 1.3), (_RADIUS * 1.3, 0), (0, _RADIUS * 1.3), (-_RADIUS * 1.3, 0)))  # fmt: skip
    return "M" + "L".join(f"{number(x + dx)},{number(y + dy)}" for dx, dy in corners) + "Z"
