"""The picture of a page: switches, the plot, what it means, and a plain picture for who runs no script."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import safe_text
from basewise.report.chart import SEVERITIES, Chart, Count, SizeOf
from basewise.report.chart_style import color_of_families, shape_of
from basewise.report.chart_vega import MAX_TEXT, vega_specification
from basewise.report.html.markup import Markup, join, tag
from basewise.report.svg_marks import mark
from basewise.report.svg_picture import render_svg
from basewise.report.svg_text import element

__all__ = ["picture", "picture_data"]

_COUNTS = {
    Count.AS_PULLED: "as pulled",
    Count.FIXABLE: "fixable only",
    Count.AFTER_REBUILD: "after a rebuild",
}
_SIZES = {SizeOf.DISK: "on disk", SizeOf.DOWNLOAD: "to download"}
_ICON = 16.0


def picture(chart: Chart) -> Markup:
    """Return the section with the picture; the page must carry `picture_data` for its script."""
    return tag(
        "section",
        tag("h2", "Vulnerabilities against size", id="picture-title"),
        _switches(chart),
        tag(
            "figure",
            tag("div", Markup(render_svg(chart, embedded=True)), id="plot", class_="plot"),
            tag("div", id="tip", class_="tip", role="status", aria_live="polite", hidden=True),
            tag("figcaption", _legend(chart), tag("div", id="beside", aria_live="polite")),
            aria_labelledby="picture-title",
        ),
        tag("p", f"{chart.counted}.", class_="dim"),
        tag(
            "p",
            "A thin line under a point leads down to what stays after a rebuild. The dashed line joins the images "
            "that no other beats in both. Pale points are left out of the choice; the table says why.",
            class_="dim",
        ),
        id="picture",
        aria_labelledby="picture-title",
    )


def picture_data(chart: Chart) -> dict[str, object]:
    """Return what the script draws the picture from, by the id of the element that holds it."""
    return {"picture-data": {"specification": vega_specification(chart)}}


def _switches(chart: Chart) -> Markup:
    groups = [
        _group(
            "Count",
            *(
                _choice("count", each.value, words, checked=each is Count.AS_PULLED)
                for each, words in _COUNTS.items()
            ),
        ),
        _group("Severity", *(_check(index, severity.value) for index, severity in enumerate(SEVERITIES))),
        _group(
            "Size",
            *(
                _choice("size", each.value, words, checked=each is SizeOf.DISK)
                for each, words in _SIZES.items()
            ),
        ),
    ]
    if chart.finished:
        groups.insert(
            2,
            _group(
                "Of",
                _choice("of", "finished", "finished application", checked=True),
                _choice("of", "base", "base image", checked=False),
            ),
        )
    return tag("form", *groups, id="switches", class_="switches", hidden=True)


def _group(title: str, *inputs: Markup) -> Markup:
    return tag("fieldset", tag("legend", title), *inputs)


def _choice(name: str, value: str, words: str, *, checked: bool) -> Markup:
    return tag("label", tag("input", type="radio", name=name, value=value, checked=checked), words)


def _check(index: int, words: str) -> Markup:
    return tag("label", tag("input", type="checkbox", name="severity", value=index, checked=True), words)


def _legend(chart: Chart) -> Markup:
    return tag("ul", *_signs(chart), class_="legend", aria_label="Legend")


def _signs(chart: Chart) -> Iterator[Markup]:
    for family, color in color_of_families(point.family for point in chart.points).items():
        yield _sign(
            mark("circle", _ICON / 2, _ICON / 2, color=color),
            family,
            data_family=safe_text(family, limit=MAX_TEXT),
        )
    for variant in sorted({point.variant for point in chart.points}):
        yield _sign(
            mark(shape_of(variant), _ICON / 2, _ICON / 2, color="none"),
            variant or "other",
            data_shape=shape_of(variant),
        )


def _sign(drawn: str, words: str, **data: str) -> Markup:
    icon = element(
        "svg", drawn, width=_ICON, height=_ICON, class_="bw-picture", aria_hidden="true", focusable="false"
    )
    return tag("li", join([Markup(icon), words]), **data)
