"""Getting the changelog of each source package out of a Debian archive.

Every binary package carries its source's changelog, so the smallest is fetched. Some carry a link to another
package's documentation instead (gcc, ncurses), some files are gone from the mirrors of old suites: the next
binary is tried, then the next older version that an index still names.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise.debian.archive import Archive, ArchiveEntry, ArchiveSuite, MissingFileError
from basewise.debian.changelog import ChangelogEntry, parse_changelog
from basewise.debian.deb import DebChangelog, read_changelog
from basewise.errors import ArchiveError, OutputError
from basewise.versions import debian

__all__ = ["SourceHistory", "read_histories"]

MAX_DEB_BYTES = 48 * 1024 * 1024
MAX_TRIES_PER_VERSION = 8
MAX_VERSIONS = 3
_LINK_MARK = b"link "
_NONE_MARK = b"none"


class SourceHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The changelog of one source package in one release.

    Args:
        source: Source package name.
        current: Newest source version of the release.
        read: Source version whose changelog was read, "" when none was; older than `current` where the
            newest files are missing.
        entries: The changelog, newest entry first.
        problem: What went wrong, "" when the newest changelog was read.
    """

    source: str
    current: str
    read: str = ""
    entries: tuple[ChangelogEntry, ...] = ()
    problem: str = ""


def read_histories(
    archive: Archive,
    suites: Iterable[ArchiveSuite],
    sources: Collection[str],
    *,
    architecture: str,
    cache: Path | None,
    threads: int,
) -> tuple[SourceHistory, ...]:
    """Read the changelogs of all named sources that the suites hold, sorted by name.

    Args:
        archive: Where the packages are fetched from.
        suites: The suites of one release.
        sources: Source package names; those that the suites do not hold are left out.
        architecture: Packages of this architecture and of `all` are looked at.
        cache: Directory for changelogs by the SHA256 of their `.deb`, None to keep nothing.
        threads: Downloads at a time.
    """
    by_source: dict[str, list[ArchiveEntry]] = {}
    for suite in suites:
        for entry in suite.entries:
            package = entry.package
            if package.source in sources and package.architecture in {architecture, "all"}:
                by_source.setdefault(package.source, []).append(entry)

    def fetch(entry: ArchiveEntry) -> DebChangelog:
        return _changelog_of(archive, entry, cache)

    def read(source: str) -> SourceHistory:
        return _read_history(source, by_source[source], fetch)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return tuple(pool.map(read, sorted(by_source)))


def _read_history(
    source: str, entries: list[ArchiveEntry], fetch: Callable[[ArchiveEntry], DebChangelog]
) -> SourceHistory:
    """Try the versions of a source from the newest on."""
    versions = _versions(entries)
    if not versions:
        return SourceHistory(source=source, current="", problem="no version of it is comparable")
    problems: list[str] = []
    for version in versions[:MAX_VERSIONS]:
        binaries = [entry for entry in entries if entry.package.source_version == version]
        for changelog in _changelogs(binaries, fetch, problems):
            history = parse_changelog(changelog)
            # The first entry says whose changelog it is: an upstream one has no such heading.
            if any(entry.version == version for entry in history):
                older = "" if version == versions[0] else f"read up to {version}: {problems[0]}"
                return SourceHistory(
                    source=source, current=versions[0], read=version, entries=history, problem=older
                )
            problems.append(f"its changelog has no entry for {version}")
    return SourceHistory(
        source=source, current=versions[0], problem=problems[0] if problems else "it has no changelog"
    )


def _versions(entries: list[ArchiveEntry]) -> list[str]:
    """Return the comparable source versions, newest first."""
    versions = {entry.package.source_version for entry in entries}
    return sorted(filter(debian.is_valid, versions), key=debian.sort_key, reverse=True)


def _changelogs(
    binaries: list[ArchiveEntry], fetch: Callable[[ArchiveEntry], DebChangelog], problems: list[str]
) -> Iterator[bytes]:
    """Yield the changelogs that the binaries of one version carry, from the smallest file on."""
    queue = sorted(binaries, key=lambda entry: (entry.package.download_bytes, entry.package.name))
    by_name = {entry.package.name: entry for entry in queue}
    for _ in range(MAX_TRIES_PER_VERSION):
        if not queue:
            return
        entry = queue.pop(0)
        try:
            changelog = fetch(entry)
        except MissingFileError:
            problems.append(f"`{entry.filename.rsplit('/', 1)[-1]}` is missing from the mirror")
            continue
        except ArchiveError as error:
            problems.append(error.message)
            continue
        if changelog.text is not None:
            yield changelog.text
        elif (linked := by_name.get(changelog.linked_to)) in queue and linked is not None:
            queue.remove(linked)
            queue.insert(0, linked)
        else:
            problems.append(f"`{entry.package.name}` carries no changelog")


def _changelog_of(archive: Archive, entry: ArchiveEntry, cache: Path | None) -> DebChangelog:
    """Return the changelog of one `.deb`, from the cache where it was read before."""
    kept = cache / entry.sha256[:2] / entry.sha256 if cache is not None else None
    known = _from_cache(kept) if kept is not None else None
    if known is not None:
        return known
    data = archive.deb(entry, max_bytes=MAX_DEB_BYTES)
    changelog = read_changelog(data, entry.package.name)
    if kept is not None:
        try:
            write_atomically(kept, _cached_form(changelog))
        except OutputError:
            return changelog
    return changelog


def _cached_form(changelog: DebChangelog) -> bytes:
    if changelog.text is not None:
        return gzip.compress(changelog.text, compresslevel=6, mtime=0)
    return _LINK_MARK + changelog.linked_to.encode() if changelog.linked_to else _NONE_MARK


def _from_cache(path: Path) -> DebChangelog | None:
    """Return what was kept, None when nothing usable was."""
    try:
        data = path.read_bytes()
        if data == _NONE_MARK:
            return DebChangelog(None)
        if data.startswith(_LINK_MARK):
            return DebChangelog(None, data.removeprefix(_LINK_MARK).decode())
        return DebChangelog(gzip.decompress(data))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None
