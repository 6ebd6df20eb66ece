"""`basewise candidates add` and `remove`: any image into the user's own catalogue, with measured facts, and out again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from basewise.candidates.user_catalogue import MeasuredImage, change_user_catalogue
from basewise.errors import ImageError
from basewise.model.platform import Platform
from basewise.oci.registry_transfer import Transfer
from basewise.operations.measured_image import measure
from basewise.operations.read_image import ImageAccess
from basewise.progress import Progress

__all__ = ["AddedCandidate", "add_candidate", "remove_candidate"]


class AddedCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """What `candidates add` did.

    Args:
        measured: The entry.
        replaced: There was one of this name and platform before.
        bytes_fetched: From a registry.
        file: The user's catalogue.
    """

    measured: MeasuredImage
    replaced: bool
    bytes_fetched: int
    file: str


def add_candidate(
    image: str,
    *,
    name: str | None = None,
    platform: Platform | None = None,
    access: ImageAccess | None = None,
    now: datetime,
    progress: Progress | None = None,
) -> AddedCandidate:
    """Measure an image and keep its facts, in the place of an older entry of its name and platform.

    Args:
        image: A reference, a path, or `oci:`, `docker-archive:` … with a path or name.
        name: What a FROM line calls it, with a digest to pin where the image itself has none.
        platform: Which image of several; None takes the only one, else linux/amd64.
        access: How the image may be had.
        now: The clock.
        progress: Told of slow parts.

    Raises:
        ImageError: The image cannot be had or read, is nothing to build a Python application on, or the
            user's catalogue is damaged.
        OutputError: The catalogue cannot be written.
        UsageError: The text names nothing, or nothing says how a FROM line calls the image.
    """
    transfer = Transfer()
    measured = measure(
        image, name=name, platform=platform, access=access, now=now, progress=progress, transfer=transfer
    )
    replaced = False

    def change(known: tuple[MeasuredImage, ...]) -> Iterable[MeasuredImage]:
        nonlocal replaced
        others = [entry for entry in known if entry.key != measured.key]
        replaced = len(others) < len(known)
        return [*others, measured]

    file = change_user_catalogue(change)
    return AddedCandidate(
        measured=measured, replaced=replaced, bytes_fetched=transfer.bytes_fetched, file=str(file)
    )


def remove_candidate(name: str, platform: Platform | None = None) -> tuple[MeasuredImage, ...]:
    """Take an image out of the user's catalogue.

    Args:
        name: As `candidates list` shows it.
        platform: Only the entry for it; None for all.

    Returns:
        What was removed.

    Raises:
        ImageError: The catalogue has no such entry, or is damaged.
        OutputError: It cannot be written.
    """
    removed: list[MeasuredImage] = []

    def change(known: tuple[MeasuredImage, ...]) -> Iterable[MeasuredImage]:
        removed[:] = [entry for entry in known if _is_named(entry, name, platform)]
        if not removed:
            yours = ", ".join(entry.image.name for entry in known) or "it is empty"
            raise ImageError(f"your catalogue has no image `{name}`", hint=f"your catalogue: {yours}")
        return [entry for entry in known if entry not in removed]

    change_user_catalogue(change)
    return tuple(removed)


def _is_named(entry: MeasuredImage, name: str, platform: Platform | None) -> bool:
    image = entry.image
    return name in {image.name, str(image.reference)} and platform in {None, image.platform}
