from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from basewise.candidates.user_catalogue import read_user_catalogue
from basewise.cli.main import run
from basewise.model.package import BasisKind
from basewise.testing.fake_registry import FakeRegistry
from basewise.testing.python_images import push, python_image
from basewise.testing.sample_day import SAMPLE_DAY

TAG = "3.13-slim-trixie"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as server:
        push(server, "team/base", {TAG: python_image("3.13.5"), "bare": python_image("")})
        yield server


def name_of(registry: FakeRegistry, tag: str = TAG) -> str:
    return f"127.0.0.1:{registry.port}/team/base:{tag}"


def allowed(registry: FakeRegistry) -> list[str]:
    return ["--plain-http", f"127.0.0.1:{registry.port}"]


def add(registry: FakeRegistry, *more: str) -> int:
    return run(["candidates", "add", name_of(registry), *allowed(registry), *more])


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["candidates", "list", "--format", "json", "--now", SAMPLE_DAY]) == 0
    return {row["image"]: row for row in json.loads(capsys.readouterr().out)["images"]}


def test_an_image_is_added_shown_and_removed(
    registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(registry) == 0
    assert f"added {name_of(registry)} for linux/amd64" in capsys.readouterr().out
    row = listed(capsys)[name_of(registry)]
    assert (row["python"], row["packages"], row["packages_basis"], row["disk_basis"]) == (
        "3.13.5",
        4,
        "exact",
        "exact",
    )
    assert run(["candidates", "remove", name_of(registry)]) == 0
    assert f"removed {name_of(registry)}" in capsys.readouterr().out
    assert name_of(registry) not in listed(capsys)


def test_adding_again_renews_the_entry(registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(registry) == 0
    push(registry, "team/base", {TAG: python_image("3.13.6")})
    assert add(registry) == 0
    assert "renewed" in capsys.readouterr().out
    (entry,) = read_user_catalogue()
    assert entry.image.python == "3.13.6"


def test_the_digest_of_the_index_is_pinned(registry: FakeRegistry) -> None:
    index = push(registry, "team/base", {TAG: python_image("3.13.5")})[TAG]
    assert add(registry) == 0
    (entry,) = read_user_catalogue()
    assert str(entry.image.index_digest) == index
    assert entry.image.manifest_digest == python_image("3.13.5").digest
    assert entry.image.size.compressed_basis.kind is BasisKind.EXACT


def ranked(capsys: pytest.CaptureFixture[str]) -> list[str]:
    found = json.loads(capsys.readouterr().out)
    return [candidate["image"] for candidate in found["candidates"] if candidate["rank"] is not None]


def test_choose_ranks_an_added_image_beside_the_embedded_ones(
    registry: FakeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "main.py").write_text("print()\n")
    (app / "requirements.txt").write_text("")
    assert add(registry) == 0
    capsys.readouterr()
    assert run(["choose", str(app), "--offline", "--now", SAMPLE_DAY, "--format", "json"]) == 0
    found = ranked(capsys)
    assert name_of(registry) in found
    assert "python:3.13-slim-trixie" in found


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["remove", "team/base:1"], 4, "your catalogue has no image `team/base:1`"),
        (["add", "oci:nowhere"], 4, "is no directory"),
        (["add", "127.0.0.1:1/a:1", "--offline"], 4, "forbids"),
        (["add", "dir:/", "--name", "NOT A NAME"], 2, "not an image reference"),
    ],
)
def test_what_cannot_be_done_is_an_error(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["candidates", *arguments]) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_an_image_without_python_is_not_added(
    registry: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["candidates", "add", name_of(registry, "bare"), *allowed(registry)]) == 4
    assert "it holds no Python" in capsys.readouterr().err
    assert read_user_catalogue() == ()


def test_an_archive_needs_a_digest_to_be_recommended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = python_image().write_docker_archive(tmp_path / "x.tar", tags=["team/base:3.12-slim-trixie"])
    assert run(["candidates", "add", str(archive)]) == 0
    assert "its digest is not known" in capsys.readouterr().out
    pinned = f"team/base:3.12-slim-trixie@sha256:{'a' * 64}"
    assert run(["candidates", "add", str(archive), "--name", pinned]) == 0
    assert "its digest is not known" not in capsys.readouterr().out
    (entry,) = read_user_catalogue()
    assert str(entry.image.index_digest) == f"sha256:{'a' * 64}"


def test_processes_that_add_at_a_time_lose_nothing(tmp_path: Path) -> None:
    layout = python_image().write_layout(tmp_path / "x")
    command = [sys.executable, "-m", "basewise", "candidates", "add", f"oci:{layout}", "--name"]
    names = [f"team/base{number}:3.12-slim-trixie" for number in range(4)]
    running = [subprocess.Popen([*command, name], stdout=subprocess.DEVNULL) for name in names]
    assert [process.wait(60) for process in running] == [0] * len(names)
    assert [entry.image.name for entry in read_user_catalogue()] == names


def test_an_unknown_image_is_read_on_the_fly(
    registry: FakeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("")
    wanted = [name_of(registry), "python:3.13-slim-trixie"]
    arguments = ["choose", str(tmp_path), "--now", SAMPLE_DAY, "--format", "json", *allowed(registry)]
    assert run([*arguments, "--image", wanted[0], "--image", wanted[1]]) == 0
    assert sorted(ranked(capsys)) == sorted(wanted)
    assert read_user_catalogue() == ()


def test_a_local_image_is_read_on_the_fly_without_any_registry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "requirements.txt").write_text("")
    archive = python_image().write_docker_archive(tmp_path / "x.tar", tags=["team/base:3.12-slim-trixie"])
    # Without a digest nothing is recommended; the evidence is there all the same.
    assert (
        run(["choose", str(app), "--offline", "--format", "json", "--image", f"docker-archive:{archive}"])
        == 1
    )
    found = {each["image"]: each for each in json.loads(capsys.readouterr().out)["candidates"]}
    assert [each["constraint"] for each in found["team/base:3.12-slim-trixie"]["excluded"]] == ["digest"]
    assert found["team/base:3.12-slim-trixie"]["vulnerabilities"]["total"] is not None


@pytest.mark.parametrize(
    "case",
    [
        ("bare", (), "it holds no Python"),
        ("none", (), "does not have it"),
        ("none", ("--offline",), "without `--offline` it would be read from its registry"),
    ],
)
def test_an_image_that_cannot_be_read_on_the_fly_is_an_error(
    case: tuple[str, tuple[str, ...], str],
    registry: FakeRegistry,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tag, more, said = case
    (tmp_path / "requirements.txt").write_text("")
    assert run(["choose", str(tmp_path), "--image", name_of(registry, tag), *allowed(registry), *more]) == 4
    assert said in capsys.readouterr().err
