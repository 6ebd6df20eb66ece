"""`basewise choose` as a page and as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.cli.main import run
from basewise.testing.sample_day import SAMPLE_DAY

ROOT = Path(__file__).resolve().parents[3]
NOW = ("--offline", "--now", SAMPLE_DAY, "-q")
APP = str(ROOT / "examples" / "sentiment")


@pytest.mark.parametrize(
    ("form", "beginning"), [("html", b"<!DOCTYPE html>"), ("svg", b"<svg "), ("png", b"\x89PNG")]
)
def test_a_page_and_a_picture_are_written_whole(form: str, beginning: bytes, tmp_path: Path) -> None:
    file = tmp_path / "answer"
    assert run(["choose", APP, "--format", form, "-o", str(file), *NOW]) == 0
    content = file.read_bytes()
    assert content.startswith(beginning)
    assert len(content) < 1_500_000


def test_the_same_answer_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [tmp_path / "one.html", tmp_path / "other.html"]
    for file in files:
        assert run(["choose", APP, "--format", "html", "-o", str(file), *NOW]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("no directory")
    assert run(["choose", APP, "--format", "png", "-o", str(tmp_path / "file" / "picture.png"), *NOW]) == 4
    assert "cannot write" in capsys.readouterr().err


def test_a_file_without_a_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["choose", APP, "--format", "png", "-o", "", *NOW]) == 2
    assert "`-o` needs a file name" in capsys.readouterr().err
