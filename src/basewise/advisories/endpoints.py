"""What an update fetches: the sources of every publisher, with the files that each consists of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import quote

import msgspec

from basewise.advisories.publishers import Form, Publisher, publisher_of, publishers
from basewise.advisories.stated_addresses import Addresses, source_key, templates_of
from basewise.errors import UsageError

__all__ = [
    "RemoteFile",
    "RemoteSource",
    "branches_address",
    "listed_branches",
    "remote_sources",
    "select_sources",
]

BRANCHED_FEED = "alpine_secdb"
LATEST_YEAR = 2200


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to fetch.

    Args:
        name: Of the source, and of the file where the source has several.
        form: What it is.
        addresses: Where it is, the first choice first.
        required: Without it the rest of the source is not taken over; otherwise what is missing is said.
    """

    name: str
    form: Form
    addresses: tuple[str, ...]
    required: bool = True


class RemoteSource(msgspec.Struct, frozen=True, kw_only=True):
    """What is fetched and judged as one: either all of it is taken over, or the old facts stay.

    Args:
        feed: Name of the feed that reads it.
        scope: Which part of the feed: an ecosystem, a branch; "" where there is one part only.
        files: What it consists of.
        by_default: It is fetched without being named.
    """

    feed: str
    scope: str
    files: tuple[RemoteFile, ...]
    by_default: bool = True

    @property
    def name(self) -> str:
        """Feed and scope, as the store names its sources."""
        return f"{self.feed} {self.scope}".rstrip()


def remote_sources(
    today: date, *, branches: Sequence[str] = (), addresses: Addresses | None = None
) -> tuple[RemoteSource, ...]:
    """Return every source that there is.

    Args:
        today: The clock's date: publishers have a file for each year.
        branches: Of Alpine, for example `3.22` and `edge`; those that the table knows when empty.
        addresses: Other addresses than those of the table, as `stated_addresses` gives them.
    """
    stated = addresses or {}
    return tuple(
        source for publisher in publishers() for source in _sources(publisher, today, branches, stated)
    )


def _sources(
    publisher: Publisher, today: date, branches: Sequence[str], stated: Addresses
) -> list[RemoteSource]:
    """Return the sources of one publisher."""
    if publisher.every_ecosystem:
        return [
            _source(
                publisher,
                stated,
                name,
                [_Part(values={"ecosystem": name})],
                by_default=name in publisher.ecosystems,
            )
            for name in publisher.every_ecosystem
        ]
    if publisher.repositories:
        return [
            _source(publisher, stated, branch, _repositories(publisher, branch))
            for branch in branches or publisher.branches
        ]
    if publisher.first_year is not None:
        last = max(publisher.first_year, min(today.year, LATEST_YEAR))
        years = [str(year) for year in range(publisher.first_year, last + 1)]
        parts = [_Part(name=year, values={"year": year}, required=False) for year in years]
        return [_source(publisher, stated, "", parts)]
    return [_source(publisher, stated, "", [_Part()])]


def select_sources(
    sources: Iterable[RemoteSource], wanted: Sequence[str], without: Sequence[str] = ()
) -> tuple[RemoteSource, ...]:
    """Return the sources that a user asks for.

    Args:
        sources: All.
        wanted: Names of feeds or of single sources; those that are fetched by default when empty.
        without: Names of those to leave out.

    Raises:
        UsageError: A name is none, or nothing is left.
    """
    every = tuple(sources)
    for name in (*wanted, *without):
        if not any(_is_named(source, name) for source in every):
            raise UsageError(
                f"no source is called `{name[:60]}`",
                hint=f"sources: {', '.join(source.name for source in every)}",
            )
    chosen = tuple(
        source
        for source in every
        if (any(_is_chosen(source, name) for name in wanted) if wanted else source.by_default)
        and not any(_is_named(source, name) for name in without)
    )
    if not chosen:
        raise UsageError("no source is left to fetch", hint="name fewer with `--without`")
    return chosen


def _is_named(source: RemoteSource, name: str) -> bool:
    return source_key(name) in {source_key(source.feed), source_key(source.name)}


def _is_chosen(source: RemoteSource, name: str) -> bool:
    """A source is chosen by its own name, and one that is fetched by default by its feed's name too."""
    return source_key(name) == source_key(source.name) or (
        source.by_default and source_key(name) == source_key(source.feed)
    )


def listed_branches(page: bytes) -> tuple[str, ...]:
    """Return the branches that the index page of Alpine's publisher links to, sorted; none when it is no such page."""
    names = {found.decode() for found in re.findall(rb"href=\"(?:\./)?v?(3\.\d{1,3}|edge)/?\"", page)}
    releases = sorted(names - {"edge"}, key=lambda name: int(name.partition(".")[2]))
    return (*releases, *(["edge"] if "edge" in names else []))


def branches_address(addresses: Addresses) -> tuple[str, ...]:
    """Return where the index page of Alpine's branches is, the first choice first.

    Args:
        addresses: Other addresses than those of the table.
    """
    publisher = publisher_of(BRANCHED_FEED)
    roots = addresses.get(publisher.feed) or (publisher.root,)
    return tuple(f"{root.rstrip('/')}/" for root in roots if "{" not in root)


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a source.

    Args:
        name: Of the file, after the source's name; "" where the source has one file.
        values: What is filled in for `{…}`.
        required: As in `RemoteFile`.
    """

    name: str = ""
    values: Mapping[str, str] = {}
    required: bool = True


def _repositories(publisher: Publisher, branch: str) -> list[_Part]:
    """Return the files of one branch."""
    below = branch if branch == "edge" else f"v{branch}"
    first, *others = publisher.repositories
    if branch in publisher.branches_of_one_repository:
        others = []
    return [
        _Part(name=name, values={"branch": below, "repository": name}, required=name == first)
        for name in (first, *others)
    ]


def _source(
    publisher: Publisher,
    stated: Addresses,
    scope: str,
    parts: Sequence[_Part],
    *,
    by_default: bool = True,
) -> RemoteSource:
    name = f"{publisher.feed} {scope}".rstrip()
    templates = templates_of(publisher, scope, stated, files=len(parts))
    return RemoteSource(
        feed=publisher.feed,
        scope=scope,
        by_default=by_default,
        files=tuple(
            RemoteFile(
                name=f"{name} {part.name}".rstrip(),
                form=publisher.form,
                addresses=tuple(_filled(template, part.values) for template in templates),
                required=part.required,
            )
            for part in parts
        ),
    )


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value))
    return template
