"""The documents of a real scan, as the command writes them."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from basewise.cli.commands.scan import FORMATS
from basewise.cli.main import run
from basewise.report.scan import ONE_IMAGE_FORMATS, PICTURE_FORMATS, SCAN_FORMATS
from basewise.testing.python_images import SECRET, python_image
from basewise.testing.scan_documents import problems_of, rows_of

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "formats.md"
DOCUMENTS = tuple(form for form in SCAN_FORMATS if form not in {"table", "json", "html"})
PACKAGES = (
    ("libssl3", "3.0.9-1", "openssl"),
    ("openssl", "3.0.9-1", "openssl"),
    ("zlib1g", "1:1.2.13", "zlib"),
)


@pytest.fixture
def layout(tmp_path: Path) -> str:
    return f"oci:{python_image(codename='bookworm', packages=PACKAGES).write_layout(tmp_path / 'layout')}"


def test_the_command_offers_every_form_and_the_reference_has_a_row_for_each() -> None:
    assert (*SCAN_FORMATS, *PICTURE_FORMATS) == FORMATS
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", REFERENCE.read_text("utf-8"), re.MULTILINE)
    assert {form for row in rows for form in re.findall(r"\w+", row)} == set(FORMATS)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_the_command_writes_a_valid_document_without_secrets(
    form: str, layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report"
    assert run(["scan", layout, "--format", form, "--now", "2026-11-25", "-o", str(path), "-v"]) == 0
    text = path.read_text("utf-8")
    assert problems_of(form, text) == []
    assert rows_of(form, text) > 0
    assert "CVE-2023-5363" in text
    assert "debian_archive bookworm" in text.replace("\\_", "_")
    said = capsys.readouterr()
    assert SECRET not in text + said.out + said.err


@pytest.mark.parametrize("form", ONE_IMAGE_FORMATS)
def test_a_second_image_is_refused_before_the_first_is_read(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci:nowhere", "oci:elsewhere", "--format", form]) == 2
    assert f"a document in the format `{form}` describes one image" in capsys.readouterr().err


def test_a_comment_can_be_printed_where_only_ascii_can(layout: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "basewise",
        "scan",
        layout,
        "--format",
        "markdown",
        "--now",
        "2026-11-25",
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=tmp_path)
    assert done.stdout.isascii()
    assert b"CVE-2023-5363" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_full_disk_leaves_the_report_that_was_there(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "reports" / "report.json"
    path.parent.mkdir()
    path.write_text("the one before")

    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    done = subprocess.run(
        [sys.executable, "-m", "basewise", "scan", layout, "--format", "json", "-o", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=confine,
    )
    assert done.returncode == 4, done.stderr
    assert f"error: cannot write `{path}`" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_text() == "the one before"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
