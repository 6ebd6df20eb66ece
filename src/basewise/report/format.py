"""What a format is: a function from the answer to text."""

from __future__ import annotations

from typing import Protocol

from basewise.model.choice import Choice

__all__ = ["Format"]


class Format(Protocol):
    """Writes a choice as text that ends with a line end.

    `width` is in columns, None where nothing limits it; `color` allows escape sequences for style;
    `with_dockerfile` asks for the recommended Dockerfile in the text. A format may ignore them.
    """

    def __call__(self, choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
        """Return the text."""
