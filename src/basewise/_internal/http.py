"""The HTTP client: the only module that knows the HTTP library.

One thin class so that callers see bytes, status and plain errors, never the library's types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import httpx2

__all__ = ["HttpClient", "HttpError", "HttpResponse"]

DEFAULT_TIMEOUT_SECONDS = 60.0
MAX_REDIRECTS = 5


class HttpError(Exception):
    """A request failed; the message names no credentials."""


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
            headers={"user-agent": "basewise/0.1"},
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


def safe_url(url: str) -> str:
    """Return `url` without user, password and query."""
    parsed = httpx2.URL(url)
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))
