"""The page of `compare` in a real browser: it shows exactly the numbers of the JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from basewise.cli.main import run
from basewise.testing.sample_day import SAMPLE_DAY

pytestmark = pytest.mark.integration
OpenPage = Callable[..., Page]
Faults = Callable[[Page], list[str]]
NOW = ("--offline", "--now", SAMPLE_DAY)


def written(folder: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """Return the document and the page that the command writes for the same images."""
    document, page = folder / "answer.json", folder / "answer.html"
    for form, file in (("json", document), ("html", page)):
        assert run(["compare", *arguments, *NOW, "--format", form, "-o", str(file)]) in {0, 3}
    return json.loads(document.read_text()), page.read_text()


def points(page: Page) -> dict[str, dict[str, Any]]:
    """Read back what is drawn: the datum of every point in the picture."""
    rows: list[dict[str, Any]] = page.evaluate(
        """() => Array.from(document.querySelectorAll('.point path')).map((path) => path.__data__.datum)
            .map((row) => ({image: row.image, findings: row.findings, size: row.bytes}))"""
    )
    return {row["image"]: row for row in rows}


def test_the_picture_of_the_catalogue_shows_exactly_the_numbers_of_the_document(
    open_page: OpenPage, tmp_path: Path
) -> None:
    answer, html = written(tmp_path, "--catalogue")
    assert len(html.encode()) < 1_500_000
    page = open_page(html)
    for count, field in (("as-pulled", "total"), ("fixable", "fixable"), ("after-rebuild", "after_rebuild")):
        for size, size_field in (("disk", "base_disk_bytes"), ("download", "base_compressed_bytes")):
            page.check(f"input[name=count][value={count}]")
            page.check(f"input[name=size][value={size}]")
            page.wait_for_function(
                f"basewisePicture.view.signal('count') === '{count}' && basewisePicture.view.signal('size') === '{size}'"
            )
            page.evaluate("async () => { await basewisePicture.view.runAsync(); }")
            assert points(page) == {
                image["image"]: {
                    "image": image["image"],
                    "findings": image["vulnerabilities"][field],
                    "size": image["size"][size_field],
                }
                for image in answer["images"]
            }


def test_the_table_of_the_catalogue_shows_exactly_the_numbers_of_the_document(
    open_page: OpenPage, tmp_path: Path
) -> None:
    answer, html = written(tmp_path, "--catalogue")
    page = open_page(html)
    titles = page.locator("#image-table thead th").all_inner_texts()
    rows: list[list[str]] = page.locator("#image-table tbody tr").evaluate_all(
        "rows => rows.map((row) => Array.from(row.cells).map((cell) => cell.textContent))"
    )
    columns = {
        "as pulled": "total",
        "fixable": "fixable",
        "after a rebuild": "after_rebuild",
        "undetermined": "undetermined",
        "exploited": "exploited",
    }
    assert len(rows) == len(answer["images"])
    for row, image in zip(rows, answer["images"], strict=True):
        counts = image["vulnerabilities"]
        expected = {title: counts[field] for title, field in columns.items()} | counts["by_severity"]
        expected["packages"] = image["packages"]
        shown = {title: row[titles.index(title)] for title in expected}
        assert shown == {title: "?" if number is None else str(number) for title, number in expected.items()}


@pytest.mark.parametrize("scheme", ["dark"])
def test_two_images_show_what_changes_and_nothing_is_inaccessible(
    open_page: OpenPage, accessibility_faults: Faults, tmp_path: Path, scheme: str
) -> None:
    images = ("python:3.12-slim-bookworm", "python:3.13-slim-trixie")
    answer, html = written(tmp_path, *images, "--fail-on", "worse")
    page = open_page(html, color_scheme=scheme)
    changes = answer["changes"]
    gained = page.locator("#finding-change-table tbody tr", has_text="gained").all_inner_texts()
    assert [text.split("\t")[1] for text in gained] == [each["id"] for each in changes["findings"]["gained"]]
    page.fill("#package-change-table-filter", "libssl")
    shown = page.locator("#package-change-table tbody th").all_inner_texts()
    parts = changes["packages"]
    named = [each["name"] for part in ("added", "removed", "changed") for each in parts[part]]
    assert shown == [name for name in named if "libssl" in name]
    assert page.locator("#gate .badge").inner_text() == "cannot be told"
    assert accessibility_faults(page) == []


def test_with_an_application_the_finished_sizes_are_shown_first(open_page: OpenPage, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "requirements.txt").write_text("")
    answer, html = written(tmp_path, "python:3.13-*", "--app", str(app))
    page = open_page(html)
    assert page.is_checked("input[name=of][value=finished]")
    expected = {
        image["image"]: image["size"]["disk_bytes"]
        for image in answer["images"]
        if image["verdict"] != "does-not-fit"
    }
    assert {image: row["size"] for image, row in points(page).items()} == expected
