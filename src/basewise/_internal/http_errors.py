"""What can go wrong with a request, without the HTTP library: raising and catching it costs no start-up time."""

from __future__ import annotations

from typing import Literal

__all__ = ["HttpError", "HttpErrorKind"]

HttpErrorKind = Literal[
    "other",
    "connect",
    "name",
    "tls",
    "proxy",
    "timeout",
    "deadline",
    "cut",
    "size",
    "address",
    "url",
    "redirects",
]


class HttpError(Exception):
    """A request failed; the message names no credentials.

    Args:
        message: What happened, with the address where that helps.
        kind: `connect` (nobody answers), `name` (no such host), `tls`, `proxy`, `timeout` (silence), `deadline`
            (too slow as a whole), `cut` (the answer ends early or is no HTTP), `size`, `address` (a place that must
            not be asked), `url`, `redirects` (too many).
    """

    def __init__(self, message: str, *, kind: HttpErrorKind = "other") -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def passing(self) -> bool:
        """The same request may succeed a moment later."""
        return self.kind in {"connect", "timeout", "cut"}
