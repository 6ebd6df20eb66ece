"""A web server on the loopback interface whose every answer can be scripted, faults included.

It speaks raw HTTP/1.1, so that it can lie about lengths, cut a body, send it byte by byte or never end it. It
listens on 127.0.0.1 alone and ends with its `with` block.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import msgspec

__all__ = ["Answer", "ScriptedServer", "Seen"]

_PIECE_BYTES = 64 * 1024
_MAX_REQUEST_BYTES = 1024 * 1024


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer, and how to get it wrong.

    Args:
        status: HTTP status.
        headers: Besides `Content-Length`, which follows from the body unless stated here.
        body: What is sent.
        chunked: Send no `Content-Length` but chunks.
        cut_after: Close the connection after this many bytes of the body.
        stall_after: Be silent after this many bytes until the server ends.
        bytes_per_second: Send the body one byte at a time at this pace.
        endless: Repeat the body until nobody listens.
        delay_head: Send the head one byte at a time with this many seconds between.
    """

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    chunked: bool = False
    cut_after: int | None = None
    stall_after: int | None = None
    bytes_per_second: float = 0.0
    endless: bool = False
    delay_head: float = 0.0


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A request that came in; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        """The credentials that came with it."""
        return self.headers.get("authorization", "")


class ScriptedServer:
    """A server that answers from a script first and by itself otherwise; use it in a `with` block.

    Args:
        tls: Speak TLS with this context.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._script: list[tuple[re.Pattern[str], Answer, int]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._tls = tls is not None
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"scripted": self}))
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """Address and port, as a reference names a registry."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Address with the scheme."""
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def script(self, pattern: str, *answers: Answer, times: int = 1) -> None:
        """Answer requests with these answers, one after the other, before answering as usual again.

        Args:
            pattern: Regular expression that is searched in `METHOD path`, for example `GET .*/blobs/`.
            answers: One a request.
            times: How often each is given; -1 for ever.
        """
        with self._lock:
            self._script += [(re.compile(pattern), answer, times) for answer in answers]

    def seen_paths(self, pattern: str = "") -> list[str]:
        """Return `METHOD path` of the requests that match."""
        lines = [f"{one.method} {one.path}" for one in list(self.seen)]
        return [line for line in lines if re.search(pattern, line)]

    def answer(self, request: Seen) -> Answer:
        """Answer a request that no script is for."""
        del request
        return Answer(status=404, headers={"Content-Type": "text/plain"}, body=b"not found")

    def _handle(self, request: Seen) -> Answer:
        with self._lock:
            self.seen.append(request)
            line = f"{request.method} {request.path}"
            for number, (pattern, answer, times) in enumerate(self._script):
                if pattern.search(line):
                    if times == 1:
                        del self._script[number]
                    elif times > 1:
                        self._script[number] = (pattern, answer, times - 1)
                    return answer
        return self.answer(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that go away are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    scripted: ScriptedServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _MAX_REQUEST_BYTES)
        request = Seen(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )
        answer = self.scripted._handle(request)  # noqa: SLF001 - the two are one thing
        self.close_connection = self.close_connection or answer.cut_after is not None
        with suppress(OSError, ssl.SSLError):
            self._send_head(answer)
            if self.command != "HEAD":
                self._send_body(answer)

    do_HEAD = do_GET  # noqa: N815 - the base class names it
    do_POST = do_GET  # noqa: N815 - as above
    do_CONNECT = do_GET  # noqa: N815 - as above

    def _send_head(self, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} Scripted"]
        names = {name.lower() for name in answer.headers}
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif answer.endless:
            self.close_connection = True
            lines.append("Connection: close")
        elif "content-length" not in names:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if not answer.delay_head:
            self.wfile.write(head)
            return
        for byte in head:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.scripted._ended.wait(answer.delay_head):  # noqa: SLF001 - as above
                return

    def _send_body(self, answer: Answer) -> None:
        sent = 0
        for piece in _pieces(answer):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.chunked else piece)
            self.wfile.flush()
            sent += len(piece)
            if answer.stall_after is not None and sent >= answer.stall_after:
                self.scripted._ended.wait()  # noqa: SLF001 - as above
                return
            pause = 1 / answer.bytes_per_second if answer.bytes_per_second else 0
            if pause and self.scripted._ended.wait(pause):  # noqa: SLF001 - as above
                return
        if answer.chunked and answer.cut_after is None:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


def _pieces(answer: Answer) -> Iterator[bytes]:
    body = answer.body
    limits = [limit for limit in (answer.cut_after, answer.stall_after) if limit is not None]
    if limits:
        body = body[: min(limits)]
    size = 1 if answer.bytes_per_second else _PIECE_BYTES
    while True:
        yield from (body[start : start + size] for start in range(0, len(body), size))
        if not answer.endless:
            return
