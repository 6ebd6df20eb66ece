"""The command line: what it says about wrong usage, and that errors become exit codes without tracebacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise import __version__
from basewise.cli.main import run


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"basewise {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["choose", "--help"], ["db", "--help"], ["candidates", "list", "-h"]]
)
def test_help_goes_to_stdout(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Usage: basewise")
    assert captured.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chose"], "No such command 'chose'"),
        (["choose", "--pyhton", "3.12"], "No such option"),
        (["choose", "--python"], "requires an argument"),
        (["choose", ".", "two"], "unexpected extra argument"),
        (["choose", ""], "empty name"),
        (["choose", "--prefer", "cheap"], "is not one of"),
        (["choose", "--max-size", "-5"], "not a size"),
        (["choose", "--max-size", "0"], "not a size"),
        (["choose", "--python", "three"], "not a Python minor"),
        (["choose", "--platform", "windows/amd64"], "no base images are known for windows/amd64"),
        (["choose", "--arch", "riscv 64"], "not a platform"),
        (["choose", "--image", "UPPER/x"], "not an image reference"),
        (["choose", "--now", "yesterday"], "not a date"),
        (["choose", "--format", "xml"], "is not one of"),
    ],
)
def test_wrong_usage_is_2_and_says_what(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_folder_that_is_not_there_is_4(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["choose", "missing"]) == 4
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert "hint: " in captured.err


def test_an_empty_folder_is_4_and_says_what_was_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["choose", str(tmp_path)]) == 4
    error = capsys.readouterr().err
    assert "requirements" in error
    assert "hint: " in error


@pytest.mark.parametrize("content", [None, b"", b"not a store", b"SQLite format 3\x00" + b"\x00" * 200])
def test_a_named_store_that_cannot_be_read_is_4_and_never_replaced(
    content: bytes | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==2.3.5\n")
    store = tmp_path / "store.sqlite"
    if content is not None:
        store.write_bytes(content)
    monkeypatch.setenv("BASEWISE_STORE", str(store))
    assert run(["choose", str(tmp_path), "--offline"]) == 4
    captured = capsys.readouterr()
    assert "store" in captured.err
    assert captured.out == ""
