"""Building a store: run the feeds, merge what they give, refuse what is too little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from basewise.advisories.content import Origin, StoreContent, gather
from basewise.advisories.facts import PackageName, PackageRecord
from basewise.advisories.feed import Feed, FeedResult, Input, Skipped
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus
from basewise.progress import Progress

__all__ = ["FLOORS", "BuiltStore", "build_content", "problems", "problems_of_sources"]

FLOORS = {
    "alpine_secdb": 50,
    "chainguard_secdb": 1000,
    "cpython": 100,
    "debian_archive": 300,
    "debian_tracker": 200,
    "epss": 1000,
    "kev": 1000,
    "nvd": 1000,
    "osv": 1000,
    "osv PSF": 0,  # names commits and no releases: nothing of it can be matched
    "wolfi_secdb": 1000,
}
"""Fewest entries of a source, else of any source of a feed; below it the source was not read as a whole."""

LARGEST_LOSS = 0.9
"""A source that loses more than this share of its entries was not read as a whole."""


class BuiltStore(msgspec.Struct, frozen=True, kw_only=True):
    """What feeds gave.

    Args:
        content: To be written.
        skipped: Feed and record for each record left out.
        inputs: Feed and file for each file read.
    """

    content: StoreContent
    skipped: tuple[tuple[str, Skipped], ...]
    inputs: tuple[tuple[str, Input], ...]


def build_content(
    feeds: Sequence[Feed],
    progress: Progress,
    *,
    kept: Sequence[tuple[str, FeedResult]] = (),
    carried: Iterable[tuple[PackageName, PackageRecord]] = (),
    origins: Iterable[Origin] = (),
) -> BuiltStore:
    """Run all feeds and merge their facts.

    Args:
        feeds: Feeds of different names.
        progress: Told of each.
        kept: Sources of another store that are taken over.
        carried: Records of another store that are taken over.
        origins: Where what is taken over came from.

    Raises:
        StoreError: Two feeds of one name, or a feed that read nothing.
        InputError: A feed could not read its source.
    """
    results: list[tuple[str, FeedResult]] = []
    for feed in feeds:
        if any(feed.name == name for name, _ in results):
            raise StoreError(f"two feeds are called `{feed.name}`")
        result = feed.collect(progress)
        if not result.sources:
            raise StoreError(f"feed `{feed.name}` read no source", hint="see the messages above")
        results.append((feed.name, result))
    skipped = tuple((name, record) for name, result in results for record in result.skipped)
    inputs = tuple((name, read) for name, result in results for read in result.inputs)
    content = gather([*results, *kept], carried=carried, origins=origins)
    return BuiltStore(content=content, skipped=tuple(sorted(skipped)), inputs=tuple(sorted(inputs)))


def problems(content: StoreContent, previous: Iterable[SourceStatus] = ()) -> tuple[str, ...]:
    """Return why a store should not replace another one; nothing when it may.

    Args:
        content: The new store.
        previous: Sources of the store that it would replace.
    """
    return problems_of_sources(content.sources, previous)


def problems_of_sources(
    sources: Iterable[SourceStatus], previous: Iterable[SourceStatus] = ()
) -> tuple[str, ...]:
    """Return why sources should not replace others; nothing when they may.

    Args:
        sources: The new ones.
        previous: Those that they would replace.
    """
    found = []
    new = tuple(sources)
    entries = {source.name: source.entries for source in new}
    for source in new:
        floor = FLOORS.get(source.name, FLOORS.get(source.name.partition(" ")[0], 1))
        if source.entries < floor:
            found.append(f"source `{source.name}` has {source.entries} entries, fewer than {floor}")
    for source in previous:
        now = entries.get(source.name)
        if now is None:
            found.append(f"source `{source.name}` is missing")
        elif now < source.entries * (1 - LARGEST_LOSS):
            found.append(f"source `{source.name}` shrank from {source.entries} to {now} entries")
    return tuple(sorted(found))
