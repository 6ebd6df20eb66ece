"""Reading control stanzas: `Packages`, `Release`, `status`.

Reference: deb822(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise.errors import ArchiveError

__all__ = ["MAX_STANZA_BYTES", "iterate_stanzas", "parse_stanza"]

MAX_STANZA_BYTES = 4 * 1024 * 1024
_BLANK_LINES = re.compile(rb"\n(?:[ \t]*\r?\n)+")
_FIELD = re.compile(rb"^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)


def iterate_stanzas(data: bytes, fields: frozenset[str] | None = None) -> Iterator[dict[str, str]]:
    """Yield the stanzas of a control file one by one.

    Args:
        data: The whole file.
        fields: Lower-case names of the fields to keep; None keeps all.

    Returns:
        Lower-case field names to values; the first of repeated fields wins, continuation lines stay
        joined by newlines.

    Raises:
        ArchiveError: A stanza is longer than `MAX_STANZA_BYTES`.
    """
    start = 0
    for blank in _BLANK_LINES.finditer(data):
        yield from _stanza_between(data, start, blank.start(), fields)
        start = blank.end()
    yield from _stanza_between(data, start, len(data), fields)


def parse_stanza(data: bytes, fields: frozenset[str] | None = None) -> dict[str, str]:
    """Return the fields of one stanza; see `iterate_stanzas`."""
    found: dict[str, str] = {}
    for match in _FIELD.finditer(data):
        name = match[1].decode("ascii").lower()
        if fields is None or name in fields:
            found.setdefault(name, match[2].decode("utf-8", "replace").rstrip())
    return found


def _stanza_between(
    data: bytes, start: int, end: int, fields: frozenset[str] | None
) -> Iterator[dict[str, str]]:
    if end - start > MAX_STANZA_BYTES:
        raise ArchiveError(
            f"a control stanza at byte {start} is {end - start} bytes long; at most {MAX_STANZA_BYTES} are read"
        )
    stanza = parse_stanza(data[start:end], fields)
    if stanza:
        yield stanza
