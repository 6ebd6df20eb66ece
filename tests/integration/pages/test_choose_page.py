"""The page of `choose` in a real browser: points, switches, hover, keyboard, tables, dark, phone, print."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from basewise.model.choice import Choice
from basewise.model.finding import BySeverity, Severity, Vulnerabilities
from basewise.operations.choose import choose
from basewise.operations.options import ChooseOptions
from basewise.report.chart import SEVERITIES, Count, SizeOf
from basewise.report.chart_of_choice import chart_of_choice
from basewise.report.chart_places import View, Where, first_view, place
from basewise.report.html.choose_page import render_choice_page
from basewise.testing.candidates import candidate
from basewise.testing.choices import choice
from basewise.testing.sample_day import SAMPLE_MOMENT

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
OpenPage = Callable[..., Page]
Faults = Callable[[Page], list[str]]


@pytest.fixture(scope="module")
def answer() -> Choice:
    """Return a real answer for an example, with severities that the embedded data may not have yet."""
    made = choose(
        ROOT / "examples" / "churn-api",
        ChooseOptions(offline=True),
        now=SAMPLE_MOMENT,
    )
    candidates = tuple(
        msgspec.structs.replace(
            each,
            vulnerabilities=rated(each.vulnerabilities, index),
            base_vulnerabilities=rated(each.base_vulnerabilities, index + 1),
        )
        for index, each in enumerate(made.candidates)
    )
    return msgspec.structs.replace(made, candidates=candidates)


def rated(counts: Vulnerabilities, seed: int) -> Vulnerabilities:
    """Return the same totals, spread over the severities in a way that depends on a number."""
    if counts.total is None or counts.fixable is None:
        return counts
    rest = counts.total - counts.fixable
    fixable = spread(counts.fixable, seed)
    stays = spread(rest, seed + 2)
    whole = [one + other for one, other in zip(fixable, stays, strict=True)]
    return msgspec.structs.replace(
        counts, by_severity=BySeverity(**named(whole)), by_severity_fixable=BySeverity(**named(fixable))
    )


def spread(total: int, seed: int) -> list[int]:
    if seed % 5 == 0:
        return [0, 0, 0, 0, 0, total]
    parts = [total * (seed + place) % 7 for place in range(5)]
    parts = [min(part, total // 6) for part in parts]
    return [*parts, total - sum(parts)]


def named(parts: list[int]) -> dict[str, int]:
    return dict(zip((severity.value for severity in SEVERITIES), parts, strict=True))


@pytest.fixture(scope="module")
def html(answer: Choice) -> str:
    return render_choice_page(answer)


def placed(page: Page) -> dict[str, dict[str, Any]]:
    rows: list[dict[str, Any]] = page.evaluate(
        """() => basewisePicture.view.data('points').map((row) => ({
            image: row.image, where: row.where, size: row.bytes, findings: row.findings,
            at_least: !!row.atLeast, stays: row.stays,
            front: basewisePicture.view.data('front').some((each) => each.index === row.index)}))"""
    )
    return {row.pop("image"): row for row in rows}


def test_a_page_is_small_and_carries_all_it_needs(html: str) -> None:
    assert len(html.encode()) < 1_500_000
    assert "BSD-3-Clause" in html


def test_every_image_is_a_point_or_is_named_as_absent(open_page: OpenPage, html: str, answer: Choice) -> None:
    page = open_page(html)
    chart = chart_of_choice(answer)
    places = place(chart, first_view(chart))
    absent = [each for each in places if each.where is Where.ABSENT]
    assert page.locator(".point path").count() == len(places) - len(absent)
    page.check("input[name=of][value=base]")
    page.wait_for_function(f"document.querySelectorAll('.point path').length === {len(answer.candidates)}")


def test_the_picture_computes_what_the_program_computes_for_every_switch(
    open_page: OpenPage, html: str, answer: Choice
) -> None:
    page = open_page(html)
    chart = chart_of_choice(answer)
    severities = [
        frozenset(SEVERITIES),
        frozenset(SEVERITIES) - {Severity.UNKNOWN},
        frozenset(SEVERITIES[:2]),
    ]
    for finished, size, count, chosen in product((True, False), SizeOf, Count, severities):
        page.evaluate(
            """async ([finished, size, count, chosen]) => {
                const view = basewisePicture.view;
                view.signal('finished', finished).signal('size', size).signal('count', count).signal('severities', chosen);
                await view.runAsync();
            }""",
            [finished, size.value, count.value, [int(each in chosen) for each in SEVERITIES]],
        )
        view = View(finished=finished, size=size, count=count, severities=chosen)
        assert placed(page) == {
            each.point.image: {
                "where": each.where.value,
                "size": each.size,
                "findings": each.findings,
                "at_least": each.at_least,
                "stays": each.stays,
                "front": each.front,
            }
            for each in place(chart, view)
        }, view


def test_the_unmeasured_are_drawn_in_the_strip_and_never_at_zero(open_page: OpenPage, html: str) -> None:
    page = open_page(html)
    page.check("input[name=of][value=base]")
    page.wait_for_function("basewisePicture.view.signal('strip') > 0")
    drawn: list[dict[str, Any]] = page.evaluate(
        """() => Array.from(document.querySelectorAll('.point path')).map((path) => ({
            findings: path.__data__.datum.findings, y: path.__data__.y}))"""
    )
    unmeasured = [each["y"] for each in drawn if each["findings"] is None]
    assert unmeasured
    assert max(unmeasured) < min(each["y"] for each in drawn if each["findings"] is not None)
    assert page.get_by_text("not measured", exact=True).is_visible()


def test_a_switch_changes_the_picture_and_says_so(open_page: OpenPage, html: str) -> None:
    page = open_page(html)
    before = placed(page)
    page.check("input[name=count][value=fixable]")
    page.wait_for_function("basewisePicture.view.signal('count') === 'fixable'")
    page.uncheck("input[name=severity] >> nth=5")
    page.wait_for_function("basewisePicture.view.signal('severities')[5] === 0")
    after = placed(page)
    assert before != after
    assert "At least, because findings of unknown severity are left out" in page.inner_text("#beside")


def test_legend_and_labels_name_only_what_the_view_shows(
    open_page: OpenPage, html: str, answer: Choice
) -> None:
    page = open_page(html)
    chart = chart_of_choice(answer)
    absent = [each.point for each in place(chart, first_view(chart)) if each.where is Where.ABSENT]
    assert absent
    shown = [point for point in chart.points if point not in absent]
    named = {point.family for point in shown} | {point.variant for point in shown}
    assert {point.family for point in absent} - named

    def legend() -> set[str]:
        return {each.inner_text() for each in page.locator(".legend li").all() if each.is_visible()}

    def labels() -> list[str]:
        texts: list[str] = page.locator(".plot .label text").all_text_contents()
        return texts

    assert legend() == named
    before = labels()
    page.check("input[name=of][value=base]")
    page.wait_for_function(f"document.querySelectorAll('.point path').length === {len(chart.points)}")
    assert legend() == {point.family for point in chart.points} | {point.variant for point in chart.points}
    assert any("alpine" in label for label in labels())
    assert not any("alpine" in label for label in before)


def test_rows_are_one_line_high_and_keep_their_name_in_sight(open_page: OpenPage, html: str) -> None:
    page = open_page(html)
    heights = page.locator("#image-table tbody tr").evaluate_all(
        "rows => rows.map((row) => row.clientHeight)"
    )
    assert max(heights) < 2 * 20
    name = page.locator("#image-table tbody th").first
    page.locator("#images .scroll").evaluate("(frame) => { frame.scrollLeft = frame.scrollWidth; }")
    assert (
        name.evaluate(
            "(cell) => cell.getBoundingClientRect().left - cell.closest('.scroll').getBoundingClientRect().left"
        )
        < 5
    )


def test_hovering_a_point_shows_its_reasons(open_page: OpenPage, html: str, answer: Choice) -> None:
    page = open_page(html)
    first = answer.candidates[0]
    page.hover(f'.point path[data-image="{first.image}"]')
    tip = page.locator("#tip")
    assert tip.is_visible()
    shown = tip.inner_text()
    assert first.image in shown
    assert f"{first.vulnerabilities.total} vulnerabilities" in shown
    assert "libgomp1" in shown
    page.mouse.move(2, 2)
    assert tip.is_hidden()


def test_the_keyboard_reaches_every_point_and_its_row(open_page: OpenPage, html: str) -> None:
    page = open_page(html)
    count = page.locator(".point path").count()
    page.focus(".point path[tabindex='0']")
    seen = set()
    for _ in range(count):
        seen.add(page.evaluate("document.activeElement.dataset.image"))
        assert page.locator("#tip").is_visible()
        page.keyboard.press("ArrowRight")
    assert len(seen) == count
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    image = page.evaluate("document.activeElement.dataset.image")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TR"
    assert image in page.evaluate("document.activeElement.textContent")


def test_a_point_leads_to_its_row_even_where_a_filter_hides_it(
    open_page: OpenPage, html: str, answer: Choice
) -> None:
    page = open_page(html)
    image = answer.candidates[0].image
    page.fill("#image-table-filter", "no such image")
    assert page.locator("#image-table tbody tr").count() == 0
    page.click(f'.point path[data-image="{image}"]')
    found = page.locator("tr.found")
    assert image in found.inner_text()
    assert found.is_visible()


def test_columns_sort_with_the_unknown_always_last(open_page: OpenPage, html: str) -> None:
    page = open_page(html)
    heading = page.locator("#image-table thead th", has_text="as pulled")
    index = page.locator("#image-table thead th").evaluate_all(
        "heads => heads.findIndex((head) => head.textContent === 'as pulled')"
    )

    def column() -> list[str]:
        cells: list[str] = page.locator("#image-table tbody tr").evaluate_all(
            f"rows => rows.map((row) => row.cells[{index}].textContent)"
        )
        return cells

    for direction in ("ascending", "descending"):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == direction
        shown = column()
        known = [int(text) for text in shown if text != "?"]
        assert known == sorted(known, reverse=direction == "descending")
        assert len(known) < len(shown)
        assert set(shown[len(known) :]) == {"?"}


def test_a_filter_keeps_the_rows_with_all_words_and_says_how_many(open_page: OpenPage, html: str) -> None:
    page = open_page(html)
    page.fill("#image-table-filter", "SLIM trixie")
    rows = page.locator("#image-table tbody tr").all_inner_texts()
    assert rows
    assert all("slim-trixie" in row for row in rows)
    assert page.locator("#images .tools [role=status]").inner_text().startswith(f"{len(rows)} of ")
    page.select_option("#images .tools select >> nth=1", "alpine")
    assert page.locator("#image-table tbody tr").count() == 0


def test_the_table_has_the_numbers_of_the_answer(open_page: OpenPage, html: str, answer: Choice) -> None:
    page = open_page(html)
    titles = page.locator("#image-table thead th").all_inner_texts()
    rows: list[list[str]] = page.locator("#image-table tbody tr").evaluate_all(
        "rows => rows.map((row) => Array.from(row.cells).map((cell) => cell.textContent))"
    )
    columns = {"as pulled": "total", "fixable": "fixable", "after a rebuild": "after_rebuild"}
    for row, each in zip(rows, answer.candidates, strict=True):
        assert row[titles.index("image")] == each.image
        for title, field in columns.items():
            number = getattr(each.vulnerabilities, field)
            assert row[titles.index(title)] == ("?" if number is None else str(number))


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_nothing_is_inaccessible(
    open_page: OpenPage, html: str, accessibility_faults: Faults, scheme: str, width: int
) -> None:
    page = open_page(html, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.focus(".point path[tabindex='0']")
    assert accessibility_faults(page) == []


def test_dark_is_dark_and_paper_is_white(open_page: OpenPage, html: str) -> None:
    page = open_page(html, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.plot .label text')).fill"
    assert page.evaluate(background) == "rgb(13, 17, 23)"
    assert page.evaluate(ink) == "rgb(230, 237, 243)"
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.evaluate(ink) == "rgb(0, 0, 0)"
    assert page.locator("#switches").is_hidden()
    assert page.locator(".tools").first.is_hidden()
    assert page.locator("#image-table").is_visible()


def test_a_phone_shows_all_without_scrolling_sideways(open_page: OpenPage, html: str) -> None:
    page = open_page(html, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".plot svg.marks").bounding_box()
    assert box is not None
    assert box["width"] <= 390
    page.set_viewport_size({"width": 800, "height": 844})
    page.wait_for_function("document.querySelector('.plot svg.marks').clientWidth > 600")


def test_without_any_script_picture_and_tables_are_there(
    open_page: OpenPage, html: str, answer: Choice
) -> None:
    page = open_page(html, java_script_enabled=False)
    assert page.locator(".plot svg.bw-picture").is_visible()
    assert page.locator("#image-table tbody tr").count() == len(answer.candidates)
    assert page.locator("#switches").is_hidden()


HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(1)</script></script><!--<script>{{7*7}}${7*7}\x1b]0;x\x07\u202e\ud800javascript:alert(1)"


def hostile_choice() -> Choice:
    """Return an answer in which every text that can come from elsewhere is hostile."""

    def poisoned(value: Any) -> Any:  # noqa: ANN401 - walks any value of the model
        if isinstance(value, dict):
            return {key: poisoned(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [poisoned(each) for each in value]
        return value + HOSTILE if isinstance(value, str) else value

    plain = msgspec.to_builtins(choice([candidate("3.14"), candidate("3.10")]))
    kept = ("verdict", "phase", "kind")

    def restored(value: Any, original: Any) -> Any:  # noqa: ANN401 - the same
        if isinstance(value, dict):
            return {
                key: original[key] if key in kept else restored(each, original[key])
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [restored(each, first) for each, first in zip(value, original, strict=True)]
        return value

    return msgspec.convert(restored(poisoned(plain), plain), Choice)


def test_hostile_text_in_every_field_is_only_text(open_page: OpenPage) -> None:
    page = open_page(render_choice_page(hostile_choice()))
    assert page.locator("img").count() == 0
    assert page.locator("script:not([type])").count() == 4
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.evaluate("document.title").startswith("Base image for examples/churn-api\"'><img")
    assert "49" not in page.locator("h1").inner_text()
    page.focus(".point path[tabindex='0']")
    assert "<img src=x" in page.locator("#tip").inner_text()
    assert not any(char in page.content() for char in "\x1b\u202e\x07")


def test_texts_of_ten_megabytes_make_no_large_page(open_page: OpenPage) -> None:
    long = "x" * 10_000_000
    named = msgspec.structs.replace(candidate("3.14"), image=long, variant=long, evidence_date=long)
    html = render_choice_page(choice([named, candidate("3.13")]))
    assert len(html) < 800_000
    assert open_page(html).locator(".point path").count() == 2
