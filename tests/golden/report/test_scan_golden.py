"""The table of a scan, compared with files. `BASEWISE_REWRITE_GOLDEN=1` writes them anew; look at the difference."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from basewise.model.finding import BySeverity, Severity, State, Vulnerabilities
from basewise.model.sbom import SbomEmbedded
from basewise.model.scan import Scan, ScanFilter, Scans
from basewise.report.scan_table import render_scan_table
from basewise.testing.scans import finding, many_findings, scan_coverage, scan_image, scan_of, scanned

HERE = Path(__file__).parent
REWRITE = os.environ.get("BASEWISE_REWRITE_GOLDEN") == "1"
UNKNOWN = finding("CVE-2026-2", "zlib", severity=Severity.UNKNOWN, severity_source="", cvss=None, epss=None)


def with_base() -> Scan:
    found = scanned()
    counts = found.summary.vulnerabilities
    own = msgspec.structs.replace(counts, total=2, fixable=2, exploited=1)
    embedded = SbomEmbedded(
        kind="vendored", name="urllib3", version="1.26.5", location="usr/lib/python3/pip/_vendor/urllib3", within="pip", layer=0
    )  # fmt: skip
    summary = msgspec.structs.replace(found.summary, base=counts, own=own)
    return msgspec.structs.replace(found, summary=summary, embedded=(embedded,))


def unknown_severities() -> Scan:
    return scan_of(UNKNOWN, shown=ScanFilter(only_fixable=True, severity=None, hidden=3))


SCANS: dict[str, Scan | Scans] = {
    "scan-table-base": with_base(),
    "scan-table-unknown": unknown_severities(),
    "scan-table-clean": scan_of(coverage=scan_coverage(complete=True)),
    "scan-table-incomplete": scan_of(),
    "scan-table-several": Scans(scans=(scan_of(UNKNOWN),), failed=("registry.example/x:1: it is not there",)),
}


@pytest.mark.parametrize("name", SCANS)
def test_the_table_has_the_same_text(name: str) -> None:
    text = render_scan_table(SCANS[name], width=100, color=False)
    path = HERE / f"{name}.txt"
    if REWRITE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_only_a_command_is_wider_than_the_terminal(width: int) -> None:
    for line in render_scan_table(with_base(), width=width, color=False).splitlines():
        assert len(line) <= width or line.startswith("$ "), line


def test_no_severity_is_shown_as_zero_where_none_is_known() -> None:
    text = render_scan_table(unknown_severities(), width=100, color=False)
    assert re.search(r"\b0 (critical|high)|0C|0H|by severity", text) is None


def test_nothing_is_counted_where_no_source_had_a_say() -> None:
    coverage = msgspec.structs.replace(scan_coverage(), sources=())
    summary = msgspec.structs.replace(
        scan_of().summary, vulnerabilities=Vulnerabilities(by_severity=BySeverity()), verdict="incomplete"
    )
    text = render_scan_table(scan_of(coverage=coverage, summary=summary), width=100, color=False)
    assert "no advisory source had a say, so no count is shown" in text
    assert "fixable" not in text


def test_color_is_allowed_or_absent() -> None:
    assert "\x1b[" not in render_scan_table(with_base(), width=100, color=False)
    assert "\x1b[1m" in render_scan_table(with_base(), width=100, color=True)


def test_nothing_of_an_image_reaches_the_terminal_as_control() -> None:
    evil = "x\x1b]0;t\x07\n::error::\u202e" + "A" * 5000
    hostile = finding(
        evil, evil, version=evil, binaries=(evil, "; rm -rf /"), detail=evil, advice=evil, location=evil
    )
    opened = finding("CVE-2026-3", evil, state=State.OPEN, fixed_version=None)
    found = scan_of(hostile, opened, image=scan_image(reference=evil), notes=(evil,))
    text = render_scan_table(found, width=100, color=False)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert "'; rm -rf /'" in text


def test_long_lists_are_cut_and_counted() -> None:
    text = render_scan_table(many_findings(2000), width=100, color=False)
    assert "Fixable: 2000 by 100 upgrades" in text
    assert "60 more: `--format json` has all of them" in text
    assert len(text.splitlines()) < 200
