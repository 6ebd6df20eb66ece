"""`basewise db update`: fetch what publishers have, and renew the store with it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from basewise import __version__
from basewise._internal.http import HttpSession
from basewise._internal.http_errors import HttpError
from basewise._internal.parallel import map_in_threads
from basewise._internal.paths import cache_directory
from basewise.advisories.download import Downloader, DownloadLimits, Fetched, NotPublishedError
from basewise.advisories.endpoints import (
    RemoteFile,
    RemoteSource,
    branches_address,
    listed_branches,
    remote_sources,
    select_sources,
)
from basewise.advisories.reading import READERS, DatedFile
from basewise.advisories.renewal import Offer, RenewalRules
from basewise.advisories.stated_addresses import Addresses, stated_addresses
from basewise.advisories.stored_files import StoredFile, StoredFiles
from basewise.advisories.user_store import alone_at, store_to_write
from basewise.errors import StoreError, UsageError
from basewise.model.store_update import DatabaseUpdate, Outcome, SourceUpdate
from basewise.operations.renewed_store import renew_store
from basewise.progress import Progress, SilentProgress

__all__ = ["UpdateWishes", "db_update", "fingerprint_of"]

THREADS = 4
CACHE_HINT = "name a directory that may be written in BASEWISE_CACHE_DIR"
MAX_NAMED = 3
CLOCK_TOLERANCE = timedelta(days=1)


class UpdateWishes(msgspec.Struct, frozen=True, kw_only=True):
    """What a user wants of an update; nothing of it comes from a file of the working directory.

    Args:
        wanted: Names of feeds or sources; those fetched by default when empty.
        without: Names to leave out.
        addresses: `NAME=URL` for other addresses than the publishers' own.
        allow_less: Take over a source that has far less than before.
        allow_downgrade: Take over a source that is older than before.
        offline: Nobody may be asked.
        ca_file: Certificate authorities to trust besides the system's.
        limits: What fetching may cost.
    """

    wanted: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    allow_less: bool = False
    allow_downgrade: bool = False
    offline: bool = False
    ca_file: Path | None = None
    limits: DownloadLimits = DownloadLimits()


def db_update(
    *,
    today: date,
    wishes: UpdateWishes | None = None,
    store: Path | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> DatabaseUpdate:
    """Fetch advisory data and renew the store.

    Args:
        today: The clock's date.
        wishes: What a user wants.
        store: The store to renew; the one that `BASEWISE_STORE` names, else the user's own, when None.
        environment: Variables; the process's own when None.
        progress: Told of each slow part, and of each source that failed.

    Returns:
        What became of each source; a failed one keeps the facts that it had.

    Raises:
        UsageError: A name or an address is wrong, or offline was asked for.
        StoreError: Nothing could be fetched or taken over, or the store is damaged; it is unchanged.
        OutputError: Something could not be written; the store is unchanged.
    """
    wish, talk = wishes or UpdateWishes(), progress or SilentProgress()
    variables = os.environ if environment is None else environment
    addresses = stated_addresses(wish.addresses, variables)
    if wish.offline:
        raise UsageError(
            "an update asks publishers, and offline was asked for",
            hint="bring the data with `basewise db import`, or leave `--offline` and BASEWISE_OFFLINE out",
        )
    path = store or store_to_write(variables)
    files = StoredFiles(cache_directory() / "advisories")
    held = alone_at(files.directory / "files", talk, hint=CACHE_HINT)
    with alone_at(path, talk), held, _session(wish) as session:
        files.remove_abandoned()
        downloader = Downloader(files, session, today=today, limits=wish.limits)
        sources = _sources(wish, addresses, today, downloader, talk)
        arrivals = _fetch_all(sources, downloader, talk)
        return renew_store(
            path,
            [_offer(source, arrivals, files) for source in sources],
            today=today,
            progress=talk,
            rules=RenewalRules(less=wish.allow_less, older=wish.allow_downgrade),
            judged=lambda rows: _settle(rows, sources, arrivals, files),
            notes=[*_plain_notes(arrivals.values()), *_clock_notes(arrivals.values(), today)],
        )


def fingerprint_of(hashes: Iterable[str]) -> str:
    """Return the fingerprint of files as this version of basewise reads them.

    Args:
        hashes: SHA-256 of each file, hexadecimal, in their order.
    """
    return hashlib.sha256("\n".join((__version__, *hashes)).encode()).hexdigest()


class _Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What became of fetching one file.

    Args:
        fetched: What came; None where nothing did.
        stored: The good file that there is.
        problem: Why nothing came.
        absent: It is not published, and the source can do without it.
    """

    fetched: Fetched | None = None
    stored: StoredFile | None = None
    problem: str = ""
    absent: bool = False

    @property
    def file(self) -> StoredFile | None:
        """The file to read."""
        return self.fetched.file if self.fetched is not None else self.stored


def _session(wish: UpdateWishes) -> HttpSession:
    try:
        return HttpSession(
            idle_seconds=wish.limits.idle_seconds,
            connect_seconds=wish.limits.connect_seconds,
            ca_file=wish.ca_file,
        )
    except HttpError as error:
        raise StoreError(f"cannot connect: {error}", hint="check `--ca-file` and `SSL_CERT_FILE`") from error


def _sources(
    wish: UpdateWishes, addresses: Addresses, today: date, downloader: Downloader, talk: Progress
) -> tuple[RemoteSource, ...]:
    """Return the sources to fetch; the branches of Alpine are asked for only where one of them is wanted."""
    known = remote_sources(today, addresses=addresses)
    if not any(source.feed == "alpine_secdb" for source in select_sources(known, wish.wanted, wish.without)):
        return select_sources(known, wish.wanted, wish.without)
    branches: tuple[str, ...] = ()
    talk.step("asking for the branches of Alpine")
    for address in branches_address(addresses):
        try:
            branches = listed_branches(downloader.page(address))
        except HttpError:
            continue
        if branches:
            break
    if not branches:
        talk.note("Alpine's list of branches cannot be read; those known to this version are asked for")
    known = remote_sources(today, branches=branches, addresses=addresses)
    return select_sources(known, wish.wanted, wish.without)


def _fetch_all(
    sources: Sequence[RemoteSource], downloader: Downloader, talk: Progress
) -> dict[str, _Arrival]:
    """Fetch the files of all sources, several at a time; return what became of each by its name."""

    def fetch(remote: RemoteFile) -> _Arrival:
        try:
            return _Arrival(fetched=downloader.fetch(remote, talk))
        except StoreError as error:
            stored = downloader.stored(remote)
            if stored is None and isinstance(error, NotPublishedError) and not remote.required:
                return _Arrival(absent=True)
            return _Arrival(stored=stored, problem=error.message)

    files = [file for source in sources for file in source.files]
    arrived = map_in_threads(fetch, files, threads=THREADS)
    return {file.name: arrival for file, arrival in zip(files, arrived, strict=True)}


def _offer(source: RemoteSource, arrivals: Mapping[str, _Arrival], files: StoredFiles) -> Offer:
    """Return what a source offers: all its files, of which some may be those of before, or the problem."""
    absent = [file.name for file in source.files if arrivals[file.name].absent]
    own = [arrivals[file.name] for file in source.files if not arrivals[file.name].absent]
    problem = "; ".join(arrival.problem for arrival in own if arrival.problem)
    here = [arrival.file for arrival in own if arrival.file is not None]
    received = sum(arrival.fetched.received_bytes for arrival in own if arrival.fetched is not None)
    notes = {note for arrival in own if arrival.fetched is not None for note in arrival.fetched.notes}
    offer = Offer(
        name=source.name,
        feed=source.feed,
        problem=problem,
        origin=here[0].address if here else "",
        received_bytes=received,
        notes=tuple(sorted(notes)),
        gap=_gap(absent),
    )
    if not own:
        return msgspec.structs.replace(offer, problem="nothing of it is published", gap="")
    if len(here) < len(own) or not any(arrival.fetched is not None for arrival in own):
        return offer
    dated = [DatedFile(path=files.path_of(file), as_of=file.as_of) for file in here]
    return msgspec.structs.replace(
        offer,
        fingerprint=fingerprint_of(file.sha256 for file in here),
        read=lambda: READERS[source.feed](source.scope, dated),
    )


def _gap(absent: Sequence[str]) -> str:
    """Say which files a publisher does not have."""
    if not absent:
        return ""
    more = len(absent) - MAX_NAMED
    return f"not published: {', '.join(absent[:MAX_NAMED])}{f' and {more} more' if more > 0 else ''}"


def _settle(
    rows: Iterable[SourceUpdate],
    sources: Sequence[RemoteSource],
    arrivals: Mapping[str, _Arrival],
    files: StoredFiles,
) -> None:
    """Keep the files of sources that were taken over, so that they are not fetched again; forget the others."""
    outcomes = {row.name: row.outcome for row in rows}
    for source in sources:
        good = outcomes[source.name] in {Outcome.UPDATED, Outcome.UNCHANGED}
        for file in source.files:
            fetched = arrivals[file.name].fetched
            if fetched is not None and good:
                files.accept(fetched.file)
            elif fetched is not None and fetched.changed:
                files.discard(fetched.file)


def _plain_notes(arrivals: Iterable[_Arrival]) -> list[str]:
    """Say whom nobody vouches for."""
    addresses = {arrival.fetched.file.address for arrival in arrivals if arrival.fetched is not None}
    hosts = sorted({urlsplit(address).netloc for address in addresses if address.startswith("http:")})
    return [f"`{host}` was asked without TLS: what came may be anybody's" for host in hosts]


def _clock_notes(arrivals: Iterable[_Arrival], today: date) -> list[str]:
    """Say when servers have another day than this machine."""
    for arrival in arrivals:
        fetched = arrival.fetched
        if fetched is None or fetched.server_date is None:
            continue
        if abs(fetched.server_date - today) > CLOCK_TOLERANCE:
            host = urlsplit(fetched.file.address).hostname
            return [
                f"the clock of this machine says {today.isoformat()}, `{host}` says {fetched.server_date.isoformat()}"
            ]
    return []
