"""Debian's `docker-registry` behind `pin`, `pin --refresh` and `check --online`: digests are those that it serves."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from basewise.cli.main import run
from basewise.model.platform import Platform
from basewise.testing.docker_registry import DockerRegistry
from basewise.testing.python_images import python_image

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NOW = "2026-01-20"  # days after the images were made


@pytest.fixture
def registry(require_programs: RequirePrograms, tmp_path: Path) -> Iterator[DockerRegistry]:
    require_programs("docker-registry", "skopeo")
    with DockerRegistry(tmp_path / "registry") as running:
        yield running


@pytest.fixture
def push(registry: DockerRegistry, tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that pushes an image with this Python under a name, and gives the digest that `skopeo` reads."""

    def pushed(python: str, name: str) -> str:
        layout = python_image(python).write_layout(tmp_path / f"layout-{python}", tag="1")
        registry.push(f"oci:{layout}:1", name)
        return served(registry, name)

    return pushed


def served(registry: DockerRegistry, name: str) -> str:
    done = subprocess.run(
        ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{registry.host}/{name}"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    digest = subprocess.run(
        ["skopeo", "manifest-digest", "/dev/stdin"],
        input=done.stdout,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return digest.stdout.decode().strip()


def checked(path: Path, host: str, out: Path, *, now: str = NOW) -> tuple[int, dict[str, Any]]:
    code = run(
        [
            "check",
            "--online",
            "--plain-http",
            host,
            "--now",
            now,
            "--format",
            "json",
            "-q",
            "-o",
            str(out),
            str(path),
        ]
    )
    return code, json.loads(out.read_text())


def test_a_tag_is_pinned_checked_and_refreshed_as_the_registry_has_it(
    registry: DockerRegistry, push: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "team/python:3.13-service"
    first = push("3.13.5", name)
    project = tmp_path / "project"
    project.mkdir()
    path = project / "Dockerfile"
    image = f"{registry.host}/{name}"
    path.write_text(f"# as it was\nFROM  {image}  AS  run\nUSER 10001\n")
    options = ["--plain-http", registry.host, "--now", NOW, "-q"]

    assert run(["pin", *options, str(path)]) == 0
    assert path.read_text() == f"# as it was\nFROM  {image}@{first}  AS  run\nUSER 10001\n"
    lock = (project / "basewise.lock").read_text()
    assert first in lock
    code, document = checked(path, registry.host, tmp_path / "check.json")
    assert code in {0, 3}
    assert document["findings"] == []
    assert document["files"][0]["images"][0]["newest_digest"] == first

    second = push("3.13.6", name)
    assert second != first
    _, document = checked(path, registry.host, tmp_path / "check.json")
    assert document["files"][0]["images"][0]["newest_digest"] == second
    assert any(item["what"].startswith("what a refresh of") for item in document["coverage"]["not_covered"])
    _, document = checked(path, registry.host, tmp_path / "check.json", now="2026-11-23")
    (found,) = document["findings"]
    assert (found["rule"], found["severity"], found["line"]) == ("BW003", "warning", 2)
    assert run(["pin", *options, str(path)]) == 0
    assert first in path.read_text()
    assert run(["pin", "--refresh", *options, str(path)]) == 0
    assert path.read_text() == f"# as it was\nFROM  {image}@{second}  AS  run\nUSER 10001\n"
    assert second in (project / "basewise.lock").read_text()
    assert first not in (project / "basewise.lock").read_text()


def test_of_several_platforms_the_index_is_pinned(registry: DockerRegistry, tmp_path: Path) -> None:
    entries = []
    for architecture in ("amd64", "arm64"):
        builder = python_image("3.13.5", platform=Platform("linux", architecture))
        registry.push(
            f"oci:{builder.write_layout(tmp_path / architecture, tag='1')}:1", f"multi/python:{architecture}"
        )
        platform = {"os": "linux", "architecture": architecture}
        entries.append(
            {
                "mediaType": MANIFEST,
                "digest": str(builder.digest),
                "size": len(builder.manifest),
                "platform": platform,
            }
        )
    registry.put_manifest("multi/python", "1", {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    path = tmp_path / "Dockerfile"
    path.write_text(f"FROM {registry.host}/multi/python:1\n")
    assert run(["pin", "--plain-http", registry.host, "--now", NOW, "-q", str(path)]) == 0
    assert path.read_text() == f"FROM {registry.host}/multi/python:1@{served(registry, 'multi/python:1')}\n"


def test_a_registry_that_is_gone_leaves_the_file_and_says_so(
    require_programs: RequirePrograms, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require_programs("docker-registry")
    with DockerRegistry(tmp_path / "registry") as running:
        host = running.host
    path = tmp_path / "Dockerfile"
    path.write_text(f"FROM {host}/team/python:1\nUSER 1\n")
    assert run(["pin", "--plain-http", host, "--now", NOW, str(path)]) == 4
    said = capsys.readouterr()
    assert host in said.out + said.err
    assert path.read_text() == f"FROM {host}/team/python:1\nUSER 1\n"
    assert not (tmp_path / "basewise.lock").exists()
