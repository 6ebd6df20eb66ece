from __future__ import annotations

import builtins
import re
import sys
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET  # reads what this project wrote, nothing from elsewhere

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise.errors import UsageError
from basewise.model.finding import Vulnerabilities
from basewise.report.chart_axis import count_axis, size_axis, tick_text
from basewise.report.chart_names import group_name, look_alike, shared_prefix
from basewise.report.chart_of_choice import chart_of_choice
from basewise.report.chart_places import View
from basewise.report.chart_style import FURTHER_COLOR, color_of_families
from basewise.report.png_picture import render_png
from basewise.report.render import render
from basewise.report.svg_labels import Box, Label, place_labels
from basewise.report.svg_picture import render_svg
from basewise.testing.charts import chart, found, point
from basewise.testing.choices import choice

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><img src=x onerror=alert(1)></style><script>alert(1)</script>\x1b]0;x\x07\u202e\ud800{{7*7}}'


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - as above


def marks(svg: ET.Element) -> list[ET.Element]:
    return [each for each in svg.iter() if each.find(f"{SVG}title") is not None and each is not svg]


def centres(text: str, attribute: str) -> dict[str, float]:
    return {
        each.findtext(f"{SVG}title", "").partition(";")[0]: float(each.get(attribute, "nan"))
        for each in marks(parsed(text))
    }


def test_the_format_svg_is_a_document_with_title_and_description() -> None:
    svg = parsed(render(choice(), "svg"))
    assert svg.get("role") == "img"
    texts = {each.get("id", ""): each.text for each in svg if each.get("id")}
    assert svg.get("aria-labelledby") == " ".join(texts)
    assert all(texts.values())


def test_every_image_is_a_mark_with_its_numbers() -> None:
    svg = parsed(render_svg(chart_of_choice(choice()), View(finished=False)))
    titles = [each.findtext(f"{SVG}title", "") for each in marks(svg)]
    assert sorted(title.partition(";")[0] for title in titles) == sorted(
        each.image for each in choice().candidates
    )


def test_the_unmeasured_stand_in_a_strip_of_their_own_and_not_at_zero() -> None:
    points = [point("a:1", base=found((0, 0, 0, 0, 0, 0))), point("a:2", base=Vulnerabilities())]
    text = render_svg(chart(points), View(finished=False))
    upright = centres(text, "cy")
    assert upright["a:1"] == pytest.approx(446)
    assert upright["a:2"] < 100
    assert ">not measured<" in text
    assert ">not measured<" not in render_svg(chart(points[:1]), View(finished=False))


def test_the_unknown_size_has_a_column_of_its_own() -> None:
    points = [point("a:1"), point("a:2", megabytes=None)]
    text = render_svg(chart(points), View(finished=False))
    assert ">size unknown<" in text
    across = centres(text, "cx")
    assert across["a:1"] < 670 < across["a:2"]


def test_a_picture_loads_nothing_and_runs_nothing() -> None:
    text = render_svg(chart_of_choice(choice()))
    assert not re.search(r"<script|href|url\(|@import|@font-face|<image|foreignObject| style=| on\w+=", text)
    assert "prefers-color-scheme:dark" in text


def test_text_from_elsewhere_is_text() -> None:
    hostile = point(HOSTILE, row=HOSTILE, family=HOSTILE, variant=HOSTILE, excluded=HOSTILE, first=True)
    text = render_svg(chart([hostile, point()], title=HOSTILE, counted=HOSTILE))
    svg = parsed(text)
    assert {each.tag.removeprefix(SVG) for each in svg.iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "line", "circle", "path",
    }  # fmt: skip
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", text)
    assert not any(name.startswith("on") for each in svg.iter() for name in each.attrib)


def test_names_of_ten_megabytes_are_cut() -> None:
    long = "x" * 10_000_000
    made = chart([point(long, family=long, variant=long, excluded=long)], title=long, counted=long)
    assert len(render_svg(made).encode()) < 20_000


def test_fifty_images_make_a_small_picture() -> None:
    points = [
        point(f"python:3.{number}-slim", megabytes=40 + 20 * number, base=found((0, 0, 0, 0, 0, 7 * number)))
        for number in range(50)
    ]
    assert len(render_svg(chart(points)).encode()) < 60_000


def test_a_picture_of_nothing_is_a_picture() -> None:
    assert marks(parsed(render_svg(chart([])))) == []


@given(st.lists(st.tuples(st.floats(60, 700), st.floats(60, 440), st.integers(1, 40)), max_size=25))
def test_no_label_lies_over_another_or_over_a_point(spots: list[tuple[float, float, int]]) -> None:
    labels = [Label(text="x" * n, x=x, y=y, width=7.0 * n, height=15) for x, y, n in spots]
    points = [(x, y) for x, y, _ in spots]
    plot = Box(60, 50, 740, 450)
    placed = place_labels(labels, points, plot)
    assert all(plot.holds(each.box) for each in placed)
    assert not any(one.box.meets(other.box) for one, other in combinations(placed, 2))
    for each in placed:
        assert not any(each.box.meets(Box(x - 7, y - 7, x + 7, y + 7)) for x, y in points)


@given(st.lists(st.integers(0, 10**13), max_size=20))
def test_an_axis_holds_every_size_and_has_ticks(sizes: list[int]) -> None:
    axis = size_axis(sizes)
    assert all(0 <= axis.share(max(size, 1)) <= 1 for size in sizes)
    assert axis.low < axis.high
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
    assert axis.ticks


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_an_axis_of_counts_begins_at_zero_and_has_whole_ticks(counts: list[int]) -> None:
    axis = count_axis(counts)
    assert axis.low == 0
    assert axis.high >= max(counts, default=0)
    assert all(tick == int(tick) for tick in axis.ticks)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (4, (0, 1, 2, 3, 4)),
        (11, (0, 5, 10, 15)),
        (12, (0, 5, 10, 15)),
        (110, (0, 25, 50, 75, 100, 125)),
    ],
)
def test_no_tick_of_counts_stands_between_two_numbers(highest: int, ticks: tuple[int, ...]) -> None:
    assert count_axis([highest]).ticks == ticks


@pytest.mark.parametrize(
    ("size", "text"), [(50e6, "50 MB"), (1e9, "1 GB"), (5.8e9, "5.8 GB"), (2.5e6, "2.5 MB")]
)
def test_a_tick_has_no_needless_digit(size: float, text: str) -> None:
    assert tick_text(size) == text


def test_look_alikes_share_a_name() -> None:
    images = ["python:3.9-slim", "python:3.14-slim", "python:3.10-slim"]
    prefix = shared_prefix(images)
    assert prefix == "python:"
    assert len({look_alike(image, prefix) for image in images}) == 1
    assert group_name(images, prefix) == "3.9\N{EN DASH}3.14-slim"
    assert shared_prefix([*images, "registry.example/own:1"]) == ""


def test_more_families_than_colours_share_the_last() -> None:
    colors = color_of_families(f"family {number}" for number in range(12))
    assert len(set(colors.values())) == 8
    assert list(colors.values()).count(FURTHER_COLOR) == 5


def test_a_png_is_drawn_from_the_same_picture() -> None:
    image = render_png(chart_of_choice(choice()))
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(image[16:20]) == 1920


def test_without_the_extra_a_png_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "vl_convert", raising=False)
    original = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - the signature of __import__
        if name == "vl_convert":
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match="extra `charts`") as raised:
        render_png(chart([point()]))
    assert 'pip install "basewise[charts]"' in raised.value.hint
