"""How much was fetched: reported to the user, and asserted by tests."""

from __future__ import annotations

from threading import Lock

__all__ = ["Transfer"]


class Transfer:
    """Counts what is fetched, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.bytes_fetched = 0
        self.requests = 0

    def add(self, count: int) -> None:
        """Count bytes of a body."""
        with self._lock:
            self.bytes_fetched += count

    def add_request(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1
