"""Colours and shapes of a picture: told apart by colour-blind people, and by shape without any colour.

Reference:
    Masataka Okabe and Kei Ito, "Color Universal Design", 2008: the palette. Its black is the ink here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

__all__ = ["FURTHER_COLOR", "PALETTE", "SHAPES", "color_of_families", "shape_of"]

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
FURTHER_COLOR = "#999999"
SHAPES = {"slim": "circle", "full": "square", "alpine": "triangle-up"}
_OTHER_SHAPE = "diamond"


def shape_of(variant: str) -> str:
    """Return the shape of a variant, in the words of Vega."""
    return SHAPES.get(variant, _OTHER_SHAPE)


def color_of_families(families: Iterable[str]) -> dict[str, str]:
    """Return a colour for each family, the most numerous first; the palette's end is shared by all further ones."""
    counted = Counter(families)
    ordered = sorted(counted, key=lambda family: (-counted[family], family))
    colors = (*PALETTE, *(FURTHER_COLOR for _ in ordered))
    return dict(zip(ordered, colors, strict=False))
