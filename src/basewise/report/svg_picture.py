"""The picture as SVG: one file that needs no font, no script and no network, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from basewise.report.chart import Chart
from basewise.report.chart_axis import Axis, count_axis, size_axis, tick_text
from basewise.report.chart_names import group_name, look_alike, shared_prefix
from basewise.report.chart_places import Place, View, Where, first_view, place
from basewise.report.chart_style import color_of_families, shape_of
from basewise.report.chart_words import WHERE_WORDS, count_title, description, place_sentence, size_title
from basewise.report.plain import plain_line
from basewise.report.svg_labels import Box, Label, LabelPlace, neighbours, place_labels
from basewise.report.svg_legend import legend
from basewise.report.svg_marks import mark, ring
from basewise.report.svg_style import LIGHT_STYLE, PICTURE_STYLE
from basewise.report.svg_text import element, number, text_width, wrapped

__all__ = ["render_svg"]

WIDTH, HEIGHT = 960.0, 560.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 744.0, 52.0, 446.0
_STRIP = 44.0
_COLUMN = 74.0
_LABEL_SIZE = 12.0
_SMALL = 11.0
_MAX_LINES = 4
_RECOMMENDED = 4


class _Plot(msgspec.Struct, frozen=True, kw_only=True):
    """The plane in pixels, and the strip above and the column beside it for what was not measured."""

    plane: Box
    x: Axis
    y: Axis
    strip: bool
    column: bool

    def at(self, each: Place) -> tuple[float, float]:
        """Return the centre of an image's mark."""
        x = (_RIGHT - _COLUMN / 2) if each.size is None else self.across(each.size)
        y = (_TOP + _STRIP / 2) if each.findings is None else self.up(each.findings)
        return x, y

    def across(self, size: float) -> float:
        return self.plane.left + self.x.share(size) * (self.plane.right - self.plane.left)

    def up(self, findings: float) -> float:
        return self.plane.bottom - self.y.share(findings) * (self.plane.bottom - self.plane.top)


def render_svg(
    chart: Chart, view: View | None = None, *, embedded: bool = False, fixed_theme: bool = False
) -> str:
    """Return the picture as an SVG document with a line end.

    Args:
        chart: What to draw.
        view: What the switches are set to; as a picture opens when None.
        embedded: For a page that has the style sheet itself: no style.
        fixed_theme: Light, with plain colours, for programs that know no variables.
    """
    wanted = view or first_view(chart)
    places = place(chart, wanted)
    plot = _plot_of(places)
    body = [
        element("title", text=plain_line(chart.title), id="bw-picture-title"),
        element("desc", text=plain_line(description(chart, wanted, places)), id="bw-picture-desc"),
        "" if embedded else element("style", text=LIGHT_STYLE if fixed_theme else PICTURE_STYLE),
        element("rect", width=WIDTH, height=HEIGHT, class_="paper"),
        *_head(chart),
        *_axes(plot, wanted, chart.subject),
        *_front(plot, places),
        *_marks(chart, plot, places),
        *legend(chart, places, _RIGHT + 26, _TOP + 6),
        *_foot(chart, places),
    ]
    svg = element(
        "svg",
        *body,
        xmlns="http://www.w3.org/2000/svg",
        width=WIDTH,
        height=HEIGHT,
        viewBox=f"0 0 {number(WIDTH)} {number(HEIGHT)}",
        role="img",
        aria_labelledby="bw-picture-title bw-picture-desc",
        class_="bw-picture",
    )
    return svg + "\n"


def _plot_of(places: Sequence[Place]) -> _Plot:
    strip = any(each.where in {Where.NO_COUNT, Where.NOTHING} for each in places)
    column = any(each.where in {Where.NO_SIZE, Where.NOTHING} for each in places)
    return _Plot(
        plane=Box(_LEFT, _TOP + _STRIP * strip, _RIGHT - _COLUMN * column, _BOTTOM),
        x=size_axis(each.size for each in places if each.size is not None),
        y=count_axis(each.findings for each in places if each.findings is not None),
        strip=strip,
        column=column,
    )


def _head(chart: Chart) -> Iterator[str]:
    title = plain_line(chart.title, limit=90)
    yield element("text", text=title, x=_LEFT - 50, y=28.0, class_="title")


def _axes(plot: _Plot, view: View, subject: str) -> Iterator[str]:
    plane = plot.plane
    if plot.strip:
        yield element("rect", x=_LEFT, y=_TOP, width=_RIGHT - _LEFT, height=_STRIP, class_="band")
        yield element("text", text="not measured", x=_LEFT + 6, y=_TOP + 13, class_="small dim")
    if plot.column:
        height = _BOTTOM - _TOP
        yield element("rect", x=plane.right, y=_TOP, width=_COLUMN, height=height, class_="band")
        middle = plane.right + _COLUMN / 2
        yield element(
            "text", text="size unknown", x=middle, y=_BOTTOM - 6, text_anchor="middle", class_="small dim"
        )
    for tick in plot.y.ticks:
        y = plot.up(tick)
        yield element("line", x1=plane.left, x2=plane.right, y1=y, y2=y, class_="grid")
        yield element("text", text=f"{tick:g}", x=_LEFT - 8, y=y + 4, text_anchor="end", class_="dim")
    for tick in plot.x.ticks:
        x = plot.across(tick)
        yield element("line", x1=x, x2=x, y1=plane.top, y2=plane.bottom, class_="grid")
        yield element("text", text=tick_text(tick), x=x, y=_BOTTOM + 18, text_anchor="middle", class_="dim")
    yield element("line", x1=_LEFT, x2=plane.right, y1=_BOTTOM, y2=_BOTTOM, class_="axis")
    middle_x, middle_y = (plane.left + plane.right) / 2, (plane.top + plane.bottom) / 2
    yield element("text", text=size_title(view, subject), x=middle_x, y=_BOTTOM + 40, text_anchor="middle")
    turned = f"rotate(-90 20 {number(middle_y)})"
    yield element("text", text=count_title(view), x=20, y=middle_y, text_anchor="middle", transform=turned)


def _front(plot: _Plot, places: Sequence[Place]) -> Iterator[str]:
    front = sorted((each for each in places if each.front), key=lambda each: each.size or 0)
    if not front:
        return
    points = [plot.at(each) for each in front]
    steps = [f"M{number(points[0][0])},{number(plot.plane.top)}V{number(points[0][1])}"]
    steps += [f"H{number(x)}V{number(y)}" for x, y in points[1:]]
    steps.append(f"H{number(plot.plane.right)}")
    yield element("path", d="".join(steps), class_="front")


def _marks(chart: Chart, plot: _Plot, places: Sequence[Place]) -> Iterator[str]:
    colors = color_of_families(point.family for point in chart.points)
    shown = [each for each in places if each.where is not Where.ABSENT]
    # The most important last, so that it lies on top.
    shown.sort(key=lambda each: (each.point.first, each.front, not each.point.excluded))
    for each in shown:
        if each.stays is not None and each.size is not None:
            x, y = plot.at(each)
            yield element("path", d=f"M{number(x)},{number(y)}V{number(plot.up(each.stays))}", class_="stem")
    for each in shown:
        x, y = plot.at(each)
        yield mark(
            shape_of(each.point.variant),
            x,
            y,
            color=colors[each.point.family],
            left_out=bool(each.point.excluded),
            title=plain_line(place_sentence(each)),
        )
        if each.point.first:
            yield ring(x, y)
    yield from _labels(plot, shown)


def _labels(plot: _Plot, shown: Sequence[Place]) -> Iterator[str]:
    centres = [plot.at(each) for each in shown]
    labels = _label_of_groups(shown, centres)
    strong = {label.text for importance, label in labels if importance >= _RECOMMENDED}
    ordered = [label for _, label in sorted(labels, key=lambda pair: -pair[0])]
    for placed in place_labels(ordered, centres, Box(_LEFT, _TOP, _RIGHT, _BOTTOM)):
        if placed.leader:
            yield _leader(placed)
        yield element(
            "text",
            text=placed.label.text,
            x=placed.x,
            y=placed.box.bottom - 4,
            text_anchor=None if placed.anchor == "start" else placed.anchor,
            class_="halo strong" if placed.label.text in strong else "halo",
        )


def _label_of_groups(
    shown: Sequence[Place], centres: Sequence[tuple[float, float]]
) -> list[tuple[int, Label]]:
    """Return a label with its importance for each group of look-alikes; the recommended image has its own."""
    prefix = shared_prefix([each.point.image for each in shown])
    kinds = [(each.point.first, look_alike(each.point.image, prefix)) for each in shown]
    labels = []
    for group in neighbours(centres, kinds):
        text = group_name([shown[index].point.image for index in group], prefix)
        importance = max(_importance(shown[index]) for index in group)
        x = max(centres[index][0] for index in group)
        y = sum(centres[index][1] for index in group) / len(group)
        width = text_width(text, _LABEL_SIZE)
        labels.append((importance, Label(text=text, x=x, y=y, width=width, height=_LABEL_SIZE + 3)))
    return labels


def _leader(placed: LabelPlace) -> str:
    box, label = placed.box, placed.label
    x = min(max(label.x, box.left), box.right)
    y = min(max(label.y, box.top + 2), box.bottom - 2)
    return element("line", x1=label.x, y1=label.y, x2=x, y2=y, class_="leader")


def _importance(each: Place) -> int:
    return _RECOMMENDED * each.point.first + 2 * each.front + (not each.point.excluded)


def _foot(chart: Chart, places: Sequence[Place]) -> Iterator[str]:
    made = f"{chart.generated_at[:10]}, basewise {chart.version}".rstrip()
    sentences = [*_beside(places), f"{chart.counted}; {made}"]
    if not chart.complete:
        sentences.append("the coverage is incomplete: the report names what could not be seen")
    lines = [line for sentence in sentences for line in wrapped(sentence, _SMALL, WIDTH - 40)]
    for index, line in enumerate(lines[:_MAX_LINES]):
        yield element("text", text=line, x=16, y=_BOTTOM + 64 + 15 * index, class_="small dim")


def _beside(places: Sequence[Place]) -> Iterator[str]:
    absent = sum(each.where is Where.ABSENT for each in places)
    if absent:
        yield f"{absent} not shown: {WHERE_WORDS[Where.ABSENT]}"
