"""`basewise db build`: a new advisory store from a Debian archive, built beside the old one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import msgspec

from basewise.advisories.build import build_content, problems
from basewise.advisories.builtin import archive_feed, file_feeds
from basewise.advisories.carried import Replaced, carried_records, carried_sources, feed_of
from basewise.advisories.feed import Feed, Skipped
from basewise.advisories.store import Store
from basewise.advisories.user_store import alone_at, store_to_write
from basewise.advisories.write import write_store
from basewise.candidates.catalogue import catalogue_platforms, load_catalogue
from basewise.debian.suite import EMBEDDED_ARCHITECTURES, EMBEDDED_RELEASES, load_suite
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus
from basewise.model.package import PackageType
from basewise.operations.renewed_store import open_previous
from basewise.progress import Progress, SilentProgress

__all__ = ["DatabaseBuild", "db_build", "wanted_sources"]

SCHEMA = "basewise.db-build/1"
MAX_PROBLEMS_SHOWN = 5


class DatabaseBuild(msgspec.Struct, frozen=True, kw_only=True):
    """What was written.

    Args:
        schema: Name of this document.
        store: Path of the file.
        size_bytes: Of the file.
        sources: What it holds of each source.
        kept: Feeds that were not asked again; their facts are those of the store before.
        skipped: Records left out, with the feed's name before each.
    """

    schema: str = SCHEMA
    store: str
    size_bytes: int
    sources: tuple[SourceStatus, ...]
    kept: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def db_build(
    output: Path | None = None,
    *,
    data: Path | None = None,
    archive: Feed | None = None,
    cache: Path | None = None,
    allow_less: bool = False,
    progress: Progress | None = None,
) -> DatabaseBuild:
    """Build a store from the Debian archive that apt or the settings name.

    Facts of the feeds that read files are taken from `data` where it has their file; everything else is kept
    from the store before.

    Args:
        output: The file to write; compressed when its name ends in `.gz`. What is kept comes from the store that
            is used now. When None, the store that an update renews, and what is kept is its own.
        data: Folder with `debian-tracker/`, `cpython/` and `kev/`.
        archive: The feed over an archive; the one that apt or the settings name when None.
        cache: Directory for downloaded indexes and changelogs; None keeps nothing.
        allow_less: Write also when a source has far less than before.
        progress: Told of each slow part.

    Raises:
        StoreError: The store used now cannot be read, or the new one would hold too little.
        ArchiveError: The archive cannot be read or verified.
        OutputError: The file could not be written; an old one is untouched.
    """
    talk = progress or SilentProgress()
    opened = archive_feed(wanted_sources(), cache=cache) if archive is None else nullcontext(archive)
    with _before(output, talk) as (path, current), opened as over_archive:
        read = (over_archive, *(file_feeds(data) if data is not None else ()))
        asked = frozenset(feed_of(feed.name) for feed in read)
        kept = tuple(sorted({feed_of(source.name) for source in current.sources()} - asked))
        built = build_content(
            read,
            talk,
            kept=carried_sources(current, Replaced(asked)),
            carried=carried_records(current, Replaced(asked)),
            origins=[origin for origin in current.origins() if origin.feed not in asked],
        )
        found = problems(built.content, current.sources())
        if found and not allow_less:
            listed = "; ".join(found[:MAX_PROBLEMS_SHOWN])
            raise StoreError(
                f"the new store would hold too little: {listed}",
                hint="see the messages above; `--allow-less` writes it all the same",
            )
        talk.step(f"writing {path}")
        size = write_store(path, built.content)
    return DatabaseBuild(
        store=str(path),
        size_bytes=size,
        sources=built.content.sources,
        kept=kept,
        skipped=tuple(
            Skipped(f"{name}: {record.what}", record.why, record.number) for name, record in built.skipped
        ),
    )


@contextmanager
def _before(output: Path | None, talk: Progress) -> Iterator[tuple[Path, Store]]:
    """Give the file to write, held where it is the one that updates renew, and the store that is kept of."""
    if output is not None:
        with Store.open_default() as current:
            yield output, current
        return
    path = store_to_write()
    with alone_at(path, talk):
        previous = open_previous(path, talk)
        with Store.open_embedded() if previous is None else previous as current:
            yield path, current


def wanted_sources() -> tuple[str, ...]:
    """Return every Debian source package that an answer can name, sorted.

    Those of the catalogue's package lists, and those of the embedded package indexes, from which packages
    are added.
    """
    names = {
        package.source
        for platform in catalogue_platforms()
        for image in load_catalogue(platform).images
        for package in image.packages or ()
        if package.type is PackageType.DEB and package.source is not None
    }
    for release in EMBEDDED_RELEASES:
        for architecture in EMBEDDED_ARCHITECTURES:
            names.update(load_suite(release, architecture).sources())
    return tuple(sorted(names))
