"""A real Debian system with a CPython of its own: valid documents, and facts that `choose` ranks like the embedded ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from basewise.candidates.catalogue import load_catalogue
from basewise.cli.main import run
from basewise.model.base_image import BaseImage
from basewise.testing.interpreter import Interpreter
from basewise.testing.root_systems import write_plain_layout

pytestmark = pytest.mark.integration


@pytest.fixture
def resembled(interpreter: Interpreter) -> BaseImage:
    return load_catalogue().find(f"python:{interpreter.minor}-slim-trixie")


@pytest.fixture
def layout(resembled: BaseImage, look_alike_archive: Callable[[BaseImage], Path], tmp_path: Path) -> str:
    archive = look_alike_archive(resembled)
    return (
        f"oci:{write_plain_layout([archive], tmp_path / 'layout', settings={'Env': ['TOKEN=hidden-value']})}"
    )


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == 0
    return capsys.readouterr().out


def test_the_documents_of_a_real_system_are_valid_and_agree(
    layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = json.loads(printed(capsys, "sbom", layout, "--format", "json"))
    text = printed(capsys, "sbom", layout, "--format", "cyclonedx")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "hidden-value" not in text
    components = json.loads(text)["components"]
    packages = json.loads(printed(capsys, "sbom", layout, "--format", "spdx"))["packages"]
    count = len(plain["packages"])
    assert count > 80
    # Besides the packages: the distribution, and in SPDX the image itself.
    assert (len(components), len(packages)) == (count + 1, count + 2)
    named = {component["purl"] for component in components if "purl" in component}
    assert named == {
        reference["referenceLocator"] for each in packages for reference in each.get("externalRefs", ())
    }


def facts(resembled: BaseImage, row: dict[str, Any]) -> None:
    assert row["distro"]["codename"] == resembled.distro.codename
    assert row["python"].startswith(resembled.python_minor)
    assert row["libc"] == {"family": "glibc", "version": resembled.libc.version}
    assert (row["packages_basis"], row["disk_basis"]) == ("exact", "exact")


def test_an_added_system_is_ranked_with_the_facts_of_the_image_that_it_resembles(
    resembled: BaseImage, layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"registry.example/look/{resembled.name}"
    printed(capsys, "candidates", "add", layout, "--name", name)
    rows = json.loads(printed(capsys, "candidates", "list", "--format", "json"))["images"]
    facts(resembled, next(row for row in rows if row["image"] == name))
    app = tmp_path / "app"
    app.mkdir()
    (app / "requirements.txt").write_text("")
    arguments = [
        "choose",
        str(app),
        "--offline",
        "--format",
        "json",
        "--image",
        name,
        "--image",
        resembled.name,
    ]
    found = json.loads(printed(capsys, *arguments))["candidates"]
    ranked = {each["image"]: each for each in found if each["rank"] is not None}
    assert set(ranked) == {name, resembled.name}
    measured = ranked[name]
    assert measured["vulnerabilities"]["total"] is not None
    assert measured["size"]["basis"] == "exact"
    assert measured["surface"]["executables"] > 100
