from __future__ import annotations

import io
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise._internal.http import HttpClient
from basewise.fit import remote_zip
from basewise.fit.remote_zip import remote_installed_size
from basewise.testing.wheels import make_elf, make_wheel

NAME = "sample-1.0-py3-none-manylinux_2_28_x86_64.whl"


@contextmanager
def served(content: bytes, *, ranges: bool = True, stated: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve `content` at one URL; yield it and the list of ranges asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("range", ""))
            first, last = (int(part) for part in asked[-1].removeprefix("bytes=").split("-"))
            body = content[first : last + 1] if ranges else content
            self.send_response(206 if ranges else 200)
            if ranges:
                self.send_header("content-range", stated or f"bytes {first}-{last}/{len(content)}")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{NAME}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def measure(content: bytes, url: str) -> remote_zip.RemoteSize | None:
    with HttpClient() as client:
        return remote_installed_size(client, url, len(content))


def test_a_small_wheel_takes_one_request() -> None:
    content = make_wheel(NAME, {"sample/lib/libsample.so.1": make_elf(), "sample/data": bytes(70_000)})
    with served(content) as (url, asked):
        size = measure(content, url)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    assert size is not None
    assert size.installed_bytes == sum(member.file_size for member in members)
    assert size.members == len(members)
    assert size.libraries == ("libsample.so.1",)
    assert size.fetched_bytes == len(content)
    assert len(asked) == 1


def test_a_long_directory_takes_a_second_request_and_the_content_none() -> None:
    many = {f"sample/module_{index:05}.py": b"x" * 40 for index in range(1500)}
    content = make_wheel(NAME, {"sample/big.bin": bytes(3 << 20), **many}, compress=False)
    with served(content) as (url, asked):
        size = measure(content, url)
    assert size is not None
    assert size.members == 1504
    assert len(asked) == 2
    assert size.fetched_bytes < 400_000


def test_zip64_sizes_are_read() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for index in range(66_000):
            archive.writestr(zipfile.ZipInfo(f"m{index}"), b"12")
    content = output.getvalue()
    with served(content) as (url, _):
        size = measure(content, url)
    assert size is not None
    assert (size.members, size.installed_bytes) == (66_000, 132_000)


def test_a_member_of_more_than_four_gibibytes_is_counted() -> None:
    directory = struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 8, 0, 0, 0, 100, 0xFFFFFFFF, 1, 12, 0, 0, 0, 0, 0
    )
    directory += b"a" + struct.pack("<HHQ", 1, 8, 5 << 30)
    content = bytes(10) + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(directory), 10, 0)
    with served(content) as (url, _):
        size = measure(content, url)
    assert size is not None
    assert size.installed_bytes == 5 << 30


@pytest.mark.parametrize(
    ("ranges", "stated"),
    [(False, ""), (True, "bytes 5-9/10"), (True, "nonsense"), (True, "bytes */100")],
)
def test_a_server_without_proper_ranges_gives_nothing(stated: str, *, ranges: bool) -> None:
    content = make_wheel(NAME, {})
    with served(content, ranges=ranges, stated=stated) as (url, _):
        assert measure(content, url) is None


def test_a_server_that_does_not_answer_gives_nothing() -> None:
    with HttpClient(timeout_seconds=2) as client:
        assert remote_installed_size(client, "http://127.0.0.1:9/x.whl", 1000) is None


@pytest.mark.parametrize("size", [0, 21])
def test_a_file_too_small_for_a_zip_is_not_asked_for(size: int) -> None:
    with HttpClient() as client:
        assert remote_installed_size(client, "http://127.0.0.1:9/x.whl", size) is None


def test_a_directory_that_lies_about_its_place_or_length_gives_nothing() -> None:
    good = make_wheel(NAME, {"sample/a.py": b"a"})
    end = good.rindex(b"PK\x05\x06")
    for form, offset, value in (
        ("<I", end + 12, 2**31),
        ("<I", end + 16, 2**31),
        ("<H", end + 10, 60_000),
        ("<H", end + 10, 1),
        ("<I", end + 16, 5),
    ):
        content = bytearray(good)
        struct.pack_into(form, content, offset, value)
        with served(bytes(content)) as (url, _):
            assert measure(bytes(content), url) is None


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_the_directory_says_reading_ends(data: st.DataObject) -> None:
    content = bytearray(make_wheel(NAME, {"sample/libx.so.1": b"a" * 50}))
    start = content.index(b"PK\x01\x02")
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(start, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = remote_zip.read_directory(bytes(content[start:]), data.draw(st.integers(0, 70_000)))
    except (remote_zip.UnreadableError, struct.error):
        return
    assert found[0] >= 0
