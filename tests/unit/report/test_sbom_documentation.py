"""The published contract of the SBOM is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

from basewise.model.evidence import Coverage, NotCovered
from basewise.model.inventory import ImageSurface
from basewise.model.sbom import (
    Sbom,
    SbomEmbedded,
    SbomImage,
    SbomLayer,
    SbomOwner,
    SbomPackage,
    SbomPython,
    SbomSize,
)
from basewise.report.sbom import SBOM_FORMATS

REFERENCE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "json-sbom.md").read_text("utf-8")


def test_every_field_of_the_document_is_in_its_reference() -> None:
    kinds = (
        Sbom, SbomEmbedded, SbomImage, SbomLayer, SbomOwner, SbomPackage, SbomPython, SbomSize, ImageSurface, Coverage,
        NotCovered,
    )  # fmt: skip
    fields = {name for kind in kinds for name in kind.__struct_fields__}
    assert fields - set(re.findall(r"`([a-z_]+)`", REFERENCE)) == set()


def test_every_form_is_in_the_reference() -> None:
    assert {form for form in SBOM_FORMATS if form != "table"} <= set(re.findall(r"--format (\w+)", REFERENCE))
