"""Little memory, few file handles, many layers, many processes at once: the same answer, or a clear one."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from basewise.testing.image_builder import ImageBuilder
from basewise.testing.python_images import python_image
from basewise.testing.sample_day import SAMPLE_DAY
from basewise.testing.tar_writer import Member, gzip_bytes, tar_header

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
PROCESSES = 8
MEMORY_BYTES = 512 * 2**20
TEN_GIGABYTES = 10 * 2**30
PART_BYTES = 2**26
# Of the header of `zeros`, ten gibibytes of zeros and the end of a tar; computed once.
TEN_GIGABYTES_DIFF_ID = "sha256:a2e3bd14da4f9d0a1e0df5251851cbdcb120b5e78598451692fa7a76049fde03"


def start(
    arguments: Sequence[str],
    cache: Path,
    *,
    limit: tuple[int, int] | None = None,
    through: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start a process, with one limit of `resource`, through another command."""

    def confine() -> None:
        if limit is not None:
            resource.setrlimit(limit[0], (limit[1], limit[1]))

    return subprocess.Popen(
        [*through, sys.executable, "-m", "basewise", *arguments, "--now", SAMPLE_DAY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "BASEWISE_CACHE_DIR": str(cache)},
        preexec_fn=confine,  # noqa: PLW1509 - this process starts no threads of its own
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, str]:
    printed, said = process.communicate(timeout=120)
    return process.returncode, printed, said.decode()


def many_layers(count: int) -> ImageBuilder:
    image = python_image()
    for number in range(count - len(image.layers)):
        image.layer({f"srv/{number:04}": "x"})
    return image


@pytest.mark.parametrize("cold", [True, False], ids=["cold", "warm"])
def test_eight_processes_at_once_on_one_cache_say_the_same(cold: bool, tmp_path: Path) -> None:
    text = f"docker-archive:{many_layers(12).write_docker_archive(tmp_path / 'image.tar')}"
    cache = tmp_path / "cache"
    arguments = ["sbom", text, "--format", "json"]
    expected = finish(start(arguments, tmp_path / "alone"))
    assert expected[0] == 0
    if not cold:
        assert finish(start(arguments, cache)) == expected
    running = [start(arguments, cache) for _ in range(PROCESSES)]
    assert [finish(process) for process in running] == [expected] * PROCESSES
    assert finish(start(arguments, cache)) == expected
    assert not list(cache.rglob("*.part"))


def test_sixty_four_file_handles_are_enough(tmp_path: Path) -> None:
    text = f"oci:{many_layers(100).write_layout(tmp_path / 'layout')}"
    code, printed, said = finish(
        start(["sbom", text, "--format", "json"], tmp_path / "cache", limit=(resource.RLIMIT_NOFILE, 64))
    )
    assert (code, said) == (0, "")
    assert printed == finish(start(["sbom", text, "--format", "json"], tmp_path / "cache"))[1]


def without_threads() -> list[str]:
    """Return a command that lets a process have no second thread, also when root runs the tests."""
    if os.getuid() != 0:
        return ["prlimit", "--nproc=1"]
    # The system counts by real user, and not at all what may exceed limits.
    return ["prlimit", "--nproc=1", "setpriv", "--ruid=61234", "--bounding-set=-sys_resource,-sys_admin"]


def test_where_no_thread_can_be_started_the_answer_is_the_same(tmp_path: Path) -> None:
    text = f"oci:{many_layers(12).write_layout(tmp_path / 'layout')}"
    arguments = ["sbom", text, "--format", "json"]
    try_thread = "import threading; threading.Thread(target=print).start()"
    tried = subprocess.run(
        [*without_threads(), sys.executable, "-c", try_thread], capture_output=True, check=False
    )
    assert b"can't start new thread" in tried.stderr
    code, printed, said = finish(start(arguments, tmp_path / "cache", through=without_threads()))
    assert (code, said) == (0, "")
    assert printed == finish(start(arguments, tmp_path / "other"))[1]


def test_a_directory_deeper_than_there_are_file_handles_is_told(tmp_path: Path) -> None:
    root = tmp_path / "root"
    deep = root.joinpath(*["d"] * 100)
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    (root / "etc").mkdir()
    (root / "etc" / "os-release").write_text("ID=debian\nVERSION_ID=13\n")
    code, printed, said = finish(
        start(
            ["sbom", f"dir:{root}", "--format", "json"],
            tmp_path / "cache",
            limit=(resource.RLIMIT_NOFILE, 64),
        )
    )
    assert code == 0
    assert b"it cannot be read: Too many open files" in printed
    assert b'"id": "debian"' in printed
    assert "incomplete" in said


def test_two_thousand_layers_are_more_than_the_limit_and_it_is_named(tmp_path: Path) -> None:
    text = f"oci:{many_layers(2_000).write_layout(tmp_path / 'layout')}"
    code, printed, said = finish(
        start(["sbom", text], tmp_path / "cache", limit=(resource.RLIMIT_AS, MEMORY_BYTES))
    )
    assert code == 4
    assert printed == b""
    assert "it has 2000 layers, more than the limit of 512" in said


def test_as_many_layers_as_there_may_be_are_read_in_half_a_gigabyte_of_addresses(tmp_path: Path) -> None:
    text = f"oci:{many_layers(512).write_layout(tmp_path / 'layout')}"
    code, printed, said = finish(
        start(
            ["sbom", text, "--format", "json"], tmp_path / "cache", limit=(resource.RLIMIT_AS, MEMORY_BYTES)
        )
    )
    assert (code, said) == (0, "")
    assert printed.count(b'"diff_id"') == 512


def test_ten_gigabytes_are_read_in_half_a_gigabyte_of_addresses(tmp_path: Path) -> None:
    """One layer with a file of zeros: stored small, inflated, hashed and walked whole."""
    header = tar_header(Member(path="zeros", size=TEN_GIGABYTES))
    part = gzip_bytes(bytes(PART_BYTES), 1)
    stored = gzip_bytes(header) + part * (TEN_GIGABYTES // PART_BYTES) + gzip_bytes(bytes(1024))
    image = python_image().layer(b"", stored=stored)
    image.diff_ids = [*(str(layer.diff_id) for layer in image.layers[:-1]), TEN_GIGABYTES_DIFF_ID]
    text = f"oci:{image.write_layout(tmp_path / 'layout')}"
    code, printed, said = finish(
        start(
            ["sbom", text, "--format", "json"], tmp_path / "cache", limit=(resource.RLIMIT_AS, MEMORY_BYTES)
        )
    )
    assert (code, said) == (0, "")
    assert json.loads(printed)["image"]["layers"][-1]["disk_bytes"] == TEN_GIGABYTES


def test_too_little_memory_is_an_error_that_names_the_layer(tmp_path: Path) -> None:
    """The process may have no more addresses than the one file that a cataloger wants of the image."""
    image = python_image().layer({"var/lib/rpm/rpmdb.sqlite": bytes(150 * 2**20)})
    text = f"oci:{image.write_layout(tmp_path / 'layout')}"
    code, printed, said = finish(
        start(["sbom", text], tmp_path / "cache", limit=(resource.RLIMIT_AS, 200 * 2**20))
    )
    assert (code, printed) == (4, b"")
    assert f"cannot read layer {image.layers[-1].digest}: there is not enough memory" in said
    assert "kept_bytes" in said
