"""The HTTP client: the only module that knows the HTTP library.

Thin classes so that callers see bytes, status and plain errors, never the library's types. `HttpClient` follows
redirects and is for whole answers of a trusted index or archive; `HttpSession` sends one request at a time, gives
its body as a stream and judges where it connects, for servers that may be hostile.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from basewise._internal.addresses import Reach
from basewise._internal.http_errors import HttpError, HttpErrorKind
from basewise._internal.http_guard import Guard, GuardedBackend
from basewise._internal.proxies import Proxies
from basewise._internal.text import safe_text

__all__ = ["HttpClient", "HttpError", "HttpResponse", "HttpSession", "HttpStream", "safe_url"]

DEFAULT_TIMEOUT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 20.0
MAX_REDIRECTS = 5
USER_AGENT = "basewise/0.1"

# The library logs whole addresses, whose queries may be signed, and headers, in which servers may repeat secrets.
for _name in ("httpx2", "httpcore2"):
    if logging.getLogger(_name).level == logging.NOTSET:
        logging.getLogger(_name).setLevel(logging.WARNING)


class HttpResponse:
    """Status, lower-case headers and body of an answered request."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body


class HttpClient:
    """A client with caps on time, redirects and body size.

    Args:
        timeout_seconds: For connecting and for each read.
        transport: Another transport, for tests.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._client = httpx2.Client(
            timeout=timeout_seconds,
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            transport=transport,
            headers={"user-agent": USER_AGENT},
        )

    def get(self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Fetch `url` whole.

        Raises:
            HttpError: No answer, or a body over `max_bytes`. A status is no error here.
        """
        with self._stream(url, headers) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise HttpError(f"{safe_url(url)}: the answer is larger than {max_bytes} bytes")
            return HttpResponse(response.status_code, dict(response.headers), bytes(body))

    def get_range(self, url: str, first: int, last: int) -> HttpResponse:
        """Fetch bytes `first` to `last` (inclusive); the caller checks for status 206.

        Raises:
            HttpError: No answer, or more bytes than asked for.
        """
        wanted = last - first + 1
        headers = {"range": f"bytes={first}-{last}", "accept-encoding": "identity"}
        with self._stream(url, headers) as response:
            if response.status_code != httpx2.codes.PARTIAL_CONTENT:
                return HttpResponse(response.status_code, dict(response.headers), b"")
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > wanted:
                    raise HttpError(f"{safe_url(url)}: more bytes than the range asked for")
            return HttpResponse(response.status_code, dict(response.headers), bytes(body))

    @contextmanager
    def _stream(self, url: str, headers: Mapping[str, str] | None) -> Iterator[httpx2.Response]:
        try:
            with self._client.stream("GET", url, headers=dict(headers or {})) as response:
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise HttpError(f"{safe_url(url)}: {type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class HttpStream:
    """An answer whose body is still on its way; close it, or use it in a `with` block."""

    def __init__(
        self,
        response: httpx2.Response,
        *,
        guard: Guard,
        deadline: float,
        most_reach: Reach,
        via: str,
        on_bytes: Callable[[int], None],
    ) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.peer_reach = guard.peer_reach
        self.url = str(response.url)
        self._response = response
        self._parts = response.iter_raw()
        self._guard = guard
        self._deadline = deadline
        self._most_reach = most_reach
        self._via = via
        self._on_bytes = on_bytes
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes as soon as there are any; nothing only at the end.

        Raises:
            HttpError: The body does not come or is cut.
        """
        if not self._rest:
            with (
                _translated(self.url, self._deadline, self._via),
                self._guard.hold(self._deadline, self._most_reach),
            ):
                self._rest = next(self._parts, b"")
            self._on_bytes(len(self._rest))
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def read_all(self, max_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            HttpError: It is larger than `max_bytes`, does not come or is cut.
        """
        body = bytearray()
        while part := self.read(max_bytes + 1 - len(body)):
            body += part
            if len(body) > max_bytes:
                raise HttpError(
                    f"{safe_url(self.url)}: the answer is larger than {max_bytes} bytes", kind="size"
                )
        return bytes(body)

    def close(self) -> None:
        """End the request; what was not read is not fetched."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class HttpSession:
    """Sends single requests: no redirect is followed, no cookie kept, no credential added.

    May be used from several threads.

    Args:
        idle_seconds: How long a server may be silent.
        connect_seconds: How long connecting may take.
        ca_file: Certificates of authorities that are trusted besides the system's (or `SSL_CERT_FILE`'s).
        proxies: Whom to go through; the environment's when None.
        unix_socket: Connect to this socket, whatever the address says.
        on_bytes: Is told, from any thread, how many bytes of a body came.

    Raises:
        HttpError: The certificates or the proxies of the environment cannot be used.
    """

    def __init__(
        self,
        *,
        idle_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        connect_seconds: float = CONNECT_TIMEOUT_SECONDS,
        ca_file: Path | None = None,
        proxies: Proxies | None = None,
        unix_socket: str | None = None,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._on_bytes = on_bytes
        self._timeout = httpx2.Timeout(idle_seconds, connect=connect_seconds)
        self._context = None
        if unix_socket is None:
            variables = (os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
            self._context = _tls_context(ca_file, variables)
        environment = Proxies.from_environment(os.environ) if proxies is None else proxies
        self._proxies = environment if unix_socket is None else Proxies()
        self._unix_socket = unix_socket
        self._guard = Guard()
        self._clients: dict[str | None, httpx2.Client] = {}
        self._lock = Lock()

    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        total_seconds: float,
        body: bytes = b"",
        most_reach: Reach = Reach.NEVER,
    ) -> HttpStream:
        """Send a request and return when the head of the answer is there.

        Args:
            method: `GET`, `HEAD` or `POST`.
            url: `http` or `https`, without user and password.
            headers: All headers besides `Host` and `User-Agent`.
            total_seconds: For the whole answer, body included.
            body: To send.
            most_reach: How deep inside a network the peer may lie. A name asked for through a proxy is
                resolved there and cannot be judged.

        Raises:
            HttpError: No answer.
        """
        deadline = time.monotonic() + total_seconds
        try:
            proxy = self._proxies.for_url(url)
        except ValueError as error:
            raise HttpError(f"{safe_url(url)}: {error}", kind="url") from error
        via = urlsplit(proxy).netloc.rpartition("@")[2] if proxy else ""
        reach = Reach.NEVER if proxy else most_reach
        with _translated(url, deadline, via), self._guard.hold(deadline, reach):
            client = self._client(proxy)
            request = client.build_request(method, url, headers=dict(headers), content=body or None)
            if request.url.userinfo:
                raise HttpError(f"{safe_url(url)}: an address must not carry credentials", kind="url")
            response = client.send(request, stream=True)
            if proxy:
                self._guard.peer_reach = None
            return HttpStream(
                response,
                guard=self._guard,
                deadline=deadline,
                most_reach=reach,
                via=via,
                on_bytes=self._on_bytes,
            )

    def _client(self, proxy: str | None) -> httpx2.Client:
        with self._lock:
            if proxy not in self._clients:
                transport = httpx2.HTTPTransport(
                    verify=self._context if self._context is not None else True,
                    trust_env=False,
                    proxy=self._proxy(proxy),
                    uds=self._unix_socket,
                )
                _guard_transport(transport, self._guard)
                self._clients[proxy] = httpx2.Client(
                    transport=transport,
                    timeout=self._timeout,
                    trust_env=False,
                    follow_redirects=False,
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
                )
            return self._clients[proxy]

    def _proxy(self, address: str | None) -> httpx2.Proxy | None:
        if address is None:
            return None
        secure = address.startswith("https:")
        return httpx2.Proxy(address, ssl_context=self._context if secure else None)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _guard_transport(transport: httpx2.HTTPTransport, guard: Guard) -> None:
    """Put the guard before the sockets; the library takes a network backend only one layer below this one."""
    pool: Any = transport._pool  # noqa: SLF001 - see above
    pool._network_backend = GuardedBackend(pool._network_backend, guard)  # noqa: SLF001 - see above


@lru_cache(maxsize=8)  # reading the system's authorities costs 60 ms
def _tls_context(ca_file: Path | None, variables: tuple[str, str]) -> ssl.SSLContext:
    """Return a context; it depends on nothing but the file and the variables of the environment."""
    del variables
    try:
        context = httpx2.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        raise HttpError(
            f"the certificates that `SSL_CERT_FILE` names cannot be read: {error}", kind="tls"
        ) from error
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise HttpError(f"the certificates of `{ca_file}` cannot be read: {error}", kind="tls") from error
    return context


@contextmanager
def _translated(url: str, deadline: float, via: str) -> Iterator[None]:
    """Turn the library's errors into plain ones that say what was asked and through whom."""
    shown = f"{safe_url(url)} (via proxy {via})" if via else safe_url(url)
    try:
        yield
    except HttpError as error:
        raise HttpError(f"{shown}: {error}", kind=error.kind) from error
    except httpx2.TimeoutException as error:
        if time.monotonic() >= deadline:
            raise HttpError(f"{shown}: the answer takes too long as a whole", kind="deadline") from error
        raise HttpError(f"{shown}: no answer in time", kind="timeout") from error
    except (
        httpx2.HTTPError,
        httpx2.InvalidURL,
        httpx2.StreamError,
        ssl.SSLError,
        OSError,
        ValueError,
    ) as error:
        raise HttpError(
            f"{shown}: {safe_text(str(error) or type(error).__name__)}", kind=_kind(error)
        ) from error


def _kind(error: Exception) -> HttpErrorKind:
    if isinstance(error, httpx2.ProxyError):
        return "proxy"
    text = str(error)
    if isinstance(error, ssl.SSLError) or "SSL" in text or "CERTIFICATE" in text:
        return "tls"
    if isinstance(error, httpx2.ConnectError):
        return (
            "name" if "Name or service" in text or "getaddrinfo" in text or "nodename" in text else "connect"
        )
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | ValueError):
        return "url"
    return "cut"


def safe_url(url: str) -> str:
    """Return `url` without user, password and query."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return "a malformed address"
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))
