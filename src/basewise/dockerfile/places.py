"""Where a name stands in a Dockerfile, and where a digest may be inserted after it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise.dockerfile.logical import logical_line
from basewise.dockerfile.model import Dockerfile, Part, Stage
from basewise.dockerfile.parse import stages

__all__ = ["argument_place", "digest_place"]

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)[^}]*\})")
_LAST_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})\Z")
_PAIR = re.compile(r"([A-Za-z_]\w*)(?:=((?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|[^\s\"'\\])*))?(?:\s+|\Z)")


def argument_place(part: Part, escape: str) -> tuple[int, int]:
    """Return where the first word of an instruction's arguments begins and ends in the file."""
    found = re.match(r"\S*", part.arguments)
    length = found.end() if found else 0
    start, end = logical_line(part.text, escape).span(part.arguments_at, part.arguments_at + length)
    return part.at + start, part.at + end


def digest_place(
    dockerfile: Dockerfile, stage: Stage, place: tuple[int, int], given: frozenset[str]
) -> tuple[int | None, str]:
    """Return where a digest may be inserted for the image of a stage, or why nowhere.

    After the name itself; where the name ends in a variable that nothing else uses, after the default of that ARG:
    a digest after a variable would win over every other value that a build gives.

    Args:
        dockerfile: The file.
        stage: The stage.
        place: Where its name begins and ends in the file.
        given: Names of arguments whose value a build gives.
    """
    closing = 1 if stage.base[-1:] in {'"', "'"} and len(stage.base) > 1 else 0
    bare = stage.base[: len(stage.base) - closing]
    if "$" not in bare:
        return place[1] - closing, ""
    found = _LAST_VARIABLE.search(bare)
    if found is None:
        return None, "its tag holds a variable: write the tag out, or put the whole of it into one ARG"
    name = found.group(1) or found.group(2)
    if name in given:
        return None, f"a build argument gives `{name}`"
    if _used_otherwise(dockerfile, stage, name):
        return (
            None,
            f"`{name}` is used elsewhere too: write the tag out, or give this image an ARG of its own",
        )
    at = _default_end(dockerfile, name, str(dockerfile))
    return at, "" if at is not None else f"`{name}` has no default"


def _used_otherwise(dockerfile: Dockerfile, stage: Stage, name: str) -> bool:
    """Tell whether a variable is part of anything but this very image name."""
    for other in stages(dockerfile):
        if other.base != stage.base and name in _names(other.base) | _names(other.platform or ""):
            return True
        for part in other.parts:
            if part.keyword == "ARG" and any(
                found.group(1) == name for found in _PAIR.finditer(part.arguments)
            ):
                return True
    return any(name in _names(value) for part in dockerfile.global_arguments for _, value, _ in _pairs(part))


def _default_end(dockerfile: Dockerfile, name: str, text: str) -> int | None:
    found = None
    for part in dockerfile.global_arguments:
        for candidate, value, end in _pairs(part):
            if candidate == name and value:
                line = logical_line(part.text, dockerfile.escape)
                last = part.at + line.place(part.arguments_at + end - 1) + 1
                found = last - 1 if text[last - 1] in "\"'" else last
    return found


def _pairs(part: Part) -> Iterator[tuple[str, str, int]]:
    """Yield name, value and end of each `NAME=value` of an ARG, in its arguments."""
    at = 0
    while (found := _PAIR.match(part.arguments, at)) is not None and found.end() > at:
        yield (
            found.group(1),
            found.group(2) or "",
            found.end(2) if found.group(2) is not None else found.end(1),
        )
        at = found.end()


def _names(text: str) -> set[str]:
    return {found.group(1) or found.group(2) for found in _VARIABLE.finditer(text)}
