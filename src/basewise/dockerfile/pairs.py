"""Names and values of ENV and LABEL, as far as a build could give them no other meaning.

Reference:
    Docker's Dockerfile reference, "ENV", "LABEL" and "Environment replacement".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import msgspec

from basewise.dockerfile.variables import expand

__all__ = ["Pair", "certain_text", "pairs_of"]

_BACKSLASH = "\\"
_WORD = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^ \t\r\n\"'\\])+", re.DOTALL)
_NAME = re.compile(r"\$\{?([A-Za-z_]\w*)")
_SPACES = re.compile(r"[ \t\r\n]*")


class Pair(msgspec.Struct, frozen=True):
    """A name, its value (None where only a build could tell it), and the value as it is written, with its quotes."""

    name: str
    value: str | None
    written: str = ""


def pairs_of(arguments: str, known: Mapping[str, str | None], escape: str = _BACKSLASH) -> tuple[Pair, ...]:
    """Return the pairs of an ENV or LABEL instruction, those before the first quote that never ends.

    Args:
        arguments: `NAME=value OTHER="a b"`, or the old form `NAME value with spaces`.
        known: Values of variables that the file itself sets for certain.
        escape: The escape character of the file.
    """
    first = _WORD.match(arguments)
    if first is None:
        return ()
    if "=" not in first.group():
        rest = arguments[first.end() :].strip()
        return (Pair(first.group(), _old_form(rest, known, escape), rest),) if rest else ()
    found = []
    word: re.Match[str] | None = first
    while word is not None:
        name, equals, value = word.group().partition("=")
        if not equals:
            break
        found.append(Pair(_plain(name) or "", _value(value, known, escape), value))
        spaces = _SPACES.match(arguments, word.end())
        word = _WORD.match(arguments, spaces.end() if spaces else word.end())
    return tuple(found)


def _old_form(text: str, known: Mapping[str, str | None], escape: str) -> str | None:
    whole = _WORD.fullmatch(text)
    if whole is not None:
        return _value(text, known, escape)
    return None if set("\"'\\`") & set(text) else certain_text(text, known)


def _value(text: str, known: Mapping[str, str | None], escape: str) -> str | None:
    if escape != _BACKSLASH and (escape in text or _BACKSLASH in text):
        return None
    plain = _plain(text)
    if plain is None or "$" not in text:
        return plain
    return None if "'" in text or _BACKSLASH in text else certain_text(plain, known)


def certain_text(text: str, known: Mapping[str, str | None]) -> str | None:
    """Return a text with the variables that are known; None where another one is in it, be it with a default."""
    if "$" not in text:
        return text
    return expand(text, known) if all(name in known for name in _NAME.findall(text)) else None


def _plain(text: str) -> str | None:
    try:
        return "".join(shlex.split(text)) if text else ""
    except ValueError:
        return None
