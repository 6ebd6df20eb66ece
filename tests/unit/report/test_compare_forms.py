from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise.errors import UsageError
from basewise.model.choice import AppSummary
from basewise.model.compare import Compare, ComparedImage, CompareGate, Worse
from basewise.model.finding import BySeverity, Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.operations.compare import CompareOptions, compare
from basewise.operations.read_image import ImageAccess
from basewise.report.chart_of_compare import chart_of_compare
from basewise.report.chart_places import first_view, place
from basewise.report.compare import COMPARE_FORMATS, render_compare
from basewise.report.compare_cells import compare_row, facts_of
from basewise.report.html.compare_tables import image_table

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OFFLINE = CompareOptions(access=ImageAccess(offline=True), fail_on_worse=True)
REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "json-compare.md"
HOSTILE = "<img src=x>\x1b[31m|`[x](javascript:1)\u202e::error::\ud800"


@pytest.fixture(scope="module")
def two() -> Compare:
    made = compare(["python:3.12-slim-bookworm", "python:3.13-slim-trixie"], OFFLINE, now=NOW)
    worse = Worse(image="a", what="total", before="1", after="2", sentence="more", ids=("CVE-1",))
    gate = CompareGate(baseline="b", worse=(worse,), unknown=("something",), passed=False)
    return msgspec.structs.replace(made, gate=gate, failed=("x: not there",))


@pytest.fixture(scope="module")
def many() -> Compare:
    return compare(["python:3.1*-*"], OFFLINE, now=NOW)


def keys(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from keys(each)


def text(made: Compare, form: str = "table", width: int = 100) -> str:
    return render_compare(made, form, width=width, color=False)


def with_application(made: Compare, *images: ComparedImage) -> Compare:
    app = AppSummary(
        path=".", sources=(), not_read=(), requirements=("numpy",), requires_python=None, stated_python=None,
        accelerator="cpu", guess=False, warnings=(),
    )  # fmt: skip
    return msgspec.structs.replace(made, app=app, images=images)


def rated(image: ComparedImage, **numbers: int) -> ComparedImage:
    all_numbers = dict.fromkeys(BySeverity.__struct_fields__, 0) | numbers
    counts = msgspec.structs.replace(image.vulnerabilities, by_severity=BySeverity(**all_numbers))
    return msgspec.structs.replace(image, vulnerabilities=counts)


def test_every_field_of_the_document_is_in_its_reference(two: Compare) -> None:
    used = set(keys(json.loads(text(two, "json"))))
    documented = set(re.findall(r"`([a-z_-]+)`", REFERENCE.read_text(encoding="utf-8")))
    assert used - documented == set()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_table_keeps_to_the_width_of_the_terminal(two: Compare, many: Compare, width: int) -> None:
    for made in (two, many):
        assert max(len(line) for line in text(made, width=width).splitlines()) <= width


def test_few_images_stand_side_by_side_with_everything(two: Compare) -> None:
    shown = text(two)
    for what in ("by severity", "fixable", "exploited", "setuid", "supported until", "digest", "evidence of"):
        assert re.search(rf"^{what} ", shown, re.MULTILINE), what


def test_many_images_are_a_line_each(many: Compare) -> None:
    shown = text(many)
    for image in many.images:
        assert len(re.findall(rf"^{re.escape(image.image)} ", shown, re.MULTILINE)) == 1


def test_the_gate_names_what_got_worse_and_the_findings(two: Compare) -> None:
    assert "- a: more; new: CVE-1" in text(two)
    assert "- not known: something" in text(two)
    assert "- x: not there" in text(two)


def test_the_unmeasured_have_question_marks_and_no_zero(many: Compare) -> None:
    buster = next(each for each in many.images if "buster" in each.image)
    row = compare_row(buster, with_app=False)
    assert (row.total, row.fixable, row.after, row.packages, row.severe) == ("?",) * 5
    assert dict(facts_of(buster, with_app=False))["by severity"] == "?"


def test_beside_finished_images_the_counts_of_a_bare_base_are_not_shown(two: Compare) -> None:
    """They would be the smaller ones, because nothing of the application was counted."""
    image = msgspec.structs.replace(two.images[0], finished_vulnerabilities=None)
    assert compare_row(image, with_app=False).total == str(image.vulnerabilities.total)
    row = compare_row(image, with_app=True)
    assert (row.total, row.fixable, row.after, row.undetermined) == ("?",) * 4


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ({"unknown": 70}, "?"),
        ({"critical": 1, "unknown": 70}, "1/0+"),
        ({"critical": 1, "high": 2}, "1/2"),
        ({"low": 3}, "0/0"),
    ],
)
def test_severities_say_no_zero_that_nobody_rated(two: Compare, numbers: dict[str, int], shown: str) -> None:
    assert compare_row(rated(two.images[0], **numbers), with_app=False).severe == shown


def test_every_row_of_a_markdown_table_has_the_same_number_of_cells(two: Compare, many: Compare) -> None:
    for made in (two, many):
        rows = [line for line in text(made, "markdown").splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


@pytest.mark.parametrize("form", ["table", "markdown", "html", "svg", "json"])
def test_text_from_elsewhere_is_only_text(two: Compare, form: str) -> None:
    images = tuple(msgspec.structs.replace(each, image=HOSTILE, variant=HOSTILE) for each in two.images)
    made = msgspec.structs.replace(two, images=images, failed=(HOSTILE,), version=HOSTILE)
    shown = text(made, form)
    assert not set("\x1b\u202e\ud800") & set(shown)
    assert form in {"json", "table"} or "<img" not in shown.replace("\\<img", "")
    assert form not in {"table", "markdown"} or "::error::" not in shown


def test_a_picture_has_every_image_and_counts_without_a_source_are_not_shown(many: Compare) -> None:
    chart = chart_of_compare(many)
    assert [point.image for point in chart.points] == [image.image for image in many.images]
    assert not chart.finished
    bare = msgspec.structs.replace(many, coverage=msgspec.structs.replace(many.coverage, sources=()))
    empty = chart_of_compare(bare)
    assert all(each.findings is None for each in place(empty, first_view(empty)))
    assert Vulnerabilities() == empty.points[0].base


def test_an_image_past_its_support_or_with_a_pre_release_is_on_no_front(many: Compare) -> None:
    chart = chart_of_compare(many)
    pale = [each for each in place(chart, first_view(chart)) if each.point.excluded]
    assert {"its distribution is past its end of support", "its Python is a pre-release"} <= {
        each.point.excluded for each in pale
    }
    assert not any(each.front for each in pale)


def test_an_unknown_form_is_a_usage_error_that_names_the_known(two: Compare) -> None:
    with pytest.raises(UsageError) as raised:
        text(two, "pdf")
    assert all(form in str(raised.value.hint) for form in COMPARE_FORMATS)


@pytest.mark.parametrize("verdict", [None, Verdict.UNKNOWN])
def test_what_an_application_adds_is_not_nothing_where_nobody_judged_it(
    two: Compare, verdict: Verdict | None
) -> None:
    image = msgspec.structs.replace(two.images[0], verdict=verdict)
    assert dict(facts_of(image, with_app=True))["adds"] == "?"
    page = image_table(with_application(two, image))
    assert f'{verdict or "?"}</td><td class="n">?</td>' in page
    fits = msgspec.structs.replace(image, verdict=Verdict.FITS)
    assert dict(facts_of(fits, with_app=True))["adds"] == "nothing"
    assert 'fits</td><td class="n" data-order="0">0</td>' in image_table(with_application(two, fits))


def test_nothing_is_known_to_stand_beside_a_count_that_was_not_made(two: Compare) -> None:
    bare = msgspec.structs.replace(two.images[0], uncounted=())
    assert dict(facts_of(bare, with_app=False))["beside the count"] == "nothing"
    unmeasured = msgspec.structs.replace(bare, vulnerabilities=Vulnerabilities())
    assert dict(facts_of(unmeasured, with_app=False))["beside the count"] == "?"


@pytest.mark.parametrize("form", ["table", "markdown", "html", "svg", "json"])
def test_a_comparison_without_any_image_is_written(two: Compare, form: str) -> None:
    made = msgspec.structs.replace(two, images=(), changes=None, gate=None, failed=("x: not there",))
    assert text(made, form)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_one_requirement_is_one(two: Compare, form: str) -> None:
    shown = text(with_application(two, two.images[0]), form)
    assert "1 requirement" in shown
    assert "1 requirements" not in shown
