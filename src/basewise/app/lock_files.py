"""What the lock readers share: files from their URLs, hashes, and the packages that come from somewhere else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

import msgspec

from basewise._internal.text import safe_text
from basewise.app.requirement_text import WOULD_EXECUTE, is_name, normalise_name, redact_url
from basewise.errors import ManifestError
from basewise.model.requirement import DistributionFile, IndexLine, Location, NotRead

__all__ = ["check_pin", "decided_by_lock", "distribution_file", "elsewhere", "other_indexes", "sha256_of"]

_SHA256 = re.compile(r"(?:sha256[:=])?([0-9a-f]{64})\Z", re.IGNORECASE)
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,127}\Z")


def sha256_of(text: str) -> str | None:
    """Return the hexadecimal SHA-256 of `sha256:…`, None for other algorithms."""
    found = _SHA256.match(text)
    return found.group(1).lower() if found else None


def distribution_file(
    *, url: str = "", filename: str = "", digest: str = "", size_bytes: int | None = None
) -> DistributionFile | None:
    """Return a file of a lock, None when neither its name nor its URL says what it is."""
    name = filename or unquote(urlsplit_path(url).rpartition("/")[2])
    if not name or "/" in name or "\\" in name or safe_text(name) != name:
        return None
    return DistributionFile(
        filename=name,
        size_bytes=size_bytes if size_bytes is not None and size_bytes >= 0 else None,
        sha256=sha256_of(digest),
        url=url or None,
    )


def urlsplit_path(url: str) -> str:
    """Return the path of a URL, "" for one that does not parse."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def check_pin(name: str, version: str, location: Location) -> str:
    """Return the normalised name of a pin.

    Raises:
        ManifestError: The name or the version is none.
    """
    if not is_name(name):
        raise ManifestError(
            location.path, location.line or None, f"`{safe_text(name)[:80]}` is no package name"
        )
    if not _VERSION.match(version):
        problem = f"`{name}` has the version `{safe_text(version)[:80]}`, which is none"
        raise ManifestError(location.path, location.line or None, problem)
    return normalise_name(name)


def elsewhere(name: str, kind: str, where: str, location: Location) -> NotRead:
    """Return the record of a package that a lock takes from a repository, a folder or an archive."""
    why = f"{kind} source: {WOULD_EXECUTE}"
    return NotRead(what=f"{name} @ {redact_url(where)}", why=why, location=location, needed=True)


def decided_by_lock(not_read: Iterable[NotRead]) -> tuple[NotRead, ...]:
    """Return what a project left out when its lock is read: the lock says itself what is missing of it."""
    return tuple(msgspec.structs.replace(record, needed=False) for record in not_read)


def other_indexes(indexes: Iterable[tuple[str, str, Location]]) -> tuple[IndexLine, ...]:
    """Return the indexes that a lock uses beside its most common one, with the packages taken from each.

    Args:
        indexes: (index URL, package, where) for each package.
    """
    every = [(redact_url(url), package, location) for url, package, location in indexes if url]
    if not every:
        return ()
    counts = Counter(url for url, _, _ in every)
    usual = min(counts, key=lambda url: (-counts[url], url))
    others: dict[str, tuple[Location, list[str]]] = {}
    for url, package, location in every:
        if url != usual:
            others.setdefault(url, (location, []))[1].append(package)
    return tuple(
        IndexLine(url=url, location=location, packages=tuple(sorted(set(packages))))
        for url, (location, packages) in sorted(others.items())
    )
