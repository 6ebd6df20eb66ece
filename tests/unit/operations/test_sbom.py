from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from basewise.cli.main import run
from basewise.errors import ImageError
from basewise.model.platform import LINUX_ARM64
from basewise.model.sbom import Sbom
from basewise.operations.read_image import ImageAccess, registry_options
from basewise.operations.sbom import make_sbom
from basewise.testing.fake_registry import FakeRegistry
from basewise.testing.python_images import SECRET, push, python_image

READINGS = 100


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as server:
        push(server, "team/base", {"3.12-slim-trixie": python_image()})
        yield server


def host(registry: FakeRegistry) -> str:
    return f"127.0.0.1:{registry.port}"


@pytest.fixture
def layout(tmp_path: Path) -> str:
    return f"oci:{python_image().write_layout(tmp_path / 'layout')}"


def test_the_same_image_has_the_same_inside_wherever_it_is(
    registry: FakeRegistry, tmp_path: Path, layout: str
) -> None:
    archive = python_image().write_docker_archive(tmp_path / "saved.tar")
    access = ImageAccess(plain_http=(host(registry),))
    found = [
        make_sbom(layout),
        make_sbom(f"docker-archive:{archive}"),
        make_sbom(f"{host(registry)}/team/base:3.12-slim-trixie", access=access),
    ]
    assert [sbom.packages for sbom in found] == [found[0].packages] * 3
    assert [sbom.surface for sbom in found] == [found[0].surface] * 3
    assert [(package.name, package.layer) for package in found[0].packages] == [
        ("cpython", 1), ("bash", 0), ("libc6", 0), ("libssl3t64", 0), ("zlib1g", 0),
    ]  # fmt: skip
    assert found[2].image.digest == str(python_image().digest)


def test_layers_name_the_instruction_that_made_them(layout: str) -> None:
    layers = make_sbom(layout).image.layers
    assert [(layer.instruction, layer.history) for layer in layers] == [("ADD", 0), ("RUN", 1)]


@pytest.mark.parametrize("form", ["table", "json", "cyclonedx", "spdx"])
def test_no_secret_of_the_environment_or_the_history_is_told(
    form: str, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sbom", layout, "--format", form, "-v"]) == 0
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err
    assert ("TOKEN" in printed.out) is (form in {"table", "json"})


def document(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(capsys.readouterr().out)


def test_the_json_document_keeps_its_contract(layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sbom", layout, "--format", "json"]) == 0
    found = document(capsys)
    assert found["schema"] == "basewise.sbom/1"
    assert {"schema", "image", "distro", "packages", "surface", "coverage"} <= set(found)
    fields = {"type", "name", "version", "arch", "source", "source_version", "location", "layer"}
    assert all(fields <= set(package) for package in found["packages"])
    assert found["distro"] == {"id": "debian", "version": "13", "codename": "trixie"}
    assert found["pythons"][0]["version"] == "3.12.11"


def test_an_incomplete_reading_ends_with_0_and_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python_image("3.12.11", further={"var/lib/rpm/rpmdb.sqlite": b"no database"}).write_layout(tmp_path / "x")
    assert run(["sbom", f"oci:{tmp_path / 'x'}", "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["coverage"]["complete"] is False
    assert "incomplete" in printed.err


def test_a_result_goes_to_the_file_that_is_named(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bom.json"
    assert run(["sbom", layout, "--format", "cyclonedx", "-o", str(target), "--now", "2026-11-23"]) == 0
    assert json.loads(target.read_text())["metadata"]["timestamp"] == "2026-11-23T00:00:00Z"
    assert capsys.readouterr().out == ""


def test_source_date_epoch_is_the_clock(
    layout: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run(["sbom", layout, "--format", "spdx"]) == 0
    assert document(capsys)["creationInfo"]["created"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["oci:nowhere"], 4, "is no directory"),
        (["./nowhere.tar"], 4, "there is no file or directory"),
        (["--offline", "127.0.0.1:1/team/base:1"], 4, "`--offline` forbids to ask its registry"),
        (["UPPER CASE"], 2, "not an image reference"),
        (["-x"], 2, "No such option"),
        (["oci:x", "--token-service", "nobody"], 2, "not a registry and its token service"),
        (["oci:x", "--platform", "a/b/c/d"], 2, "not a platform"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_what(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sbom", *arguments]) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_a_token_service_is_told_to_the_client() -> None:
    access = ImageAccess(token_services=(("a.example", "auth.b.example"), ("a.example", "c.example")))
    assert registry_options(access).token_services_of("a.example") == {"auth.b.example", "c.example"}


def test_a_platform_that_the_image_has_not_is_an_error(registry: FakeRegistry) -> None:
    with pytest.raises(ImageError, match="linux/arm64"):
        make_sbom(
            f"{host(registry)}/team/base:3.12-slim-trixie",
            platform=LINUX_ARM64,
            access=ImageAccess(plain_http=(host(registry),)),
        )


def test_a_known_layer_is_not_fetched_again(registry: FakeRegistry) -> None:
    name, access = f"{host(registry)}/team/base:3.12-slim-trixie", ImageAccess(plain_http=(host(registry),))
    first = make_sbom(name, access=access)
    registry.seen.clear()
    assert make_sbom(name, access=access) == first
    layers = {str(layer.digest) for layer in python_image().layers}
    assert not any(digest in request.path for request in registry.seen for digest in layers)


def test_a_hundred_readings_at_once_fetch_each_layer_once(registry: FakeRegistry) -> None:
    access = ImageAccess(plain_http=(host(registry),))
    found: list[Sbom] = []
    start = threading.Barrier(READINGS)

    def read() -> None:
        start.wait(60)
        found.append(make_sbom(f"{host(registry)}/team/base:3.12-slim-trixie", access=access))

    threads = [threading.Thread(target=read, daemon=True) for _ in range(READINGS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == READINGS
    assert found == found[:1] * READINGS
    for layer in python_image().layers:
        assert len(registry.seen_paths(f"/blobs/{layer.digest}")) == 1


def test_what_was_fetched_is_told(registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    """The second time the layers are known, and only the manifest and the configuration are asked for."""
    call = ["sbom", f"{host(registry)}/team/base:3.12-slim-trixie", "--plain-http", host(registry), "-v"]
    said = []
    for _ in range(2):
        assert run(call) == 0
        said.append(re.search(r"(\S+ \S+) fetched for 127", capsys.readouterr().err))
    assert all(said)
    assert len({found[1] for found in said if found}) == 2


AUDIT = """
import os, sys
written = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        written.append(os.fsdecode(arguments[0]))
sys.addaudithook(hook)
from basewise.cli.main import run
code = run(["sbom", sys.argv[1], "--format", "json"])
print(code, *written, sep="\\n", file=sys.stderr)
"""


def test_nothing_of_a_layer_is_unpacked_to_disk(tmp_path: Path) -> None:
    """Written are entries of the cache alone: they hold names and what the catalogers keep."""
    image = python_image().layer({"srv/large": bytes(4 * 2**20), "srv/other": "x"})
    text = f"oci:{image.write_layout(tmp_path / 'layout')}"
    cache = tmp_path / "cache"
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, text],
        env={**os.environ, "BASEWISE_CACHE_DIR": str(cache), "TMPDIR": str(tmp_path / "no-such-place")},
        capture_output=True,
        check=True,
        timeout=60,
    )
    code, *written = done.stderr.decode().split()
    assert code == "0"
    assert written
    assert all(Path(path).is_relative_to(cache / "layers") for path in written)
    assert sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) < 2**20
