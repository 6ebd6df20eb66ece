"""What stands between the HTTP library and the sockets: a total deadline, and addresses that must not be asked.

The library limits each read by itself, so a server that sends a byte a second would hold it for ever; and it
connects to whatever a name resolves to. Both are judged here, at the socket, where nothing can change afterwards.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from basewise._internal.addresses import Reach, reach_of
from basewise._internal.http_errors import HttpError

__all__ = ["Guard", "GuardedBackend"]

_READ_BYTES = 512 * 1024  # the library asks for 64 KiB; each turn through it costs as much as reading them


class Guard(threading.local):
    """What holds for the request that this thread is at."""

    deadline = math.inf
    most_reach: Reach = Reach.NEVER
    peer_reach: Reach | None = None

    @contextmanager
    def hold(self, deadline: float, most_reach: Reach) -> Iterator[None]:
        """Judge everything that this thread sends and reads within the block.

        Args:
            deadline: In seconds of `time.monotonic`.
            most_reach: How deep inside the addresses may lie.
        """
        before = self.deadline, self.most_reach
        self.deadline, self.most_reach, self.peer_reach = deadline, most_reach, None
        try:
            yield
        finally:
            self.deadline, self.most_reach = before

    def seconds(self, timeout: float | None) -> float:
        """Return how long one step may take."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise HttpError("the answer takes too long as a whole", kind="deadline")
        return left if timeout is None else min(timeout, left)

    def check(self, reach: Reach | None) -> None:
        """Refuse a peer that lies too deep."""
        self.peer_reach = reach
        if reach is not None and reach > self.most_reach:
            raise HttpError(
                "it leads to an address inside a private network, which must not be asked", kind="address"
            )


class GuardedBackend:
    """Connects as the library's own backend does, and judges the peer before a byte is sent."""

    def __init__(self, inner: Any, guard: Guard) -> None:  # noqa: ANN401 - the library's type, see http.py
        self._inner = inner
        self._guard = guard

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **more: object
    ) -> _GuardedStream:
        """Open a connection."""
        stream = self._inner.connect_tcp(host, port, timeout=self._guard.seconds(timeout), **more)
        guarded = _GuardedStream(stream, self._guard, _peer_reach(stream))
        try:
            guarded.check()
        except HttpError:
            stream.close()
            raise
        return guarded

    def connect_unix_socket(self, path: str, timeout: float | None = None, **more: object) -> _GuardedStream:
        """Open a connection to a socket of this machine, which only a user can name."""
        stream = self._inner.connect_unix_socket(path, timeout=self._guard.seconds(timeout), **more)
        return _GuardedStream(stream, self._guard, None)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._inner.sleep(seconds)


class _GuardedStream:
    """A connection; a kept one is judged again for each request that uses it."""

    def __init__(self, inner: Any, guard: Guard, reach: Reach | None) -> None:  # noqa: ANN401 - as above
        self._inner = inner
        self._guard = guard
        self._reach = reach

    def check(self) -> None:
        self._guard.check(self._reach)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        part: bytes = self._inner.read(max(max_bytes, _READ_BYTES), timeout=self._guard.seconds(timeout))
        return part

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.check()
        self._inner.write(buffer, timeout=self._guard.seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: object,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> _GuardedStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._guard.seconds(timeout))
        return _GuardedStream(stream, self._guard, self._reach)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as above
        return self._inner.get_extra_info(info)


def _peer_reach(stream: Any) -> Reach | None:  # noqa: ANN401 - as above
    try:
        return reach_of(stream.get_extra_info("server_addr")[0])
    except (OSError, ValueError, TypeError, IndexError):
        return Reach.NEVER  # what cannot be judged is not asked on a server's word
