"""What a server demands with status 401: the `WWW-Authenticate` header.

Reference:
    RFC 9110, section 11.6.1; RFC 6750, section 3.
"""

from __future__ import annotations

import re

import msgspec

__all__ = ["Challenge", "read_challenges"]

MAX_HEADER_CHARACTERS = 16 * 1024
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the token of the grammar
_SCHEME = re.compile(rf"\s*,?\s*({_TOKEN})(?:\s+|$|(?=,))")
_PARAMETER = re.compile(rf'\s*,?\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))\s*(?=,|$)')


class Challenge(msgspec.Struct, frozen=True):
    """One way to prove who one is: the scheme in lower case, and its parameters by lower-case name."""

    scheme: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str:
        """Return a parameter, "" when it is not there."""
        return dict(self.parameters).get(name, "")


def read_challenges(header: str) -> tuple[Challenge, ...]:
    """Read the challenges of a header, in order; what does not parse ends the list."""
    text = header[:MAX_HEADER_CHARACTERS]
    found: list[Challenge] = []
    position = 0
    while scheme := _SCHEME.match(text, position):
        position = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(text, position):
            value = parameter[3] if parameter[2] is None else re.sub(r"\\(.)", r"\1", parameter[2])
            parameters.setdefault(parameter[1].lower(), value)
            position = parameter.end()
        found.append(Challenge(scheme[1].lower(), tuple(sorted(parameters.items()))))
    return tuple(found)
