"""Fetching advisory data from real servers on loopback, faults included."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import socket
import zipfile
from datetime import date
from pathlib import Path

import pytest

from basewise._internal.http import HttpSession
from basewise._internal.proxies import Proxies
from basewise._internal.retry import RetryLimits
from basewise.advisories.download import Downloader, DownloadLimits, Fetched
from basewise.advisories.endpoints import RemoteFile
from basewise.advisories.publishers import Form
from basewise.advisories.stored_files import StoredFiles
from basewise.errors import OutputError, StoreError
from basewise.progress import SilentProgress
from basewise.testing.fake_http import Answer
from basewise.testing.publishers import PublisherServer
from basewise.testing.unprivileged import open_the_way, run_unprivileged

TODAY = date(2026, 11, 23)
LIMITS = DownloadLimits(
    file_bytes=100_000, idle_seconds=0.3, total_seconds=5, retry=RetryLimits(attempts=2, total_wait_seconds=1)
)
DOCUMENT = b'{"title": "a list"}' + b" " * 50_000


def zip_bytes() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("A-1.json", '{"id": "A-1"}')
    return file.getvalue()


def fetch(
    directory: Path,
    *addresses: str,
    form: Form = "json",
    today: date = TODAY,
    limits: DownloadLimits = LIMITS,
    accept: bool = True,
) -> tuple[Fetched, bytes]:
    """Fetch a file and take it for good; return it with its content."""
    files = StoredFiles(directory)
    waits: list[float] = []
    with HttpSession(proxies=Proxies(), idle_seconds=limits.idle_seconds) as session:
        downloader = Downloader(files, session, today=today, limits=limits, sleep=waits.append)
        fetched = downloader.fetch(RemoteFile(name="kev", form=form, addresses=addresses), SilentProgress())
    if accept:
        files.accept(fetched.file)
    return fetched, files.path_of(fetched.file).read_bytes()


def test_a_file_is_fetched_once_and_then_asked_for_only_if_it_changed(tmp_path: Path) -> None:
    with PublisherServer({"kev.json": DOCUMENT}) as server:
        first, content = fetch(tmp_path, f"{server.url}/kev.json")
        assert content == DOCUMENT
        assert (first.changed, first.received_bytes) == (True, len(DOCUMENT))
        assert first.file.as_of == "2026-11-20"
        assert first.notes == ()
        again, content = fetch(tmp_path, f"{server.url}/kev.json")
        assert content == DOCUMENT
        assert (again.changed, again.received_bytes) == (False, 0)
        assert server.seen[-1].headers["if-none-match"] == first.file.etag


def test_a_date_alone_is_asked_with_too(tmp_path: Path) -> None:
    changed = "Fri, 20 Nov 2026 00:00:00 GMT"
    with PublisherServer({}) as server:
        server.script("GET", Answer(body=DOCUMENT, headers={"Last-Modified": changed}), Answer(status=304))
        fetch(tmp_path, f"{server.url}/kev.json")
        again, content = fetch(tmp_path, f"{server.url}/kev.json")
        assert (again.changed, content) == (False, DOCUMENT)
        assert server.seen[-1].headers["if-modified-since"] == changed


def test_the_same_bytes_keep_the_day_on_which_they_first_came(tmp_path: Path) -> None:
    with PublisherServer({"kev.json": DOCUMENT}, validators=False) as server:
        fetch(tmp_path, f"{server.url}/kev.json", today=date(2026, 1, 1))
        again, _ = fetch(tmp_path, f"{server.url}/kev.json")
        assert again.received_bytes == len(DOCUMENT)
        assert again.changed is False
        assert again.file.as_of == "2026-01-01"
        server.files["kev.json"] += b" "
        changed, _ = fetch(tmp_path, f"{server.url}/kev.json")
        assert changed.changed is True
        assert changed.file.as_of == "2026-11-23"


def test_only_the_newest_file_of_a_source_is_kept(tmp_path: Path) -> None:
    with PublisherServer({"kev.json": DOCUMENT}) as server:
        fetch(tmp_path, f"{server.url}/kev.json")
        server.files["kev.json"] += b" "
        fetch(tmp_path, f"{server.url}/kev.json")
    assert len([path for path in tmp_path.iterdir() if path.suffix != ".json"]) == 1


def test_a_stored_file_that_was_altered_is_fetched_again(tmp_path: Path) -> None:
    with PublisherServer({"kev.json": DOCUMENT}) as server:
        first, _ = fetch(tmp_path, f"{server.url}/kev.json")
        StoredFiles(tmp_path).path_of(first.file).write_bytes(b"{}")
        again, content = fetch(tmp_path, f"{server.url}/kev.json")
        assert content == DOCUMENT
        assert again.changed is True
        assert "if-none-match" not in server.seen[-1].headers


def test_validators_of_one_mirror_are_not_shown_to_another(tmp_path: Path) -> None:
    with PublisherServer({"a": DOCUMENT, "b": DOCUMENT}) as server:
        fetch(tmp_path, f"{server.url}/a")
        other, _ = fetch(tmp_path, f"{server.url}/b")
        assert "if-none-match" not in server.seen[-1].headers
        assert other.changed is False


def test_a_file_that_was_not_accepted_is_not_the_stored_one(tmp_path: Path) -> None:
    with PublisherServer({"kev.json": DOCUMENT}) as server:
        fetched, _ = fetch(tmp_path, f"{server.url}/kev.json", accept=False)
        files = StoredFiles(tmp_path)
        assert files.get("kev") is None
        files.discard(fetched.file)
        assert list(tmp_path.iterdir()) == []


FAULTS: dict[str, tuple[Answer, Form]] = {
    "cut at the beginning": (Answer(body=DOCUMENT, cut_after=0), "json"),
    "cut in the middle": (Answer(body=DOCUMENT, cut_after=len(DOCUMENT) // 2), "json"),
    "cut at the end": (Answer(body=DOCUMENT, cut_after=len(DOCUMENT) - 1), "json"),
    "cut in a chunk": (Answer(body=DOCUMENT, chunked=True, cut_after=30_000), "json"),
    "silent": (Answer(body=DOCUMENT, stall_after=30_000), "json"),
    "missing": (Answer(status=404, body=b"not found"), "json"),
    "forbidden": (Answer(status=403, body=b"<html>"), "json"),
    "failing": (Answer(status=503), "json"),
    "not modified, without having been asked": (Answer(status=304), "json"),
    "a web page": (Answer(body=b"<!doctype html><title>Sign in</title>"), "json"),
    "a web page instead of a zip file": (Answer(body=b"<html>"), "zip"),
    "empty": (Answer(body=b""), "json"),
    "blank": (Answer(body=b"  \n"), "gzip"),
    "a zip file without its end": (Answer(body=zip_bytes()[:-30]), "zip"),
    "a web page instead of a gzip file": (Answer(body=b"<html>"), "gzip"),
    "too large": (Answer(body=b"{" + b" " * 100_000), "json"),
    "endless": (Answer(body=b"{}" * 4096, endless=True), "json"),
    "compressed without being asked": (
        Answer(body=gzip.compress(DOCUMENT), headers={"Content-Encoding": "gzip"}),
        "json",
    ),
    "of another sha-256": (
        Answer(body=DOCUMENT, headers={"Repr-Digest": f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"}),
        "json",
    ),
    "of another md5": (
        Answer(
            body=DOCUMENT,
            headers={"X-Goog-Hash": f"crc32c=AAAAAA==,md5={base64.b64encode(bytes(16)).decode()}"},
        ),
        "json",
    ),
    "a redirect to nowhere": (Answer(status=302, headers={"Location": "//"}), "json"),
    "a redirect to itself": (Answer(status=302, headers={"Location": "/kev.json"}), "json"),
    "a redirect to instance metadata": (
        Answer(status=302, headers={"Location": "http://169.254.169.254/latest"}),
        "json",
    ),
    "a redirect to a file": (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "json"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_not_the_file_leaves_the_one_before(fault: str, tmp_path: Path) -> None:
    answer, form = FAULTS[fault]
    with PublisherServer(
        {"kev.json": DOCUMENT, "kev.zip": zip_bytes(), "kev.gz": gzip.compress(b"x")}
    ) as server:
        name = {"json": "kev.json", "zip": "kev.zip", "gzip": "kev.gz"}[form]
        before = None
        if not fault.startswith("not modified"):
            before, content = fetch(tmp_path, f"{server.url}/{name}", form=form)
        server.script("GET", answer, times=-1)
        with pytest.raises(StoreError, match="cannot fetch kev") as caught:
            fetch(tmp_path, f"{server.url}/{name}", form=form)
    assert caught.value.exit_code == 4
    assert server.url in caught.value.message
    if before is not None:
        files = StoredFiles(tmp_path)
        kept = files.get("kev")
        assert kept == before.file
        assert files.path_of(kept).read_bytes() == content
        assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("fault", ["cut in the middle", "failing", "silent"])
def test_a_passing_fault_is_tried_again(fault: str, tmp_path: Path) -> None:
    with PublisherServer({"kev.json": DOCUMENT}) as server:
        server.script("GET", FAULTS[fault][0])
        assert fetch(tmp_path, f"{server.url}/kev.json")[1] == DOCUMENT


def test_the_next_mirror_is_asked_and_the_failure_of_the_first_is_told(tmp_path: Path) -> None:
    with PublisherServer({}) as broken, PublisherServer({"kev.json": DOCUMENT}) as mirror:
        fetched, content = fetch(tmp_path, f"{broken.url}/kev.json", f"{mirror.url}/kev.json")
    assert content == DOCUMENT
    assert fetched.file.address.startswith(mirror.url)
    assert f"{broken.url}/kev.json: status 404" in fetched.notes


def test_hashes_that_the_server_states_are_compared(tmp_path: Path) -> None:
    sha256 = base64.b64encode(hashlib.sha256(DOCUMENT).digest()).decode()
    md5 = base64.b64encode(hashlib.md5(DOCUMENT, usedforsecurity=False).digest()).decode()
    headers = {"Repr-Digest": f"sha-256=:{sha256}:", "X-Goog-Hash": f"crc32c=AAAAAA==,md5={md5}"}
    with PublisherServer({}) as server:
        server.script("GET", Answer(body=DOCUMENT, headers=headers))
        assert fetch(tmp_path, f"{server.url}/kev.json")[1] == DOCUMENT


def test_a_redirect_is_followed_without_secrets_in_what_is_said(tmp_path: Path) -> None:
    with PublisherServer({"there": DOCUMENT}) as server:
        server.script("GET /kev", Answer(status=307, headers={"Location": "/there?signature=canary"}))
        fetched, content = fetch(tmp_path, f"{server.url}/kev.json")
        assert content == DOCUMENT
        server.script("GET", Answer(status=404), times=-1)
        with pytest.raises(StoreError) as caught:
            fetch(tmp_path, f"{server.url}/kev.json?signature=canary")
    assert "canary" not in str(caught.value) + "".join(fetched.notes)


def test_a_server_of_another_day_is_told(tmp_path: Path) -> None:
    with PublisherServer({}) as server:
        server.script("GET", Answer(body=DOCUMENT, headers={"Date": "Mon, 23 Nov 2026 10:00:00 GMT"}))
        fetched, _ = fetch(tmp_path, f"{server.url}/kev.json")
    assert fetched.server_date == TODAY


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    open_the_way(tmp_path)
    directory = tmp_path / "closed"
    directory.mkdir(mode=0o555)
    with PublisherServer({"kev.json": DOCUMENT}) as server:

        def work() -> None:
            with pytest.raises(OutputError, match="cannot keep advisory data") as caught:
                fetch(directory, f"{server.url}/kev.json")
            assert "BASEWISE_CACHE_DIR" in caught.value.hint

        run_unprivileged(work)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives directories away"
)
def test_a_directory_of_another_user_is_neither_read_nor_written(tmp_path: Path) -> None:
    """Somebody could have put a file there, with the validator that the server will confirm."""
    directory = tmp_path / "foreign"
    with PublisherServer({"kev.json": DOCUMENT}) as server:
        first, _ = fetch(directory, f"{server.url}/kev.json")
        os.chown(directory, 12_345, 12_345)
        assert StoredFiles(directory).get(first.file.name) is None
        with pytest.raises(OutputError, match="it belongs to another user"):
            fetch(directory, f"{server.url}/kev.json")


def test_a_host_that_does_not_answer_is_not_waited_for_at_each_file(tmp_path: Path) -> None:
    files = StoredFiles(tmp_path)
    waits: list[float] = []
    with socket.socket() as listener, HttpSession(proxies=Proxies()) as session:
        listener.bind(("127.0.0.1", 0))  # and does not listen
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        downloader = Downloader(files, session, today=TODAY, sleep=waits.append)
        for number in range(20):
            remote = RemoteFile(name=f"nvd {number}", form="gzip", addresses=(f"http://{host}/{number}",))
            with pytest.raises(StoreError, match="cannot fetch nvd") as caught:
                downloader.fetch(remote, SilentProgress())
    assert f"`{host}` did not answer before" in caught.value.message
    assert len(waits) == 1
