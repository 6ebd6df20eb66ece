"""Where advisory data is published: one table of sources with their addresses, and how a user names others.

Addresses come from this table, from the environment and from flags, never from a file of the working directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal
from urllib.parse import quote, urlsplit

import msgspec

from basewise.errors import UsageError

__all__ = [
    "ALPINE_BRANCHES",
    "OSV_BY_DEFAULT",
    "PUBLISHERS",
    "VARIABLE_PREFIX",
    "Addresses",
    "Form",
    "Publisher",
    "RemoteFile",
    "RemoteSource",
    "branches_address",
    "listed_branches",
    "remote_sources",
    "select_sources",
    "stated_addresses",
]

Form = Literal["zip", "json", "gzip"]
VARIABLE_PREFIX = "BASEWISE_SOURCE_"
FIRST_NVD_YEAR = 2002
LATEST_YEAR = 2200

OSV_BY_DEFAULT: Mapping[str, bool] = {
    "PyPI": True,
    "Ubuntu": True,
    "Red Hat": True,
    "Rocky Linux": True,
    "AlmaLinux": True,
    "Debian": False,
    "Alpine": False,
    "Wolfi": False,
    "Chainguard": False,
    "PSF": False,
}
"""Ecosystems of OSV's bucket, and whether each is fetched without being named.

Debian, Alpine, Wolfi and Chainguard have a source of their own, which says more; what PSF says names commits.
"""

ALPINE_BRANCHES = tuple(f"3.{minor}" for minor in range(10, 24))
"""Branches asked for when the publisher's index of them cannot be read."""

ALPINE_REPOSITORIES = ("main", "community")


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of source.

    Args:
        feed: Name of the feed that reads its files.
        form: What a file is.
        root: Address that all files lie below.
        path: Of one file below the root; `{…}` is filled in. Mirrors keep this layout.
    """

    feed: str
    form: Form
    root: str
    path: str

    @property
    def has_parts(self) -> bool:
        """There is more than one file."""
        return "{" in self.path


PUBLISHERS = (
    Publisher(
        feed="osv",
        form="zip",
        root="https://osv-vulnerabilities.storage.googleapis.com",
        path="{ecosystem}/all.zip",
    ),
    Publisher(
        feed="debian_tracker",
        form="json",
        root="https://security-tracker.debian.org",
        path="tracker/data/json",
    ),
    Publisher(
        feed="alpine_secdb",
        form="json",
        root="https://secdb.alpinelinux.org",
        path="{branch}/{repository}.json",
    ),
    Publisher(feed="wolfi_secdb", form="json", root="https://packages.wolfi.dev", path="os/security.json"),
    Publisher(
        feed="chainguard_secdb", form="json", root="https://packages.cgr.dev", path="chainguard/security.json"
    ),
    Publisher(
        feed="kev",
        form="json",
        root="https://www.cisa.gov",
        path="sites/default/files/feeds/known_exploited_vulnerabilities.json",
    ),
    Publisher(
        feed="epss",
        form="gzip",
        root="https://epss.empiricalsecurity.com",
        path="epss_scores-current.csv.gz",
    ),
    Publisher(
        feed="nvd",
        form="gzip",
        root="https://nvd.nist.gov",
        path="feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz",
    ),
)
"""Every publisher that an update asks."""


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


Addresses = Mapping[str, Sequence[str]]
"""Name of a feed or of one source, in lower case, to its addresses; the first choice first."""


def stated_addresses(flags: Iterable[str], environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Read `--source NAME=URL` and `BASEWISE_SOURCE_NAME`; a flag replaces the variable of its name.

    Args:
        flags: Values of the flag; several of one name are mirrors, the first choice first.
        environment: Variables; several addresses are separated by white space.

    Raises:
        UsageError: A value is no pair, or no address that may be asked.
    """
    found: dict[str, tuple[str, ...]] = {}
    for variable, text in environment.items():
        if variable.startswith(VARIABLE_PREFIX) and text.split():
            name = _known_key(variable.removeprefix(VARIABLE_PREFIX))
            found[name] = tuple(_checked_address(address, variable) for address in text.split())
    flagged: dict[str, list[str]] = {}
    for flag in flags:
        name, equals, address = flag.partition("=")
        if not (name.strip() and equals):
            raise UsageError(
                f"not a source and its address: `{flag[:80]}`",
                hint="write `--source kev=https://mirror.example/kev.json`",
            )
        flagged.setdefault(_known_key(name), []).append(_checked_address(address.strip(), "--source"))
    return found | {name: tuple(addresses) for name, addresses in flagged.items()}


def remote_sources(
    today: date, *, branches: Sequence[str] = ALPINE_BRANCHES, addresses: Addresses | None = None
) -> tuple[RemoteSource, ...]:
    """Return every source that there is.

    Args:
        today: The clock's date: publishers have a file for each year.
        branches: Of Alpine, for example `3.22` and `edge`.
        addresses: Other addresses than those of the table, as `stated_addresses` gives them.
    """
    stated = addresses or {}
    sources: list[RemoteSource] = []
    for publisher in PUBLISHERS:
        if publisher.feed == "osv":
            sources += [
                _source(publisher, stated, name, [("", {"ecosystem": name})], by_default=by_default)
                for name, by_default in OSV_BY_DEFAULT.items()
            ]
        elif publisher.feed == "alpine_secdb":
            sources += [_branch(publisher, stated, branch) for branch in branches]
        elif publisher.feed == "nvd":
            last = max(FIRST_NVD_YEAR, min(today.year, LATEST_YEAR))
            years = [(str(year), {"year": str(year)}) for year in range(FIRST_NVD_YEAR, last + 1)]
            sources.append(_source(publisher, stated, "", years))
        else:
            sources.append(_source(publisher, stated, "", [("", {})]))
    return tuple(sources)


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
    return _key(name) in {_key(source.feed), _key(source.name)}


def _is_chosen(source: RemoteSource, name: str) -> bool:
    """A source is chosen by its own name, and one that is fetched by default by its feed's name too."""
    return _key(name) == _key(source.name) or (source.by_default and _key(name) == _key(source.feed))


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
    publisher = next(publisher for publisher in PUBLISHERS if publisher.feed == "alpine_secdb")
    roots = addresses.get(publisher.feed) or (publisher.root,)
    return tuple(f"{root.rstrip('/')}/" for root in roots if "{" not in root)


def _branch(publisher: Publisher, stated: Addresses, branch: str) -> RemoteSource:
    """Return the source of one branch of Alpine; the oldest ones have one repository."""
    below = branch if branch == "edge" else f"v{branch}"
    repositories = ALPINE_REPOSITORIES[:1] if branch in {"3.0", "3.1", "3.2"} else ALPINE_REPOSITORIES
    files = [(name, {"branch": below, "repository": name}) for name in repositories]
    return _source(publisher, stated, branch, files)


def _source(
    publisher: Publisher,
    stated: Addresses,
    scope: str,
    files: Sequence[tuple[str, Mapping[str, str]]],
    *,
    by_default: bool = True,
) -> RemoteSource:
    name = f"{publisher.feed} {scope}".rstrip()
    own = stated.get(_key(name), ())
    if own and (scope or not publisher.has_parts):
        templates = [text if _is_one_file(text, files) else _below(text, publisher) for text in own]
    elif stated.get(_key(publisher.feed)):
        roots = stated[_key(publisher.feed)]
        templates = [text if "{" in text else _below(text, publisher) for text in roots]
    else:
        templates = [_below(publisher.root, publisher)]
    return RemoteSource(
        feed=publisher.feed,
        scope=scope,
        by_default=by_default,
        files=tuple(
            RemoteFile(
                name=f"{name} {part}".rstrip(),
                form=publisher.form,
                addresses=tuple(_filled(template, values) for template in templates),
                required=not values or values.get("repository") == "main" or "ecosystem" in values,
            )
            for part, values in files
        ),
    )


def _is_one_file(address: str, files: Sequence[object]) -> bool:
    return "{" in address or (len(files) == 1 and not address.endswith("/"))


def _below(root: str, publisher: Publisher) -> str:
    return f"{root.rstrip('/')}/{publisher.path}"


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value))
    return template


def _key(name: str) -> str:
    """Return a name as variables can spell it: `osv Red Hat` and `OSV_RED_HAT` are one."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _known_key(name: str) -> str:
    """Return the key of a name that addresses are given for.

    Raises:
        UsageError: No source is called so.
    """
    key = _key(name)
    if not any(f"{key}_".startswith(f"{_key(publisher.feed)}_") for publisher in PUBLISHERS):
        raise UsageError(
            f"no source is called `{name[:60]}`",
            hint=f"sources: {', '.join(publisher.feed for publisher in PUBLISHERS)}",
        )
    return key


def _checked_address(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        _ = parts.port
    except ValueError:
        good = False
    if not good or any(char <= " " for char in text):
        raise UsageError(
            f"{where}: not an address that may be asked: `{_without_credentials(text)[:80]}`",
            hint="write `https://…` without user and password; data on disk is read by `basewise db import`",
        )
    return text


def _without_credentials(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
