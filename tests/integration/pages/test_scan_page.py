"""The page of `scan` in a real browser: filters, grouped findings, fifty thousand rows, hostile texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from basewise.model.sbom import SbomSize
from basewise.model.scan import Scan, Scans
from basewise.report.html.scan_page import render_scan_page
from basewise.testing.scans import many_findings, scanned

pytestmark = pytest.mark.integration
OpenPage = Callable[..., Page]
Faults = Callable[[Page], list[str]]
STATUS = "#findings-1 .tools [role=status]"
HOSTILE = "\"'><img src=x onerror=alert(1)></script><script>alert(1)</script>\x1b]0;x\x07\u202e\ud800{{7*7}}"


@pytest.fixture
def show(open_page: OpenPage) -> OpenPage:
    """Return a function that shows a page that has no picture."""

    def opened(html: str, **options: Any) -> Page:  # noqa: ANN401 - as Playwright has them
        return open_page(html, picture=False, **options)

    return opened


def test_every_finding_is_a_row_with_what_to_do(show: OpenPage) -> None:
    scan = scanned()
    page = show(render_scan_page(scan))
    rows = page.locator("#finding-table-1 tbody tr")
    assert rows.locator("th").all_inner_texts() == [found.id for found in scan.findings]
    first = rows.first.inner_text()
    assert scan.findings[0].advice in first
    link = rows.first.locator("a")
    assert (link.get_attribute("href") or "").startswith("https://")
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_findings_are_filtered_by_what_is_chosen(show: OpenPage) -> None:
    scan = scanned()
    page = show(render_scan_page(scan))
    page.select_option("#findings-1 select >> nth=1", "fixed")
    expected = [found.id for found in scan.findings if found.state == "fixed"]
    assert page.locator("#finding-table-1 tbody th").all_inner_texts() == expected
    assert page.inner_text(STATUS) == f"{len(expected)} of {len(scan.findings)} rows"


def test_severities_sort_by_weight_and_not_by_letter(show: OpenPage) -> None:
    page = show(render_scan_page(scanned()))
    page.locator("#finding-table-1 thead th", has_text="severity").get_by_role("button").click()
    shown = page.locator("#finding-table-1 tbody tr td:nth-child(2)").all_inner_texts()
    assert shown == ["critical", "high", "medium", "unknown", "unknown", "low", "negligible"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_nothing_is_inaccessible(
    show: OpenPage, accessibility_faults: Faults, scheme: str, width: int
) -> None:
    one = scanned()
    other = msgspec.structs.replace(one, image=msgspec.structs.replace(one.image, reference="other:1"))
    both = Scans(generated_at="2026-11-23T00:00:00Z", version="1", scans=(one, other), failed=("x: none",))
    page = show(render_scan_page(both), color_scheme=scheme, viewport={"width": width, "height": 900})
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_fifty_thousand_findings_are_all_there_and_usable(show: OpenPage) -> None:
    scan = many_findings(50_000)
    html = render_scan_page(scan)
    assert len(html.encode()) < 1_500_000
    page = show(html)
    page.wait_for_selector("#finding-table-1[data-loaded=all]")
    assert page.inner_text(STATUS) == "50000 of 50000 rows"
    assert page.locator("#finding-table-1 tbody tr").count() == 200
    last = scan.findings[-1]
    page.fill("#finding-table-1-filter", f"{last.id} {last.package.name}")
    assert page.inner_text(STATUS) == "1 of 50000 rows"
    row = page.locator("#finding-table-1 tbody tr")
    assert row.locator("a").get_attribute("href") == f"https://www.cve.org/CVERecord?id={last.id}"
    page.fill("#finding-table-1-filter", "")
    page.locator("#findings-1 .pager button", has_text="Next").click()
    assert page.inner_text("#findings-1 .pager [role=status]") == "page 2 of 250"
    page.locator("#finding-table-1 thead th", has_text="package").first.get_by_role("button").click()
    assert page.locator("#finding-table-1 tbody tr").first.inner_text().count("package-0") > 0


def test_paper_gets_every_row_that_the_filter_keeps(show: OpenPage) -> None:
    page = show(render_scan_page(many_findings(600)))
    page.wait_for_selector("#finding-table-1[data-loaded=all]")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#finding-table-1 tbody tr").count() == 600
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#finding-table-1 tbody tr").count() == 200


def hostile_scan() -> Scan:
    """Return a scan whose texts are hostile, in the rows that stand in the page and in those that are packed."""
    found = [
        msgspec.structs.replace(
            each,
            advice=HOSTILE,
            severity_source=HOSTILE,
            fixed_version=HOSTILE,
            package=msgspec.structs.replace(each.package, name=HOSTILE, source=HOSTILE, version=HOSTILE),
        )
        for each in many_findings(450).findings
    ]
    last = msgspec.structs.replace(found[-1], id=f"javascript:alert(1){HOSTILE}")
    whole = scanned()
    image = msgspec.structs.replace(whole.image, reference=HOSTILE)
    return msgspec.structs.replace(
        whole, image=image, findings=(*found, last), notes=(HOSTILE,), version=HOSTILE
    )


def test_hostile_text_is_only_text_in_every_row(show: OpenPage) -> None:
    page = show(render_scan_page(hostile_scan()))
    page.wait_for_selector("#finding-table-1[data-loaded=all]")
    page.fill("#finding-table-1-filter", "javascript:alert")
    row = page.locator("#finding-table-1 tbody tr")
    assert row.count() == 1
    assert row.locator("a").count() == 0
    assert "<img src=x onerror=alert(1)>" in row.inner_text()
    assert page.locator("img").count() == 0
    assert page.locator("script:not([type])").count() == 1
    assert not any(char in page.content() for char in "\x1b\u202e\x07")


def test_without_any_script_the_first_rows_are_there_and_the_rest_is_named(show: OpenPage) -> None:
    page = show(render_scan_page(many_findings(1000)), java_script_enabled=False)
    assert page.locator("#finding-table-1 tbody tr").count() == 200
    assert "shows the first 200 rows" in page.locator("#findings-1").inner_text()


def several() -> Scans:
    one = scanned()
    other = msgspec.structs.replace(one, image=msgspec.structs.replace(one.image, reference="team/other:1"))
    return Scans(generated_at=one.generated_at, version=one.version, scans=(one, other), failed=())


def test_several_images_have_a_picture_whose_points_lead_to_their_rows(
    open_page: OpenPage, accessibility_faults: Faults
) -> None:
    page = open_page(render_scan_page(several()))
    assert page.locator(".point path").count() == 2
    page.focus('.point path[data-image="team/other:1"]')
    page.keyboard.press("Enter")
    assert "team/other:1" in page.evaluate("document.activeElement.textContent")
    assert accessibility_faults(page) == []


def test_a_size_that_rounds_to_a_thousand_has_no_exponent(open_page: OpenPage) -> None:
    scans = tuple(
        msgspec.structs.replace(
            one, image=msgspec.structs.replace(one.image, size=SbomSize(
                compressed_bytes=1, compressed_basis="exact", disk_bytes=size, disk_basis="exact"
            )),
        )
        for one, size in zip(several().scans, (999_700_000, 130_000_000), strict=True)
    )  # fmt: skip
    page = open_page(render_scan_page(msgspec.structs.replace(several(), scans=scans)))
    said = [path.get_attribute("aria-label") or "" for path in page.locator(".point path").all()]
    assert sorted(each.rpartition(", ")[2] for each in said) == ["1000 MB", "130 MB"]


@pytest.mark.parametrize(("images", "findings"), [(2, 25_000), (50, 400)])
def test_a_page_with_picture_and_many_findings_stays_small(images: int, findings: int) -> None:
    many = many_findings(findings)
    scans = tuple(
        msgspec.structs.replace(
            many, image=msgspec.structs.replace(many.image, reference=f"team/app:{number}")
        )
        for number in range(images)
    )
    result = Scans(generated_at=many.generated_at, version=many.version, scans=scans, failed=())
    assert len(render_scan_page(result).encode()) < 1_500_000
