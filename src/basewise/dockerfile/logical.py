"""Logical lines: continued lines joined into one, with the way back to the characters of the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

import msgspec

__all__ = ["LogicalLine", "content_of", "join_lines", "logical_line"]

_BYTE_ORDER_MARK = "\ufeff"
_ENDS = "\r\n"


class LogicalLine(msgspec.Struct, frozen=True):
    """Continued lines as one text.

    Args:
        text: The lines joined; comment lines and blank lines between them are left out.
        starts: Where each piece begins in `text`.
        places: Where it begins in the physical text.
        lines: How many physical lines it takes.
    """

    text: str
    starts: tuple[int, ...]
    places: tuple[int, ...]
    lines: int

    def place(self, index: int) -> int:
        """Return where a character of `text` stands in the physical text."""
        piece = max(bisect_right(self.starts, index) - 1, 0)
        return self.places[piece] + index - self.starts[piece]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of `text` begins and ends in the physical text."""
        return self.place(start), self.place(max(end - 1, start)) + (1 if end > start else 0)


def content_of(line: str) -> str:
    """Return a line without its end, outer white space and a byte order mark."""
    return line.lstrip(_BYTE_ORDER_MARK).strip()


def join_lines(lines: Iterable[str], escape: str) -> LogicalLine:
    """Join the lines of one instruction, as many as are continued.

    A line is continued when the escape character is its last one, spaces and tabs left aside, and does not
    follow another escape character.

    Reference:
        Docker's Dockerfile reference, "Format" and "escape"; BuildKit's parser for the doubled character.
    """
    pieces: list[str] = []
    starts: list[int] = []
    places: list[int] = []
    at = length = count = 0
    for line in lines:
        count += 1
        content = content_of(line)
        if not (pieces and (not content or content.startswith("#"))):
            body = line.rstrip(_ENDS)
            indent = 0
            if not pieces:
                indent = len(body) - len(body.lstrip(_BYTE_ORDER_MARK))
                body = body[indent:]
            continued = _is_continued(body, escape)
            piece = body.rstrip(" \t")[:-1] if continued else body
            pieces.append(piece)
            starts.append(length)
            places.append(at + indent)
            length += len(piece)
            if not continued:
                break
        at += len(line)
    return LogicalLine("".join(pieces), tuple(starts), tuple(places), count)


def logical_line(text: str, escape: str) -> LogicalLine:
    """Return the logical line that the text of an instruction begins with; here-documents may follow it."""
    return join_lines((found.group() for found in re.finditer(r"[^\n]*\n|[^\n]+\Z", text)), escape)


def _is_continued(body: str, escape: str) -> bool:
    bare = body.rstrip(" \t")
    return bare.endswith(escape) and not bare.endswith(escape * 2)
