"""An interrupted process ends in time, with its exit code, and leaves nothing half written."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from basewise._internal.sized_directory import SizedDirectory, remove_unfinished
from basewise.testing.fake_registry import Answer, FakeRegistry
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.package_index import PackageIndex
from basewise.testing.python_images import push
from basewise.testing.sample_day import SAMPLE_DAY
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
# Far more than the two seconds that are meant, and far less than the work would take: machines are busy.
HANGS_SECONDS = 10.0
STARTED_SECONDS = 30.0
# The configuration and two layers.
ALL_BLOBS = 3
# One uv a Python minor, two at a time.
RESOLVING = 2


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Whoever runs the tests in the background has them ignore interruptions, and each child inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(arguments: list[str], cache: Path, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "basewise", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "BASEWISE_CACHE_DIR": str(cache), **variables},
        start_new_session=True,
    )


def wait_for(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Wait until a line of stderr contains `text`."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"it ended before it said {text!r}")


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, bytes, bytes]:
    """Send a signal; return exit code, stdout and stderr; it must end in time."""
    process.send_signal(number)
    try:
        printed, said = process.communicate(timeout=HANGS_SECONDS)
    finally:
        process.kill()
    return process.returncode, printed, said


def left_over(folder: Path) -> list[str]:
    """Return the files that are neither whole entries of the cache nor its locks."""
    return [
        path.name for path in folder.rglob("*") if path.name.endswith(".part") or path.name.startswith(".")
    ]


@pytest.fixture(scope="module")
def slow_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an image that takes many seconds to read: two layers of 8 GB of zeros."""
    part = gzip_bytes(bytes(2**26), 1)
    header = tar_bytes([Member(path="zeros", size=2**33)], end=b"")
    builder = ImageBuilder()
    for name in ("a", "b"):
        small = tar_bytes([Member(path=name, content=b"x")], end=b"")
        builder.layer(b"", stored=gzip_bytes(small + header) + part * (2**33 // 2**26))
    return builder.write_layout(tmp_path_factory.mktemp("slow"))


@pytest.mark.parametrize("number", SIGNALS)
def test_reading_layers_is_left_in_time_and_nothing_remains(
    number: signal.Signals, slow_layout: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "bom.json"
    process = start(["sbom", f"oci:{slow_layout}", "-v", "-o", str(target)], tmp_path / "cache")
    wait_for(process, b"reading 2 layers")
    time.sleep(0.3)
    code, printed, said = end(process, number)
    assert code == SIGNALS[number]
    assert printed == b""
    assert b"Traceback" not in said
    assert not target.exists()
    assert left_over(tmp_path) == []


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as server:
        noise = random.Random(1).randbytes(2**21)  # noqa: S311 - bytes that do not compress, not a secret
        image = ImageBuilder().layer({"a": noise}).layer({"b": noise[::-1]})
        push(server, "team/slow", {"1": image})
        for layer in image.layers:
            server.script(f"GET .*{layer.digest}", Answer(body=layer.stored, stall_after=2**20), times=-1)
        yield server


@pytest.mark.parametrize("number", SIGNALS)
def test_a_download_that_stands_still_is_left_in_time_and_nothing_remains(
    number: signal.Signals, registry: FakeRegistry, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{registry.port}"
    process = start(["sbom", f"{host}/team/slow:1", "--plain-http", host], tmp_path / "cache")
    began = time.monotonic()
    while len(registry.seen_paths("/blobs/")) < ALL_BLOBS and time.monotonic() - began < STARTED_SECONDS:
        time.sleep(0.02)
    assert len(registry.seen_paths("/blobs/")) == ALL_BLOBS
    time.sleep(0.2)
    code, printed, said = end(process, number)
    assert code == SIGNALS[number], said
    assert printed == b""
    assert b"Traceback" not in said
    assert left_over(tmp_path) == []


def running_beneath(directory: Path) -> list[str]:
    """Return the processes that have their working directory there."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(directory):
                found.append(link.parent.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.parametrize("number", SIGNALS)
def test_resolving_is_left_in_time_and_no_uv_goes_on(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "requirements.txt").write_text("alpha\n")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with PackageIndex() as index:
        index.hang()
        process = start(
            ["choose", str(tmp_path / "app"), "--now", SAMPLE_DAY],
            tmp_path / "cache",
            UV_DEFAULT_INDEX=index.url,
            UV_CACHE_DIR=str(tmp_path / "uv"),
            TMPDIR=str(temporary),
        )
        began = time.monotonic()
        while len(index.requests) < RESOLVING and time.monotonic() - began < STARTED_SECONDS:
            time.sleep(0.02)
        assert len(running_beneath(temporary)) == RESOLVING
        code, printed, said = end(process, number)
    assert code == SIGNALS[number], said
    assert printed == b""
    assert b"Traceback" not in said
    assert running_beneath(temporary) == []
    assert list(temporary.iterdir()) == []


def test_a_signal_before_anything_was_read_ends_it_too(slow_layout: Path, tmp_path: Path) -> None:
    process = start(["sbom", f"oci:{slow_layout}"], tmp_path / "cache")
    time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    printed, said = process.communicate(timeout=STARTED_SECONDS)
    assert process.returncode in {143, -signal.SIGTERM}
    assert printed == said == b""


def test_a_second_signal_ends_at_once(slow_layout: Path, tmp_path: Path) -> None:
    process = start(["sbom", f"oci:{slow_layout}", "-v"], tmp_path / "cache")
    wait_for(process, b"reading 2 layers")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    code, _, _ = end(process, signal.SIGTERM)
    assert code in {143, -signal.SIGTERM}


def test_a_file_that_a_thread_is_writing_is_removed_by_a_process_that_does_not_wait(tmp_path: Path) -> None:
    files = SizedDirectory(tmp_path, 2**20)
    began, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with contextlib.suppress(OSError), files.writing("kept") as file:
            file.write(b"x")
            began.set()
            go_on.wait(STARTED_SECONDS)

    thread = threading.Thread(target=write)
    thread.start()
    assert began.wait(STARTED_SECONDS)
    assert len(left_over(tmp_path)) == 1
    remove_unfinished()
    assert left_over(tmp_path) == []
    go_on.set()
    thread.join()
    assert list(tmp_path.iterdir()) == []
    files.write("kept", b"y")
    remove_unfinished()
    assert files.read("kept") == b"y"
