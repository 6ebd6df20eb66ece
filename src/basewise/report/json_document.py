"""JSON documents, which are contracts: the same bytes for the same result, in ASCII."""

from __future__ import annotations

import re

import msgspec

from basewise.model.choice import Choice

__all__ = ["encode_json", "render_document", "render_json"]

_BEYOND_PRINTABLE = re.compile("[^\n -~]")
_SURROGATE_OFFSET = 0x10000
_DELETE = b"\x7f"  # the only character of ASCII beyond the printable ones that JSON does not escape


def render_json(choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
    """Return the document of an answer, `basewise.choose/1`; width, color and Dockerfile change nothing."""
    del width, color, with_dockerfile
    return encode_json(choice).decode("ascii")


def render_document(result: object, *, width: int, color: bool) -> str:
    """Return the document of a result with a line end; width and color change nothing."""
    del width, color
    return encode_json(result).decode("ascii")


def encode_json(value: object) -> bytes:
    """Return a value as indented JSON.

    Everything outside printable ASCII is escaped, so that the text is safe on a terminal and in any
    encoding; a lone surrogate becomes its escape too.
    """
    try:
        compact = msgspec.json.encode(value)
    except UnicodeEncodeError:
        compact = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(value)))
    indented = msgspec.json.format(compact, indent=2)
    del compact
    if indented.isascii() and _DELETE not in indented:
        return indented + b"\n"
    return (_BEYOND_PRINTABLE.sub(_escape, indented.decode()) + "\n").encode("ascii")


def _escape(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point < _SURROGATE_OFFSET:
        return f"\\u{point:04x}"
    high, low = divmod(point - _SURROGATE_OFFSET, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _without_surrogates(value: object) -> object:
    """Replace what UTF-8 cannot carry by its escape, as text."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(each) for each in value]
    return value
