"""The user's own catalogue: images that were measured here, in one file, beside the embedded ones.

The file is read whole and checked, written whole and atomically, and changed under a lock: two commands at a time
lose nothing, and a killed one leaves the file as it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from basewise._internal.paths import user_data_directory, write_atomically
from basewise._internal.prepared import prepared
from basewise.candidates.catalogue import Catalogue, load_catalogue
from basewise.errors import ImageError, InvalidValueError, OutputError
from basewise.model.base_image import BaseImage
from basewise.model.digest import Digest
from basewise.model.evidence import NotCovered
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.model.reference import Reference

__all__ = [
    "MeasuredImage",
    "change_user_catalogue",
    "load_whole_catalogue",
    "read_user_catalogue",
    "user_catalogue_path",
    "with_measured",
]

USER_CATALOGUE_SCHEMA = "basewise.user-catalogue/1"
MAX_FILE_BYTES = 256 * 1024**2
LOCK_SECONDS = 30.0
_FAMILIES = frozenset({"glibc", "musl"})


class MeasuredImage(msgspec.Struct, frozen=True, kw_only=True):
    """A base image whose facts were read from itself.

    Args:
        image: The facts.
        measured_at: When they were read.
        not_covered: What could not be read.
    """

    image: BaseImage
    measured_at: datetime
    not_covered: tuple[NotCovered, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Name and platform: what an entry replaces."""
        return self.image.name, str(self.image.platform)


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    schema: str = USER_CATALOGUE_SCHEMA
    images: tuple[MeasuredImage, ...] = ()


def user_catalogue_path() -> Path | None:
    """Return the file: `BASEWISE_CATALOGUE`, else one in the user's data directory; it need not exist.

    Returns:
        None where the user has no directory.
    """
    stated = os.environ.get("BASEWISE_CATALOGUE")
    if stated:
        return Path(stated)
    directory = user_data_directory()
    return None if directory is None else directory / "catalogue.json"


def read_user_catalogue(path: Path | None = None) -> tuple[MeasuredImage, ...]:
    """Return the images of the user's catalogue, sorted; none when there is no file.

    Args:
        path: The file; `user_catalogue_path()` when None.

    Raises:
        ImageError: The file cannot be read, or something in it is not possible.
    """
    file = path or user_catalogue_path()
    if file is None:
        return ()
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _damaged(file, error.strerror or str(error)) from error
    if len(content) > MAX_FILE_BYTES:
        raise _damaged(file, f"it has more than {MAX_FILE_BYTES} bytes")
    try:
        stored = msgspec.json.decode(content, type=prepared(_Stored))
        if stored.schema != USER_CATALOGUE_SCHEMA:
            raise _damaged(file, f"its schema is `{stored.schema[:60]}`, not `{USER_CATALOGUE_SCHEMA}`")
        for entry in stored.images:
            _check(entry.image)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _damaged(file, str(error)) from error
    if len({entry.key for entry in stored.images}) != len(stored.images):
        raise _damaged(file, "an image stands there twice")
    return _sorted(stored.images)


def change_user_catalogue(
    change: Callable[[tuple[MeasuredImage, ...]], Iterable[MeasuredImage]], path: Path | None = None
) -> Path:
    """Replace the images of the user's catalogue by what `change` makes of them, alone among all processes.

    Args:
        change: Takes the images that are there now; what it raises leaves the file as it is.
        path: The file; `user_catalogue_path()` when None.

    Returns:
        The file.

    Raises:
        ImageError: The file is there and cannot be read.
        OutputError: It cannot be written, or another process holds it for too long.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 40 ms, only where something is written

    file = path or user_catalogue_path()
    if file is None:
        raise OutputError(
            "cannot change your catalogue: this user has no home directory",
            hint="name a file in `BASEWISE_CATALOGUE`",
        )
    lock = FileLock(file.with_name(f".{file.name}.lock"), timeout=LOCK_SECONDS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (Timeout, OSError) as error:
        why = "another process changes it" if isinstance(error, Timeout) else str(error)
        raise OutputError(
            f"cannot change `{file}`: {why}", hint="name another file in `BASEWISE_CATALOGUE`, or try again"
        ) from error
    try:
        images = _sorted(change(read_user_catalogue(file)))
        write_atomically(file, msgspec.json.encode(_Stored(images=images)))
    finally:
        lock.release()
    return file


def load_whole_catalogue(platform: Platform = LINUX_AMD64) -> Catalogue:
    """Return the embedded catalogue with the user's own images beside it.

    Raises:
        KnowledgeError: The embedded file is missing or damaged.
        ImageError: The user's file is damaged, or no image is known for this platform.
    """
    return with_measured(load_catalogue(platform), read_user_catalogue())


def with_measured(catalogue: Catalogue, measured: Iterable[MeasuredImage]) -> Catalogue:
    """Return a catalogue with measured images of its platform beside its own.

    An image takes the place of another of the same name, and its tags are taken from those that had them.
    """
    added = {entry.key: entry for entry in measured if entry.image.platform == catalogue.platform}
    if not added:
        return catalogue
    names = {name for entry in added.values() for name in (entry.image.name, *entry.image.also_known_as)}
    kept = tuple(
        msgspec.structs.replace(
            image, also_known_as=tuple(alias for alias in image.also_known_as if alias not in names)
        )
        for image in catalogue.images
        if (image.name, str(image.platform)) not in added
    )
    images = (*kept, *(entry.image for entry in added.values()))
    missing = {said for entry in added.values() for said in entry.not_covered}
    return msgspec.structs.replace(
        catalogue,
        images=tuple(sorted(images, key=lambda image: (_minor(image), image.name))),
        not_covered=tuple(sorted({*catalogue.not_covered, *missing})),
    )


def _sorted(images: Iterable[MeasuredImage]) -> tuple[MeasuredImage, ...]:
    return tuple(sorted(images, key=lambda entry: entry.key))


def _minor(image: BaseImage) -> tuple[int, ...]:
    return tuple(int(part) for part in image.python_minor.split("."))


def _check(image: BaseImage) -> None:
    """Refuse what no image has: the values go into Dockerfiles and comparisons.

    Raises:
        ValueError: A value is not possible.
    """
    if Reference.parse(str(image.reference)) != image.reference or image.reference.digest is not None:
        raise InvalidValueError(f"not the name of an image: {image.name[:100]!r}")
    for alias in image.also_known_as:
        Reference.parse(alias)
    for digest in (image.index_digest, image.manifest_digest, *(layer.digest for layer in image.layers)):
        if digest is not None:
            Digest.parse(str(digest))
    if Platform.parse(str(image.platform)) != image.platform:
        raise InvalidValueError(f"`{image.name}`: not a platform")
    if len(_minor(image)) != 2 or image.libc.family not in _FAMILIES:  # noqa: PLR2004 - major and minor
        raise InvalidValueError(f"`{image.name}`: not a Python version or C library")
    _ = image.libc.release
    sizes = (
        image.size.compressed_bytes,
        image.size.disk_bytes,
        *(layer.size_bytes for layer in image.layers),
    )
    if any(size is not None and size < 0 for size in sizes):
        raise InvalidValueError(f"`{image.name}`: a size below zero")
    if image.created.tzinfo is None:
        raise InvalidValueError(f"`{image.name}`: a time without time zone")


def _damaged(file: Path, problem: str) -> ImageError:
    return ImageError(
        f"cannot read your catalogue `{file}`: {problem}",
        hint="remove the file and add its images again, or name another one in `BASEWISE_CATALOGUE`",
    )
