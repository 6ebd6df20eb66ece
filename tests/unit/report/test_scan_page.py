"""The page of `scan`: what it says of numbers that are not known, and of many images."""

from __future__ import annotations

import re

import msgspec

from basewise.model.scan import Scans
from basewise.report.html.scan_page import MAX_IMAGES, render_scan_page
from basewise.report.html.scan_tables import Room, package_table
from basewise.report.scan import render_scan
from basewise.testing.scans import finding, scan_of, scanned

ROOM = Room(packed_bytes=10_000, first_rows=10)


def exploited_cells(*answers: bool | None) -> list[str]:
    """Return the cell of exploited findings in the only row of the table of packages."""
    findings = (
        finding(f"CVE-2026-{number}", exploited=answer) for number, answer in enumerate(answers, start=1)
    )
    table = package_table(scan_of(*findings), name="packages", room=ROOM).markup
    titles = re.findall(r"<th [^>]*>([^<]*)</th>", table[: table.index("<tbody>")])
    (row,) = re.findall(r"<tr>(.*?)</tr>", table[table.index("<tbody>") :])
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
    return [cells[titles.index("exploited")]]


def test_a_package_has_no_zero_exploited_findings_where_no_list_knows_them() -> None:
    assert exploited_cells(None, False) == ["?"]
    assert exploited_cells(False, False) == ["0"]
    assert exploited_cells(None, True) == ["1"]


def test_a_page_that_shows_the_first_images_counts_all_of_them() -> None:
    scan = scan_of()
    several = Scans(
        generated_at=scan.generated_at, version=scan.version, scans=(scan,) * (MAX_IMAGES + 1), failed=()
    )
    page = render_scan_page(several)
    assert f"<h1>{MAX_IMAGES + 1} images scanned</h1>" in page
    assert "1 more images are" not in page
    assert "1 more image is in" in page


def test_one_finding_is_one() -> None:
    scan = scan_of(finding("CVE-2026-1"))
    assert "1 upgrade removes 1 finding</h2>" in render_scan_page(scan)
    shown = render_scan(scan, "markdown", width=100, color=False)
    assert ": 1 finding, 1 fixable" in shown


def test_the_number_of_further_packages_agrees_with_its_word() -> None:
    several = scanned()
    upgrades = (several.upgrades * 11)[:11]
    shown = render_scan(
        msgspec.structs.replace(several, upgrades=upgrades), "markdown", width=100, color=False
    )
    assert re.search(r"and 1 more package$", shown, re.MULTILINE)
