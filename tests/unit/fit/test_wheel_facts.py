from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from basewise._internal.http import HttpClient
from basewise.fit.facts import Evidence, EvidenceKind, WheelFact
from basewise.fit.knowledge import Knowledge, SonameOverride
from basewise.fit.wheel_facts import FactOrigin, WheelFacts, WheelTable
from basewise.fit.wheel_fetch import FetchLimits
from basewise.fit.wheel_key import WheelKey
from basewise.model.requirement import DistributionFile
from basewise.testing.wheels import make_elf, make_wheel

TODAY = "2026-11-23"
PLATFORM = "manylinux_2_28_x86_64"
CP312 = f"sample-1.0-cp312-cp312-{PLATFORM}.whl"
CP313 = f"sample-1.0-cp313-cp313-{PLATFORM}.whl"
MEMBERS = {"sample/_core.abi3.so": make_elf(needed=["libgomp.so.1"])}


def fact(filename: str, digit: str = "a", **more: object) -> WheelFact:
    values = {"size_bytes": 10, "installed_bytes": 30, "inspected": True, "verified": True, **more}
    return msgspec.convert({"filename": filename, "sha256": digit * 64, **values}, WheelFact)


def wheel(filename: str, digit: str | None = "a", **more: object) -> DistributionFile:
    sha256 = None if digit is None else digit * 64
    return msgspec.convert(
        {"filename": filename, "sha256": sha256, "size_bytes": 10, **more}, DistributionFile
    )


def facts(
    *table: WheelFact,
    cache: Path | None = None,
    limits: FetchLimits | None = None,
    client_factory: Callable[[], HttpClient] | None = None,
) -> WheelFacts:
    return WheelFacts(
        today=TODAY,
        table=table,
        knowledge=Knowledge(),
        cache=cache,
        limits=limits,
        client_factory=client_factory,
    )


class Index:
    """A loopback server of wheels with ranges; remembers what was asked of it."""

    def __init__(self, files: Mapping[str, bytes], *, status: int = 200) -> None:
        self.files = files
        self.asked: list[str] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name, span = self.path[1:], self.headers.get("range")
                index.asked.append(f"{name} {'range' if span else 'whole'}")
                body, code = index.files.get(name, b""), status if name in index.files else 404
                if span and code == 200:
                    first, last = (int(part) for part in span.removeprefix("bytes=").split("-"))
                    total, body, code = len(body), body[first : last + 1], 206
                self.send_response(code)
                if code == 206:
                    self.send_header("content-range", f"bytes {first}-{last}/{total}")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def file(self, name: str, *, sha256: str | None = None) -> DistributionFile:
        content = self.files.get(name, b"")
        return DistributionFile(
            filename=name,
            size_bytes=len(content),
            sha256=sha256 or hashlib.sha256(content).hexdigest(),
            url=f"http://127.0.0.1:{self.server.server_address[1]}/{name}",
        )


@contextmanager
def serving(files: Mapping[str, bytes], *, status: int = 200) -> Iterator[Index]:
    index = Index(files, status=status)
    thread = threading.Thread(target=index.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield index
    finally:
        index.server.shutdown()
        thread.join()
        index.server.server_close()


@pytest.mark.parametrize(
    ("filename", "key"),
    [
        (CP312, WheelKey("sample", "1.0", "glibc", "x86_64")),
        ("Big_Name.x-2-1-py3-none-musllinux_1_2_aarch64.whl", WheelKey("big-name-x", "2", "musl", "aarch64")),
        ("sample-1.0-py3-none-any.whl", WheelKey("sample", "1.0", "any", "any")),
        ("sample-1.0-py3-none-linux_x86_64.whl", WheelKey("sample", "1.0", "glibc", "x86_64")),
        ("sample-1.0-cp312-cp312-win_amd64.whl", None),
        ("sample-1.0-cp312-cp312-macosx_11_0_arm64.whl", None),
        ("sample-1.0-cp312-cp312-manylinux_2_28_mips.whl", None),
        ("sample-1.0.tar.gz", None),
        ("sample.whl", None),
    ],
)
def test_wheels_of_one_release_share_a_key(filename: str, key: WheelKey | None) -> None:
    assert WheelKey.of(filename) == key


def test_a_wheel_is_found_by_its_hash_whatever_its_name() -> None:
    found = facts(fact(CP312)).lookup(wheel("renamed-1.0-py3-none-any.whl"))
    assert found is not None
    assert (found.fact.filename, found.origin) == (CP312, FactOrigin.EMBEDDED)


def test_a_wheel_without_a_hash_is_found_by_its_name() -> None:
    found = facts(fact(CP312)).lookup(wheel(CP312, None))
    assert found is not None
    assert found.origin is FactOrigin.EMBEDDED


def test_the_same_name_with_another_hash_is_another_file() -> None:
    assert facts(fact(CP312)).lookup(wheel(CP312, "b")) is None


def test_another_python_minor_stands_in_and_is_said_to() -> None:
    found = facts(fact(CP312, hard=["libgomp.so.1"], glibc="2.27")).lookup(wheel(CP313, "b", size_bytes=11))
    assert found is not None
    assert (found.origin, found.inferred_from, found.size_inferred) == (FactOrigin.INFERRED, CP312, True)
    assert (found.fact.filename, found.fact.hard, found.fact.glibc) == (CP313, ("libgomp.so.1",), "2.27")
    assert (found.fact.size_bytes, found.fact.installed_bytes, found.fact.verified) == (11, 30, False)


def test_an_inferred_fact_keeps_the_size_that_is_known_of_the_wheel_itself() -> None:
    own = fact(CP313, "b", installed_bytes=99, inspected=False, verified=False)
    found = facts(fact(CP312), own).lookup(wheel(CP313, "b"))
    assert found is not None
    assert (found.fact.installed_bytes, found.size_inferred) == (99, False)


@pytest.mark.parametrize(
    "other",
    [
        "sample-1.1-cp312-cp312-manylinux_2_28_x86_64.whl",
        "sample-1.0-cp312-cp312-manylinux_2_28_aarch64.whl",
        "sample-1.0-cp312-cp312-musllinux_1_2_x86_64.whl",
        "sample-1.0-py3-none-any.whl",
        "other-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    ],
)
def test_another_release_library_or_architecture_never_stands_in(other: str) -> None:
    assert facts(fact(other)).lookup(wheel(CP313, "b")) is None


def test_the_same_platform_tag_stands_in_before_another() -> None:
    old = fact("sample-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", "c", hard=["libold.so.1"])
    found = facts(old, fact(CP312, hard=["libnew.so.1"])).lookup(wheel(CP313, "b"))
    assert found is not None
    assert found.fact.hard == ("libnew.so.1",)


def test_overrides_move_optional_sonames_out_of_hard() -> None:
    override = SonameOverride(
        package="sam*",
        soft=("libtbb.so.*",),
        reason="optional",
        evidence=Evidence(kind=EvidenceKind.DOCUMENTATION, date=TODAY),
    )
    known = WheelFacts(
        today=TODAY,
        table=[fact(CP312, hard=["libgomp.so.1", "libtbb.so.12"], soft=["libz.so.1"])],
        knowledge=Knowledge(overrides=(override,)),
    )
    for file in (wheel(CP312), wheel(CP313, "b")):
        found = known.lookup(file)
        assert found is not None
        assert (found.fact.hard, found.fact.soft) == (("libgomp.so.1",), ("libtbb.so.12", "libz.so.1"))


def test_an_unknown_wheel_is_fetched_inspected_and_kept(tmp_path: Path) -> None:
    with serving({CP312: make_wheel(CP312, MEMBERS)}) as index:
        first = facts(cache=tmp_path).collect([index.file(CP312)])
        again = facts(cache=tmp_path).collect([index.file(CP312)])
    found = first.found[CP312]
    assert (found.fact.hard, found.fact.verified, found.origin) == (
        ("libgomp.so.1",),
        True,
        FactOrigin.FETCHED,
    )
    assert found.fact.measured == TODAY
    assert again.found[CP312].origin is FactOrigin.CACHE
    assert again.found[CP312].fact == found.fact
    assert index.asked == [f"{CP312} whole"]


def test_one_python_minor_is_fetched_and_of_the_others_only_the_size(tmp_path: Path) -> None:
    content = {CP312: make_wheel(CP312, MEMBERS), CP313: make_wheel(CP313, {**MEMBERS, "more": bytes(999)})}
    with serving(content) as index:
        collected = facts(cache=tmp_path).collect([index.file(CP313), index.file(CP312)])
    assert sorted(index.asked) == [f"{CP312} whole", f"{CP313} range"]
    other = collected.found[CP313]
    assert (other.origin, other.inferred_from, other.fact.hard) == (
        FactOrigin.INFERRED,
        CP312,
        ("libgomp.so.1",),
    )
    with zipfile.ZipFile(io.BytesIO(content[CP313])) as archive:
        assert other.fact.installed_bytes == sum(member.file_size for member in archive.infolist())


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        (CP312, FetchLimits(whole_bytes=10)),
        (CP312, FetchLimits(total_bytes=10)),
        ("nvidia_cublas-13.0-py3-none-manylinux_2_28_x86_64.whl", FetchLimits()),
    ],
)
def test_large_wheels_and_the_cuda_libraries_are_read_by_range(
    name: str, limits: FetchLimits, tmp_path: Path
) -> None:
    content = make_wheel(name, {"nvidia/lib/libcublas.so.13": make_elf(soname="libcublas.so.13")})
    with serving({name: content}) as index:
        collected = facts(cache=tmp_path, limits=limits).collect([index.file(name)])
    found = collected.found[name]
    assert index.asked == [f"{name} range"]
    assert (found.origin, found.fact.inspected, found.fact.verified) == (FactOrigin.RANGE, False, False)
    assert found.fact.carries == ("libcublas.so.13",)
    assert found.fact.installed_bytes is not None


def test_offline_nothing_is_asked_for(tmp_path: Path) -> None:
    with serving({CP312: make_wheel(CP312, MEMBERS)}) as index:
        collected = facts(cache=tmp_path).collect([index.file(CP312)], offline=True)
    assert collected.found == {}
    assert index.asked == []


def test_a_file_that_is_not_the_pinned_one_is_ignored_and_said(tmp_path: Path) -> None:
    with serving({CP312: make_wheel(CP312, MEMBERS)}) as index:
        collected = facts(cache=tmp_path).collect([index.file(CP312, sha256="f" * 64)])
    assert collected.found == {}
    assert collected.problems == (f"`{CP312}` is not the file whose hash is pinned: its content was ignored",)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_index_that_refuses_is_a_sentence_and_no_fact(status: int, tmp_path: Path) -> None:
    with serving({CP312: b"x" * 100}, status=status) as index:
        collected = facts(cache=tmp_path).collect([index.file(CP312)])
    assert collected.found == {}
    assert collected.problems == (
        f"`{CP312}` could not be inspected: the index answers with status {status}",
    )


def test_a_file_that_is_no_wheel_is_a_sentence_and_no_fact(tmp_path: Path) -> None:
    with serving({CP312: b"<html>please log in</html>"}) as index:
        collected = facts(cache=tmp_path).collect([index.file(CP312)])
    assert collected.found == {}
    assert "could not be inspected" in collected.problems[0]


def test_an_unreachable_index_is_a_sentence_and_no_fact(tmp_path: Path) -> None:
    file = wheel(CP312, url=f"http://127.0.0.1:9/{CP312}")
    collected = facts(cache=tmp_path, client_factory=lambda: HttpClient(timeout_seconds=1)).collect([file])
    assert collected.found == {}
    assert len(collected.problems) == 1


def test_a_wheel_on_this_machine_is_read_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / CP312
    path.write_bytes(make_wheel(CP312, MEMBERS))
    file = DistributionFile(filename=CP312, url=path.as_uri())
    found = facts(cache=tmp_path / "cache").collect([file]).found[CP312]
    assert found.fact.hard == ("libgomp.so.1",)


@pytest.mark.parametrize(
    "url", ["file:///dev/zero", "file:///nowhere/x.whl", "http://[::1/x", "gopher://x/y"]
)
def test_an_address_that_leads_nowhere_is_a_sentence(url: str, tmp_path: Path) -> None:
    collected = facts(cache=tmp_path).collect([wheel(CP312, url=url)])
    assert collected.found == {}
    assert "could not be inspected" in collected.problems[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", msgspec.json.encode(fact(CP312, "b", hard=["libwrong.so.1"])), b"\xff\xfe"],
)
def test_a_damaged_or_foreign_cache_file_is_as_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 64}.json").write_bytes(content)
    assert facts(cache=tmp_path).lookup(wheel(CP312)) is None


def test_a_hash_with_a_path_in_it_is_never_looked_up(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(msgspec.json.encode(fact(CP312)))
    file = DistributionFile(filename=CP312, sha256="../secret", size_bytes=1)
    assert facts(cache=tmp_path / "wheels").lookup(file) is None


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with serving({CP312: make_wheel(CP312, MEMBERS)}) as index:
        collected = facts(cache=blocked).collect([index.file(CP312)])
    assert collected.found[CP312].fact.hard == ("libgomp.so.1",)
    assert "cannot be written" in collected.problems[0]


def test_the_embedded_table_knows_the_wheels_of_the_examples() -> None:
    names = {key.name for one in WheelTable.load().facts if (key := WheelKey.of(one.filename)) is not None}
    assert names >= {"lightgbm", "scikit-learn", "pandas", "torch", "opencv-python", "pyodbc", "pyarrow"}
    assert names >= {"opencv-python-headless", "psycopg-binary", "psycopg2-binary", "tokenizers", "numpy"}


def test_the_embedded_table_says_what_the_examples_need() -> None:
    needs = {
        (key.name, soname)
        for one in WheelTable.load().facts
        if (key := WheelKey.of(one.filename)) is not None and key.libc == "glibc"
        for soname in one.hard
    }
    assert ("lightgbm", "libgomp.so.1") in needs
    assert ("pyodbc", "libodbc.so.2") in needs
    for soname in ("libxcb.so.1", "libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0"):
        assert ("opencv-python", soname) in needs
        assert ("opencv-python-headless", soname) not in needs
    assert ("opencv-python", "libSM.so.6") not in needs
