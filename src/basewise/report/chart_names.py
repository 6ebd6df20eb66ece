"""Short names of images for a picture: what they share is said once, and look-alikes share a label."""

from __future__ import annotations

import re
from collections.abc import Sequence

from basewise.report.plain import plain_line

__all__ = ["group_name", "look_alike", "shared_prefix", "short_name"]

MAX_CHARACTERS = 44
_NUMBERED = re.compile(r"\A(?P<before>\D*)(?P<number>\d+(?:\.\d+)*)(?P<after>.*)\Z", re.DOTALL)


def shared_prefix(images: Sequence[str]) -> str:
    """Return the repository with its colon when all images are of one, else ""."""
    repositories = {image.rpartition(":")[0] for image in images}
    repository = next(iter(repositories), "")
    return f"{repository}:" if len(repositories) == 1 and repository and len(images) > 1 else ""


def short_name(image: str, prefix: str) -> str:
    """Return a name without the prefix, on one line and cut to a length that can be drawn."""
    return plain_line(image.removeprefix(prefix), limit=MAX_CHARACTERS)


def look_alike(image: str, prefix: str) -> tuple[str, str]:
    """Return what is before and after the first number of a name: equal for images that differ in it alone."""
    before, _, after = _split(image, prefix)
    return before, after


def group_name(images: Sequence[str], prefix: str) -> str:
    """Return one label for look-alikes: `3.11-slim`, or `3.11\N{EN DASH}3.14-slim` for several."""
    split = [_split(image, prefix) for image in images]
    before, _, after = split[0]
    ordered = sorted({number for _, number, _ in split}, key=_order)
    middle = ordered[0] if len(ordered) == 1 else f"{ordered[0]}\N{EN DASH}{ordered[-1]}"
    return plain_line(f"{before}{middle}{after}", limit=MAX_CHARACTERS)


def _split(image: str, prefix: str) -> tuple[str, str, str]:
    name = image.removeprefix(prefix)[: MAX_CHARACTERS * 4]
    found = _NUMBERED.match(name)
    return (found["before"], found["number"], found["after"]) if found else (name, "", "")


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split(".") if part.isdecimal())
