"""The published contract of the scan is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from basewise.cli.commands.scan import FORMATS
from basewise.model.evidence import Coverage, CoverageSource, NotCovered, Support
from basewise.model.finding import BySeverity, ByState, Cvss, State, Vulnerabilities
from basewise.model.scan import (
    Gate,
    IgnoredFinding,
    Origin,
    Scan,
    ScanBase,
    ScanFilter,
    ScanFinding,
    ScanPackage,
    Scans,
    ScanSummary,
    ScanUpgrade,
)
from basewise.report.scan import PICTURE_FORMATS, SCAN_FORMATS

REFERENCE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "json-scan.md").read_text("utf-8")


def test_every_field_of_the_document_is_in_its_reference() -> None:
    kinds: tuple[type[msgspec.Struct], ...] = (
        Scan, Scans, ScanBase, ScanFilter, ScanFinding, ScanPackage, ScanSummary, ScanUpgrade, Gate, IgnoredFinding,
        Cvss, Vulnerabilities, BySeverity, ByState, Support, Coverage, CoverageSource, NotCovered,
    )  # fmt: skip
    fields = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}
    assert fields - set(re.findall(r"`([a-z_-]+)`", REFERENCE)) == set()


def test_every_value_of_a_state_and_an_origin_is_in_the_reference() -> None:
    assert {*State, *Origin} - set(re.findall(r"`([a-z-]+)`", REFERENCE)) == set()


def test_the_command_offers_every_form() -> None:
    assert (*SCAN_FORMATS, *PICTURE_FORMATS) == FORMATS
