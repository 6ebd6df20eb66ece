"""Which images `compare` looks at: names and patterns over the catalogue, and whatever else can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from basewise._internal.parallel import map_in_threads
from basewise.candidates.catalogue import Catalogue
from basewise.errors import BasewiseError, ImageError, InvalidValueError, UsageError
from basewise.model.base_image import BaseImage
from basewise.model.inventory import Inventory
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.operations.measured_image import measured_image, name_of_image
from basewise.operations.read_image import ImageAccess, read_image
from basewise.progress import Progress

__all__ = ["MAX_IMAGES", "FailedImage", "FoundImage", "find_images", "is_pattern"]

MAX_IMAGES = 50
AT_A_TIME = 2
_PATTERN = frozenset("*?[")


class FoundImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image to compare.

    Args:
        name: What it is called in the answer.
        base: Its facts as those of a base image; None where it can be none (no Python, no C library).
        unfit: Why it can be none.
        publisher_known: Something says what a FROM line calls it, and so who publishes it.
        inventory: What was read of it; None for an image of the catalogue.
    """

    name: str
    base: BaseImage | None
    unfit: str = ""
    publisher_known: bool = True
    inventory: Inventory | None = None


class FailedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that could not be had, and why."""

    name: str
    why: str


def is_pattern(text: str) -> bool:
    """Tell whether a text is a pattern over the names of the catalogue."""
    return not _PATTERN.isdisjoint(text) and not _is_local(text)


def find_images(
    texts: Sequence[str],
    catalogue: Catalogue | None,
    *,
    baseline: str | None,
    whole_catalogue: bool,
    platform: Platform | None,
    access: ImageAccess,
    now: datetime,
    progress: Progress,
) -> tuple[FoundImage | FailedImage, ...]:
    """Find what the texts name, in their order, each image once.

    Args:
        texts: Names, patterns, paths.
        catalogue: The images that are known; None where none is known for the platform.
        baseline: An image that comes before all others.
        whole_catalogue: All of the catalogue's images, before those that are named.
        platform: Which image of several, where one is read.
        access: How an image that the catalogue does not have may be had.
        now: The clock.
        progress: Told of slow parts.

    Raises:
        UsageError: A pattern matches nothing, too many images are named, or the baseline is several.
    """
    known = catalogue.images if catalogue is not None else ()
    wanted: dict[str, BaseImage | None] = dict(_named(baseline, catalogue)) if baseline is not None else {}
    if len(wanted) > 1:
        raise UsageError(
            f"the baseline `{(baseline or '')[:80]}` matches {len(wanted)} images", hint="name one of them"
        )
    if whole_catalogue:
        wanted |= {image.name: image for image in known}
    for text in texts:
        for name, image in _named(text, catalogue):
            wanted.setdefault(name, image)
    if not whole_catalogue and len(wanted) > MAX_IMAGES:
        raise UsageError(
            f"{len(wanted)} images are named, and at most {MAX_IMAGES} can be compared",
            hint="name fewer, or compare the whole catalogue with `--catalogue`",
        )

    def find(item: tuple[int, str, BaseImage | None]) -> FoundImage | FailedImage:
        index, name, image = item
        if image is not None:
            return FoundImage(name=name, base=image)
        try:
            inventory = read_image(name, platform=platform, access=access, progress=progress)
        except (ImageError, UsageError) as error:
            return FailedImage(name=name, why=f"{error.message}" + (f" ({error.hint})" if error.hint else ""))
        return _read(name, inventory, index, now)

    items = [(index, name, image) for index, (name, image) in enumerate(wanted.items())]
    return tuple(map_in_threads(find, items, threads=AT_A_TIME))


def _named(text: str, catalogue: Catalogue | None) -> Iterator[tuple[str, BaseImage | None]]:
    known = catalogue.images if catalogue is not None else ()
    if is_pattern(text):
        matching = [image for image in known if _matches(image, text)]
        if not matching:
            raise UsageError(
                f"no image of the catalogue matches `{text[:80]}`",
                hint="`basewise candidates list` shows its names; a pattern is for the catalogue alone",
            )
        yield from ((image.name, image) for image in matching)
        return
    if catalogue is not None and not _is_local(text):
        try:
            image = catalogue.find(text)
        except (ImageError, InvalidValueError):
            pass
        else:
            yield image.name, image
            return
    yield text, None


def _matches(image: BaseImage, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (image.name, *image.also_known_as))


def _read(name: str, inventory: Inventory, index: int, now: datetime) -> FoundImage:
    """Return an image that was read; its facts go by a name that no other image has."""
    own = Reference("localhost", "compared", f"image-{index}")
    known = True
    try:
        reference = name_of_image(inventory)
    except BasewiseError:
        reference, known = own, False
    try:
        base = measured_image(inventory, reference, now=now).image
    except ImageError as error:
        return FoundImage(
            name=name, base=None, unfit=error.message, publisher_known=known, inventory=inventory
        )
    named = msgspec.structs.replace(base, reference=own)
    return FoundImage(name=name, base=named, publisher_known=known, inventory=inventory)


def _is_local(text: str) -> bool:
    from basewise.oci.open import is_local  # noqa: PLC0415 - only where an image is named as text

    return is_local(text)
