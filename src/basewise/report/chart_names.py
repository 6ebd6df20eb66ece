"""Short names of images for a picture: what they share is said once, and look-alikes share a label."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from basewise.report.chart import ChartPoint
from basewise.report.plain import plain_line

__all__ = ["group_name", "label_of_points", "look_alike", "shared_prefix"]

MAX_CHARACTERS = 44
_SAME_SIZE = math.log(1.5)
_NUMBERED = re.compile(r"\A(?P<before>\D*)(?P<number>\d+(?:\.\d+)*)(?P<after>.*)\Z", re.DOTALL)


def shared_prefix(images: Sequence[str]) -> str:
    """Return the repository with its colon when all images are of one, else ""."""
    repositories = {image.rpartition(":")[0] for image in images}
    repository = next(iter(repositories), "")
    return f"{repository}:" if len(repositories) == 1 and repository and len(images) > 1 else ""


def label_of_points(points: Sequence[ChartPoint]) -> tuple[str, ...]:
    """Return a label for each point; of look-alikes of about one size, the first that may be chosen speaks for all.

    The others have "". The recommended image has a label of its own.
    """
    prefix = shared_prefix([point.image for point in points])
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, point in enumerate(points):
        size = point.base_size.disk
        about = None if size is None else round(math.log(max(size, 1)) / _SAME_SIZE)
        key = (point.first, point.family, point.variant, look_alike(point.image, prefix), about)
        groups.setdefault(key, []).append(index)
    labels = [""] * len(points)
    for members in groups.values():
        speaker = min(members, key=lambda index: (bool(points[index].excluded), index))
        labels[speaker] = group_name([points[index].image for index in members], prefix)
    return tuple(labels)


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
