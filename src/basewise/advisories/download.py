"""Fetching files of publishers: conditionally, from several mirrors, bounded, and checked before they count.

Reference:
    RFC 9110, sections 13 (conditional requests) and 15.4 (redirects); RFC 9530 (digest fields).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import date
from email.utils import parsedate_to_datetime
from typing import IO
from urllib.parse import urlsplit

import msgspec

from basewise._internal.http import HttpSession, HttpStream, safe_url
from basewise._internal.http_errors import HttpError
from basewise._internal.redirects import HopRules, follow
from basewise._internal.retry import Backoff, RetryLimits, retry_after_seconds
from basewise._internal.text import format_bytes, safe_text
from basewise.advisories.arrived import problem_of_form, stated_hashes
from basewise.advisories.endpoints import RemoteFile
from basewise.advisories.stored_files import StoredFile, StoredFiles
from basewise.errors import StoreError
from basewise.progress import Progress

__all__ = ["DownloadLimits", "Downloader", "Fetched", "NotPublishedError"]

_CHUNK_BYTES = 256 * 1024
_SAID_EVERY_BYTES = 10_000_000
_NOT_MODIFIED, _OK = 304, 200
_MISSING = frozenset({404, 410})
_UNREACHABLE = frozenset({"connect", "name", "timeout"})
"""Kinds of failure that every further file of a host would meet, after as long a wait."""

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class DownloadLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What fetching may cost.

    Args:
        file_bytes: One file, as it is sent.
        page_bytes: An index page.
        redirects: Hops of one request.
        idle_seconds: How long a server may be silent.
        connect_seconds: How long connecting may take.
        total_seconds: For one whole file.
        retry: Attempts and waits for one file at one address.
    """

    file_bytes: int = 1024**3
    page_bytes: int = 1024**2
    redirects: int = 5
    idle_seconds: float = 60.0
    connect_seconds: float = 20.0
    total_seconds: float = 3600.0
    retry: RetryLimits = RetryLimits(attempts=4, total_wait_seconds=60.0)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is here now.

    Args:
        file: What it is; its path is known to the `StoredFiles` that it was fetched into.
        changed: Its bytes are others than those of the good file before.
        received_bytes: How much came over the wire.
        notes: Mirrors that failed before.
        server_date: The date that the server has, None when it said none.
    """

    file: StoredFile
    changed: bool
    received_bytes: int
    notes: tuple[str, ...] = ()
    server_date: date | None = None


class NotPublishedError(StoreError):
    """Every address says that it does not have the file."""


class _RefusedError(Exception):
    """An address does not give the file; the message says why."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class Downloader:
    """Fetches files into a directory; may be used from several threads.

    Args:
        files: Where they are kept.
        session: Sends the requests.
        today: The clock's date.
        limits: What it may cost.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        files: StoredFiles,
        session: HttpSession,
        *,
        today: date,
        limits: DownloadLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._files = files
        self._session = session
        self._today = today
        self._limits = limits or DownloadLimits()
        self._sleep = sleep
        self._silent: set[str] = set()

    def fetch(self, remote: RemoteFile, progress: Progress) -> Fetched:
        """Return a file, fetched from the first address that gives it, or the stored one where nothing changed.

        Args:
            remote: The file.
            progress: Told of it.

        Raises:
            NotPublishedError: No address has it.
            StoreError: No address gives it; each is named with its reason.
            OutputError: It cannot be written.
        """
        stored = self._files.get(remote.name)
        failures: list[str] = []
        missing = True
        for address in remote.addresses:
            try:
                fetched = self._from(address, remote, stored, progress)
            except (HttpError, _RefusedError) as error:
                missing = missing and isinstance(error, _RefusedError) and error.missing
                said = safe_text(str(error))
                failures.append(said if safe_url(address) in said else f"{safe_url(address)}: {said}")
                continue
            return msgspec.structs.replace(fetched, notes=tuple(failures))
        kind = NotPublishedError if missing else StoreError
        raise kind(
            f"cannot fetch {remote.name}: {'; '.join(failures)}",
            hint="check the connection, or name a mirror with `--source`",
        )

    def stored(self, remote: RemoteFile) -> StoredFile | None:
        """Return the good file that is stored, None when there is none."""
        return self._files.get(remote.name)

    def page(self, address: str) -> bytes:
        """Return a page of a publisher.

        Raises:
            HttpError: It does not come.
        """
        with self._open(address, {}) as stream:
            if stream.status != _OK:
                raise HttpError(f"{safe_url(address)}: status {stream.status}")
            return stream.read_all(self._limits.page_bytes)

    def _from(
        self, address: str, remote: RemoteFile, stored: StoredFile | None, progress: Progress
    ) -> Fetched:
        """Return the file from one address, trying again where that may help."""
        backoff = Backoff(self._limits.retry, sleep=self._sleep)
        while True:
            asked: float | None = None
            try:
                with self._answer(address, _validators(stored, address), backoff) as stream:
                    if stream.status not in _PASSING:
                        return self._received(stream, address, remote, stored, progress)
                    asked = retry_after_seconds(stream.headers.get("retry-after"))
                    problem: Exception = _RefusedError(f"{safe_url(address)}: status {stream.status}")
            except HttpError as error:
                if not error.passing:
                    raise
                problem = error
            if not backoff.wait(asked):
                raise problem

    def _answer(self, address: str, headers: Mapping[str, str], backoff: Backoff) -> HttpStream:
        """Return the head of an answer; a host that twice gave none is not waited for again."""
        host = urlsplit(address).netloc
        if host in self._silent:
            raise _RefusedError(f"{safe_url(address)}: `{host}` did not answer before")
        try:
            return self._open(address, headers)
        except HttpError as error:
            if error.kind in _UNREACHABLE and (error.kind == "name" or backoff.failures):
                self._silent.add(host)
                raise _RefusedError(str(error)) from error
            raise

    def _open(self, address: str, headers: Mapping[str, str]) -> HttpStream:
        rules = HopRules(most_reach=None, insecure_hosts=frozenset(), max_redirects=self._limits.redirects)
        stream, _ = follow(
            self._session,
            "GET",
            address,
            headers={"accept": "*/*", **headers},
            total_seconds=self._limits.total_seconds,
            rules=rules,
        )
        return stream

    def _received(
        self,
        stream: HttpStream,
        address: str,
        remote: RemoteFile,
        stored: StoredFile | None,
        progress: Progress,
    ) -> Fetched:
        """Read an answer that is final."""
        server_date = _http_date(stream.headers.get("date", ""))
        if stream.status == _NOT_MODIFIED and stored is not None:
            return Fetched(file=stored, changed=False, received_bytes=0, server_date=server_date)
        if stream.status != _OK:
            missing = stream.status in _MISSING
            raise _RefusedError(f"{safe_url(address)}: status {stream.status}", missing=missing)
        if stream.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise _RefusedError(f"{safe_url(address)}: an answer in an encoding that was not asked for")
        with self._files.writing() as (file, written):
            size, sha256 = self._write(stream, file, address, remote, progress)
            got = StoredFile(
                name=remote.name,
                address=address,
                sha256=sha256,
                size_bytes=size,
                first_seen=self._today.isoformat(),
                etag=_header(stream, "etag"),
                last_modified=_header(stream, "last-modified"),
            )
            changed = stored is None or stored.sha256 != sha256
            if stored is not None and not changed:
                got = msgspec.structs.replace(got, first_seen=stored.first_seen)
            self._files.take(written, got)
        return Fetched(file=got, changed=changed, received_bytes=size, server_date=server_date)

    def _write(
        self, stream: HttpStream, file: IO[bytes], address: str, remote: RemoteFile, progress: Progress
    ) -> tuple[int, str]:
        """Write the body, and refuse what is not whole or of another form; return its size and SHA-256."""
        stated = stated_hashes(stream.headers)
        hashes = {name: hashlib.new(name, usedforsecurity=False) for name in {"sha256", *stated}}
        size, said = 0, 0
        progress.step(f"fetching {remote.name}")
        while part := stream.read(_CHUNK_BYTES):
            size += len(part)
            if size > self._limits.file_bytes:
                raise _RefusedError(f"{safe_url(address)}: larger than {self._limits.file_bytes} bytes")
            for hashed in hashes.values():
                hashed.update(part)
            file.write(part)
            if size - said >= _SAID_EVERY_BYTES:
                said = size
                progress.step(f"fetching {remote.name}: {format_bytes(size)}")
        file.flush()
        for name, expected in stated.items():
            if hashes[name].digest() != expected:
                raise _RefusedError(
                    f"{safe_url(address)}: its bytes have another {name} than the server says"
                )
        problem = problem_of_form(file, remote.form)
        if problem:
            raise _RefusedError(f"{safe_url(address)}: {problem}")
        return size, hashes["sha256"].hexdigest()


def _validators(stored: StoredFile | None, address: str) -> dict[str, str]:
    """Return the headers that ask for a file only where it changed."""
    if stored is None or stored.address != address:
        return {}
    if stored.etag:
        return {"if-none-match": stored.etag}
    return {"if-modified-since": stored.last_modified} if stored.last_modified else {}


def _header(stream: HttpStream, name: str) -> str:
    """Return a header that will be sent back one day; one of an odd form is as good as none."""
    value = stream.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 200 else ""  # noqa: PLR2004 - far longer than any


def _http_date(text: str) -> date | None:
    try:
        return parsedate_to_datetime(text).date()
    except ValueError:
        return None
