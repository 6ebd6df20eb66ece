"""Edits of a text: each says which characters it replaces, so everything else stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from basewise.errors import InvalidValueError

__all__ = ["Edit", "apply_edits", "line_end_of"]


class Edit(msgspec.Struct, frozen=True, order=True):
    """Replace the characters from `start` up to `end` by `text`; equal positions insert."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made; equal edits are made once.

    Raises:
        InvalidValueError: Two edits touch the same characters, or one lies outside of the text.
    """
    pieces: list[str] = []
    at = 0
    for edit in sorted(set(edits)):
        if not at <= edit.start <= edit.end <= len(text):
            raise InvalidValueError(
                f"edits at {edit.start} and before {at} touch the same characters",
                hint="make them one after the other",
            )
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    pieces.append(text[at:])
    return "".join(pieces)


def line_end_of(text: str) -> str:
    r"""Return the line end that a text uses: `\r\n` where its first line ends so, else `\n`."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
