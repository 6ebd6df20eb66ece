from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from basewise.errors import UsageError
from basewise.model.inventory import Inventory
from basewise.model.sbom import Sbom, SbomEmbedded, SbomPackage
from basewise.operations.sbom import sbom_of
from basewise.report.sbom import SBOM_FORMATS, render_sbom
from basewise.testing.python_images import SECRET
from basewise.testing.small_images import inventory_of, program

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.41-12

Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.3+b1
Source: zlib (1:1.3)
"""


def example() -> Inventory:
    return inventory_of(
        {
            "etc/os-release": 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
            "var/lib/dpkg/status": STATUS,
            "usr/local/bin/python3.12": program(b"\x003.12.11\x00"),
        },
        {
            "usr/local/lib/python3.12/site-packages/Flask_Thing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Flask_Thing\nVersion: 1.0\n",
            "usr/local/lib/python3.12/site-packages/Flask_Thing-1.0.dist-info/RECORD": "",
        },
    )


def rendered(sbom: Sbom, form: str, *, moment: datetime = NOW, width: int = 100) -> str:
    return render_sbom(sbom, form, width=width, color=False, moment=moment, version="1.2")


def document(sbom: Sbom, form: str) -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(rendered(sbom, form))


def with_packages(sbom: Sbom, *packages: SbomPackage) -> Sbom:
    return msgspec.structs.replace(sbom, packages=packages)


HOSTILE = "a\x1b[31m\u202e<script>\ud800::error::😀"


def hostile() -> Sbom:
    """Every text of a package from somebody who wants to be noticed."""
    sbom = sbom_of(example())
    package = msgspec.structs.replace(
        sbom.packages[0], name=HOSTILE, version=HOSTILE, arch=HOSTILE, source=HOSTILE, location=HOSTILE
    )
    return with_packages(sbom, package, package)


DOCUMENTS = [
    pytest.param(sbom_of(example()), id="an image"),
    pytest.param(sbom_of(inventory_of({"empty/": ""})), id="an image without anything"),
    pytest.param(hostile(), id="a hostile image"),
]


@pytest.mark.parametrize("sbom", DOCUMENTS)
def test_cyclonedx_documents_are_valid(sbom: Sbom) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(rendered(sbom, "cyclonedx")) is None


def test_the_cyclonedx_schema_does_refuse_something() -> None:
    broken = rendered(sbom_of(example()), "cyclonedx").replace('"type": "container"', '"type": "ship"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def spdx_problems(text: str) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own dependencies
        parser = import_module("spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser")
        rules = import_module("spdx_tools.spdx.validation.document_validator")
        parsed = parser.JsonLikeDictParser().parse(json.loads(text))
        return [problem.validation_message for problem in rules.validate_full_spdx_document(parsed)]


@pytest.mark.parametrize("sbom", DOCUMENTS)
def test_spdx_documents_are_valid(sbom: Sbom) -> None:
    assert spdx_problems(rendered(sbom, "spdx")) == []


def test_the_spdx_rules_do_refuse_something() -> None:
    broken = rendered(sbom_of(example()), "spdx").replace("urn:uuid:", "no-uri-")
    assert spdx_problems(broken) != []


@pytest.mark.parametrize("form", SBOM_FORMATS)
def test_the_same_image_gives_the_same_bytes(form: str) -> None:
    assert rendered(sbom_of(example()), form) == rendered(sbom_of(example()), form)


@pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
def test_the_clock_changes_the_timestamp_and_nothing_else(form: str) -> None:
    now, later = (
        rendered(sbom_of(example()), form, moment=moment).splitlines()
        for moment in (NOW, NOW + timedelta(days=1))
    )
    changed = [before for before, after in zip(now, later, strict=True) if before != after]
    assert [line.strip().partition('"2026')[0] for line in changed] in (
        ['"timestamp": '],
        ['"created": '],
    )


@pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
def test_another_image_has_another_identifier(form: str) -> None:
    sbom = sbom_of(example())
    one, other = document(sbom, form), document(with_packages(sbom, sbom.packages[0]), form)
    field = "serialNumber" if form == "cyclonedx" else "documentNamespace"
    assert one[field] != other[field]


def test_references_inside_a_document_are_unique_and_lead_somewhere() -> None:
    sbom = hostile()
    components = document(sbom, "cyclonedx")["components"]
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references) == 3
    spdx = document(sbom, "spdx")
    identifiers = {package["SPDXID"] for package in spdx["packages"]}
    assert len(identifiers) == len(spdx["packages"])
    related = {edge["relatedSpdxElement"] for edge in spdx["relationships"]}
    assert related == identifiers


def test_cyclonedx_says_which_layer_brought_a_package_and_who_may_match_it() -> None:
    sbom = sbom_of(example())
    found = {component["name"]: component for component in document(sbom, "cyclonedx")["components"]}
    assert found["python"]["cpe"] == "cpe:2.3:a:python:python:3.12.11:*:*:*:*:*:*:*"
    assert found["libc6"]["purl"] == "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc"
    stated = {each["name"]: each["value"] for each in found["flask-thing"]["properties"]}
    assert stated["basewise:layer:index"] == "1"
    assert stated["basewise:layer:diff-id"] == sbom.image.layers[1].diff_id


def test_a_document_that_is_incomplete_says_so_in_every_form() -> None:
    sbom = sbom_of(inventory_of({"usr/local/bin/python3.12": program(b"\x003.12.11\x00")}))
    assert sbom.coverage.complete is False
    assert document(sbom, "cyclonedx")["compositions"] == [
        {"aggregate": "incomplete", "assemblies": ["image"]}
    ]
    assert "OS packages: there is no package database" in document(sbom, "spdx")["comment"]
    assert document(sbom, "json")["coverage"]["complete"] is False
    assert "Incomplete: not covered" in rendered(sbom, "table")


@pytest.mark.parametrize("form", SBOM_FORMATS)
def test_nothing_from_an_image_can_command_a_terminal_or_a_build_service(form: str) -> None:
    text = rendered(hostile(), form)
    assert set(text) <= {"\n", *map(chr, range(32, 127)), "😀"}
    if form == "table":
        assert "::error" not in text


def test_a_title_keeps_to_the_width_too() -> None:
    carried = SbomEmbedded(
        kind="library", name="libexpat", version="2.6.2", location="/opt/app", within="", layer=0
    )
    made = msgspec.structs.replace(sbom_of(example()), embedded=(carried,))
    lines = rendered(made, "table", width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert "Carried inside something else, not" in lines
    assert "- libexpat 2.6.2 (library, /opt/app)" in lines


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_the_table_leaves_columns_out_and_cuts_nothing_else(width: int) -> None:
    text = rendered(sbom_of(example()), "table", width=width)
    assert max(map(len, text.splitlines())) <= width
    assert {"libc6", "zlib1g", "cpython"} <= set(text.split())


def test_colour_is_only_style() -> None:
    sbom = sbom_of(example())
    coloured = render_sbom(sbom, "table", width=100, color=True, moment=NOW, version="1.2")
    assert coloured.replace("\x1b[1m", "").replace("\x1b[0m", "") == rendered(sbom, "table")
    assert "\x1b[" in coloured


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(UsageError, match="no format is called `xml`"):
        rendered(sbom_of(example()), "xml")


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def test_the_secret_of_the_tests_is_no_word_of_an_example() -> None:
    assert not any(SECRET in text for text in texts(document(sbom_of(example()), "json")))
