"""Which base images `choose` ranks: the embedded ones, the user's own, and those that `--image` names."""

from __future__ import annotations

from datetime import datetime

from basewise.candidates.catalogue import Catalogue
from basewise.candidates.user_catalogue import MeasuredImage, load_whole_catalogue, with_measured
from basewise.errors import ImageError
from basewise.model.reference import Reference
from basewise.operations.options import ChooseOptions
from basewise.progress import Progress

__all__ = ["images_to_rank"]


def images_to_rank(
    wishes: ChooseOptions, *, now: datetime, progress: Progress
) -> tuple[Catalogue, tuple[str, ...]]:
    """Return the catalogue to rank, and the names that `--image` restricts it to; none for all.

    An image that the catalogue does not have is read on the fly and takes part like any other.

    Raises:
        ImageError: Such an image cannot be had, or is nothing to build a Python application on.
        UsageError: A text names no image.
    """
    catalogue = load_whole_catalogue(wishes.platform)
    names: list[str] = []
    measured: list[MeasuredImage] = []
    for wanted in wishes.images:
        try:
            names.append(_find(catalogue, wanted))
        except ImageError as error:
            entry = _measure(wanted, wishes, error, now=now, progress=progress)
            measured.append(entry)
            names.append(entry.image.name)
    return with_measured(catalogue, measured), tuple(names)


def _find(catalogue: Catalogue, wanted: Reference | str) -> str:
    if isinstance(wanted, str) and _is_local(wanted):
        raise ImageError(f"the catalogue has no image `{wanted}`")
    return catalogue.find(str(wanted)).name


def _is_local(text: str) -> bool:
    """Tell whether a text is not the name of an image in a registry."""
    from basewise.oci.open import is_local  # noqa: PLC0415 - only where an image is named as text

    return is_local(text)


def _measure(
    wanted: Reference | str, wishes: ChooseOptions, unknown: ImageError, *, now: datetime, progress: Progress
) -> MeasuredImage:
    from basewise.operations.measured_image import measure  # noqa: PLC0415 - only for an unknown image
    from basewise.operations.read_image import ImageAccess  # noqa: PLC0415 - the same

    text = str(wanted)
    if wishes.offline and not _is_local(text):
        raise ImageError(
            unknown.message,
            hint=f"{unknown.hint}; without `--offline` it would be read from its registry",
        ) from unknown
    access = ImageAccess(
        offline=wishes.offline,
        plain_http=wishes.plain_http,
        ca_file=wishes.ca_file,
        token_services=wishes.token_services,
        limits=wishes.limits,
    )
    entry = measure(text, platform=wishes.platform, access=access, now=now, progress=progress)
    if entry.image.platform != wishes.platform:
        raise ImageError(
            f"`{text}` is an image for {entry.image.platform}, not for {wishes.platform}",
            hint=f"add `--platform {entry.image.platform}`",
        )
    return entry
