"""How slow work tells that it goes on: a protocol, and the silent implementation.

Operations call `step` at the beginning of each slow part; the command line shows it on stderr.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "SilentProgress"]


class Progress(Protocol):
    """Receives the beginning of each slow part and sentences worth reading."""

    def step(self, what: str) -> None:
        """Say that a slow part begins, for example `resolving for Python 3.12`."""

    def note(self, sentence: str) -> None:
        """Say something that a user would want to know but that is no result."""


class SilentProgress:
    """Says nothing: the default of the library."""

    def step(self, what: str) -> None:
        """Ignore the step."""

    def note(self, sentence: str) -> None:
        """Ignore the note."""
