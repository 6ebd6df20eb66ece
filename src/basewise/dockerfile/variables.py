"""Variables of a Dockerfile: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`, as ARG and ENV set them.

Reference:
    Docker's Dockerfile reference, "Environment replacement" and "Understand how ARG and FROM interact".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from basewise.dockerfile.model import Part

__all__ = ["argument_defaults", "expand", "unquoted"]

_VARIABLE = re.compile(
    r"\\(?P<escaped>.)|\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-+])(?P<word>[^{}]*))?\})"
)
MAX_EXPANDED_CHARACTERS = 4096


def expand(text: str, variables: Mapping[str, str | None]) -> str | None:
    """Replace the variables of a text.

    Args:
        text: For example `python:${VERSION}-slim`.
        variables: Values; None for a name that is declared without a default.

    Returns:
        The text, or None where a variable has no value, or a form is used that only a build can tell.
    """
    unresolved = False

    def value(found: re.Match[str]) -> str:
        nonlocal unresolved
        if found["escaped"] is not None:
            return str(found["escaped"])
        name, operator, word = found["bare"] or found["name"], found["operator"], found["word"] or ""
        known = variables.get(name)
        is_set = bool(known) if operator and operator.startswith(":") else known is not None
        if operator and operator.endswith("+"):
            return word if is_set else ""
        if is_set:
            return known or ""
        if operator:
            return word
        unresolved = True
        return ""

    plain = _VARIABLE.sub("", text)
    if "$" in plain:
        return None
    expanded = _VARIABLE.sub(value, text)
    return None if unresolved or len(expanded) > MAX_EXPANDED_CHARACTERS or "$" in expanded else expanded


def unquoted(text: str) -> str:
    """Return a word without the quotes around it."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def argument_defaults(
    parts: Iterable[Part],
    known: Mapping[str, str | None] | None = None,
    *,
    given: Mapping[str, str | None] | None = None,
) -> dict[str, str | None]:
    """Return the values that ARG and ENV instructions give, in order.

    Args:
        parts: Instructions; others than ARG and ENV are passed over.
        known: Values from before (arguments above the first FROM), which a bare `ARG NAME` takes over.
        given: Values that a build gives, which win over the defaults of ARG.
    """
    scope = dict(known or {})
    values: dict[str, str | None] = {}
    for part in parts:
        if part.keyword not in ("ARG", "ENV"):
            continue
        for name, text in _assignments(part):
            value = None if text is None else expand(text, {**scope, **values})
            values[name] = scope.get(name) if text is None else value
            if given and part.keyword == "ARG" and given.get(name) is not None:
                values[name] = given[name]
    return values


def _assignments(part: Part) -> list[tuple[str, str | None]]:
    try:
        words = shlex.split(part.arguments)
    except ValueError:
        return []
    if part.keyword == "ENV" and words and "=" not in words[0]:
        return [(words[0], " ".join(words[1:]))]
    pairs = (word.partition("=") for word in words)
    return [(name, value if separator else None) for name, separator, value in pairs]
