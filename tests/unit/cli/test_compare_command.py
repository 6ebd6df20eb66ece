"""`basewise compare` as a command: forms, exit codes, and what it says on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from basewise.advisories.write import encode_store
from basewise.cli.main import run
from basewise.model.advisory import FactKind
from basewise.testing.feeds import fact
from basewise.testing.python_images import python_image
from basewise.testing.whole_stores import whole_store_content

NOW = ("--now", "2026-11-25", "--offline")
OLD = (("libssl3", "3.0.9-1", "openssl"), ("zlib1g", "1:1.2.13.dfsg-1", "zlib"))
NEW = (("libssl3", "3.0.12-1", "openssl"), ("zlib1g", "1:1.2.13.dfsg-1", "zlib"))
SEVERE = fact("CVE-2023-1", FactKind.FIXED, "3.0.11-1", severity="high")
MILD = fact("CVE-2023-2", FactKind.OPEN, package="zlib", origin="debian_tracker", severity="low")
TWO = ("python:3.12-slim-bookworm", "python:3.13-slim-trixie")
UseStore = Callable[..., Path]


@pytest.fixture
def use_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseStore:
    """Return a function that makes a store which knows everything, and these facts, the default one."""

    def use(*facts: Any) -> Path:  # noqa: ANN401 - as `whole_store_content` takes them
        path = tmp_path / "store.sqlite"
        path.write_bytes(encode_store(whole_store_content(*facts)))
        monkeypatch.setenv("BASEWISE_STORE", str(path))
        return path

    return use


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    def layout(name: str, packages: tuple[tuple[str, str, str], ...]) -> str:
        builder = python_image(codename="bookworm", packages=packages, python="")
        return f"oci:{builder.write_layout(tmp_path / name)}"

    return layout("old", OLD), layout("new", NEW)


@pytest.mark.parametrize(
    ("turn", "flags", "code"),
    [
        (False, [], 0),
        (False, ["--fail-on", "worse"], 0),
        (True, ["--fail-on", "worse"], 1),
        (True, [], 0),
    ],
)
def test_the_exit_code_says_whether_it_got_worse(
    use_store: UseStore, pair: tuple[str, str], flags: list[str], code: int, *, turn: bool
) -> None:
    use_store(SEVERE, MILD)
    images = pair[::-1] if turn else pair
    assert run(["compare", *images, *flags, *NOW]) == code


def test_what_got_worse_is_named_on_stderr(
    use_store: UseStore, pair: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    use_store(SEVERE, MILD)
    run(["compare", *pair[::-1], "--fail-on", "worse", *NOW])
    out, err = capsys.readouterr()
    assert "1 high vulnerability instead of 0" in err
    assert "new: CVE-2023-1" in " ".join(out.split())


def test_what_cannot_be_told_is_incomplete(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *TWO, "--fail-on", "worse", *NOW]) == 3
    assert "Nothing is known to be worse" in capsys.readouterr().out


def test_an_image_that_was_not_read_is_named_and_the_rest_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["compare", *TWO, "registry.example/none:1", *NOW]) == 4
    out, err = capsys.readouterr()
    assert "error: registry.example/none:1: cannot pull" in err
    assert all(name in out for name in TWO)


def test_a_store_that_is_missing_is_no_empty_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEWISE_STORE", str(tmp_path / "none"))
    assert run(["compare", *TWO, *NOW]) == 4


@pytest.mark.parametrize(
    "arguments", [[], [TWO[0]], [*TWO, "--baseline", TWO[0]], [*TWO, "--format", "pdf"], ["python:0.0-*"]]
)
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *arguments, *NOW]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("form", "beginning"),
    [
        ("table", b" "),
        ("json", b'{\n  "schema": "basewise.compare/1"'),
        ("markdown", b"# Images compared"),
        ("html", b"<!DOCTYPE html>"),
        ("svg", b"<svg "),
        ("png", b"\x89PNG"),
    ],
)
def test_every_form_is_written(form: str, beginning: bytes, tmp_path: Path) -> None:
    file = tmp_path / "answer"
    assert run(["compare", *TWO, "--format", form, "-o", str(file), *NOW]) == 0
    assert file.read_bytes().startswith(beginning)


def test_a_png_goes_to_a_pipe_as_it_is(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["compare", *TWO, "--format", "png", *NOW]) == 0
    assert capfdbinary.readouterr().out.startswith(b"\x89PNG")


def test_the_whole_catalogue_is_one_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "--catalogue", "--format", "json", *NOW]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["images"]) > 30
    assert answer["changes"] is None
