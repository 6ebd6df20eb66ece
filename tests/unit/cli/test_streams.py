"""Terminals and pipes of every kind: closed, full, narrow, without Unicode. Never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from basewise.testing.python_images import python_image

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the shell and devices of Linux")
BASEWISE = f"{sys.executable} -m basewise"
COMMANDS = {
    "sbom": "sbom oci:layout -v",
    "sbom as JSON": "sbom oci:layout --format json",
    "scan of several": "scan oci:layout docker-archive:saved.tar -v",
    "choose that fails": "choose nowhere",
    "help of choose": "choose --help",
    "candidates": "candidates list",
    "version": "--version",
}
CLOSED = (
    "{} | head -c 10; exit ${{PIPESTATUS[0]}}",
    "{} 2>&-",
    "{} 2>/dev/full",
    "{} 2> >(exit 0)",
    "{} <&- >&- 2>&-",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    python_image().write_layout(folder / "layout")
    python_image().write_docker_archive(folder / "saved.tar")
    return folder


def run(command: str, folder: Path, changes: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command in a shell; return its exit code, stdout and stderr."""
    environment = {
        name: text
        for name, text in os.environ.items()
        if name not in {"LANG", "LC_ALL", "COLUMNS", "PYTHONUNBUFFERED"}
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        capture_output=True,
        env={**environment, **(changes or {})},
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stream_that_nobody_reads_changes_no_exit_code_and_shows_no_traceback(
    name: str, folder: Path
) -> None:
    command = f"{BASEWISE} {COMMANDS[name]}"
    code, _, _ = run(command, folder)
    assert code == (4 if "fails" in name else 0)
    for form in CLOSED:
        expected = code if name in {"help of choose", "version"} or ">&- 2" not in form else 4
        found, printed, said = run(form.format(command), folder)
        assert found == expected, (form, said)
        assert "Traceback" not in printed + said
        assert "Exception ignored" not in printed + said
        assert "error:" not in printed


@pytest.mark.parametrize("buffered", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("name", ["sbom", "sbom as JSON", "candidates", "help of choose", "version"])
def test_a_result_that_cannot_be_written_is_an_error(
    name: str, folder: Path, buffered: dict[str, str]
) -> None:
    code, _, said = run(f"{BASEWISE} {COMMANDS[name]} >/dev/full", folder, buffered)
    assert code == 4
    assert "no space left" in said.lower()
    assert "Traceback" not in said
    assert "Exception ignored" not in said


def test_a_closed_stdout_is_an_error_that_names_the_way_out(folder: Path) -> None:
    code, _, said = run(f"{BASEWISE} {COMMANDS['sbom as JSON']} >&-", folder)
    assert (code, said) == (
        4,
        "error: cannot write the result: stdout is closed\nhint: name a file with `-o`\n",
    )


def test_with_closed_streams_a_file_is_written_as_ever(folder: Path) -> None:
    command = f"{BASEWISE} {COMMANDS['sbom as JSON']} --now 2026-11-23"
    assert run(f"{command} -o open.json", folder)[0] == 0
    assert run(f"{command} -o closed.json <&- >&- 2>&-", folder)[0] == 0
    assert (folder / "open.json").read_bytes() == (folder / "closed.json").read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"TERM": "dumb", "LC_ALL": "C", "COLUMNS": "20"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "20"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "COLUMNS": "0"},
        {"COLUMNS": "no number", "TERM": ""},
    ],
)
@pytest.mark.parametrize("name", ["sbom", "choose that fails", "candidates"])
def test_poor_terminals_do(name: str, changes: dict[str, str], folder: Path) -> None:
    code, printed, said = run(f"{BASEWISE} {COMMANDS[name]}", folder, changes)
    assert code == (4 if "fails" in name else 0), said
    assert "Traceback" not in printed + said
    if "LC_ALL" in changes and "PYTHONUTF8" in changes:
        assert printed.isascii()
