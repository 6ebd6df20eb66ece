"""Scanning several images: two at a time, and one that fails stops none of the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from threading import Lock

from basewise._internal.parallel import map_in_threads
from basewise._internal.text import format_moment
from basewise.advisories.store import Store
from basewise.errors import ImageError, UsageError
from basewise.model.scan import Scan, Scans
from basewise.operations.read_image import read_image
from basewise.operations.scan import ScanOptions, scan_inventory
from basewise.operations.scan_base import BaseFinder
from basewise.progress import Progress, SilentProgress

__all__ = ["scan_several"]

AT_A_TIME = 2


def scan_several(
    images: Sequence[str],
    options: ScanOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Scans:
    """Find what is known to be wrong with images.

    Args:
        images: As `scan` takes one; a name that stands twice is scanned once.
        options: How all of them are read and judged; the defaults when None.
        now: The clock, with a time zone; the present when None.
        progress: Told of slow parts.
        store: Advisory store; the one of `Store.open_default` when None.

    Returns:
        The documents, in the order of the images. `failed` says which could not be scanned, and why.

    Raises:
        StoreError: The advisory store could not be read.
    """
    wishes = options or ScanOptions()
    moment = now or datetime.now(UTC)
    names = tuple(dict.fromkeys(images))
    shared = _Shared(progress or SilentProgress())
    finder = BaseFinder(wishes.base, platform=wishes.platform, access=wishes.access, progress=shared)
    with nullcontext(store) if store is not None else Store.open_default() as opened:

        def work(number: int) -> Scan | str:
            image = names[number]
            talk = _OfImage(shared, f"image {number + 1} of {len(names)}")
            talk.step(image)
            try:
                inventory = read_image(image, platform=wishes.platform, access=wishes.access, progress=talk)
                return scan_inventory(inventory, opened, wishes, now=moment, finder=finder)
            except (ImageError, UsageError) as error:
                return f"{image}: {error.message}" + (f" ({error.hint})" if error.hint else "")

        results = map_in_threads(work, range(len(names)), threads=AT_A_TIME)
    from basewise import __version__  # noqa: PLC0415 - the package itself, which imports nothing

    return Scans(
        generated_at=format_moment(moment),
        version=__version__,
        scans=tuple(result for result in results if isinstance(result, Scan)),
        failed=tuple(result for result in results if isinstance(result, str)),
    )


class _Shared:
    """Progress that several threads tell, one sentence at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = Lock()

    def step(self, what: str) -> None:
        """Pass a step on."""
        with self._lock:
            self._progress.step(what)

    def note(self, sentence: str) -> None:
        """Pass a sentence on."""
        with self._lock:
            self._progress.note(sentence)


class _OfImage:
    """Progress of one image of several: each step says which."""

    def __init__(self, shared: _Shared, which: str) -> None:
        self._shared = shared
        self._which = which

    def step(self, what: str) -> None:
        """Say what is done now, and to which image."""
        self._shared.step(f"{self._which}: {what}")

    def note(self, sentence: str) -> None:
        """Pass a sentence on."""
        self._shared.note(sentence)
