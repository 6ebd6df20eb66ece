"""The legend of a picture: colours, shapes and signs that it uses, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from basewise.report.chart import Chart
from basewise.report.chart_places import Place, Where
from basewise.report.chart_style import FURTHER_COLOR, color_of_families, shape_of
from basewise.report.plain import plain_line
from basewise.report.svg_marks import mark, ring
from basewise.report.svg_text import element

__all__ = ["legend"]

Sign = Callable[[float, float], str]

_LINE = 19.0
_MAX_FAMILIES = 8
_MAX_VARIANTS = 5
_TEXT_LIMIT = 28
_NEUTRAL = "none"


def legend(chart: Chart, places: Sequence[Place], x: float, y: float) -> Iterator[str]:
    """Yield the lines of the legend below one another, from a place on."""
    shown = [each for each in places if each.where is not Where.ABSENT]
    for row, (sign, text) in enumerate(_lines(chart, shown)):
        at = y + row * _LINE
        words = plain_line(text, limit=_TEXT_LIMIT)
        if sign is None:
            yield element("text", text=words, x=x - 8, y=at + 4, class_="small strong")
        else:
            yield sign(x, at)
            yield element("text", text=words, x=x + 16, y=at + 4, class_="small")


def _lines(chart: Chart, shown: Sequence[Place]) -> Iterator[tuple[Sign | None, str]]:
    colors = color_of_families(point.family for point in chart.points)
    families = [family for family in colors if any(each.point.family == family for each in shown)]
    yield None, "colour: distribution"
    for family in families[:_MAX_FAMILIES]:
        yield partial(mark, "circle", color=colors[family]), family
    if len(families) > _MAX_FAMILIES:
        yield partial(mark, "circle", color=FURTHER_COLOR), f"{len(families) - _MAX_FAMILIES} more"
    yield None, "shape: variant"
    variants = Counter(each.point.variant for each in shown).most_common(_MAX_VARIANTS)
    for variant, _ in sorted(variants):
        yield partial(mark, shape_of(variant), color=_NEUTRAL), variant or "other"
    yield None, "signs"
    yield from _signs(shown)


def _signs(shown: Sequence[Place]) -> Iterator[tuple[Sign, str]]:
    if any(each.point.first for each in shown):
        yield ring, "recommended"
    if any(each.front for each in shown):
        yield _dashes, "none has both fewer and less"
    if any(each.stays is not None and each.stays != each.findings for each in shown):
        yield _stem, "removed by a rebuild"
    if any(each.point.excluded for each in shown):
        yield partial(mark, "circle", color="#888888", left_out=True), "left out, with a reason"


def _dashes(x: float, y: float) -> str:
    return element("line", x1=x - 10, x2=x + 10, y1=y, y2=y, class_="front")


def _stem(x: float, y: float) -> str:
    return element("line", x1=x, x2=x, y1=y - 8, y2=y + 8, class_="stem")
