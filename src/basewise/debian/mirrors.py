"""Where a Debian archive is: from the settings, else from apt's own sources.

The mirror that apt uses for one release serves the others too, so its address is applied to all.

Reference: sources.list(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from basewise.debian.control import iterate_stanzas
from basewise.errors import ArchiveError

__all__ = [
    "KEYRING_VARIABLE",
    "MIRROR_VARIABLE",
    "SECURITY_MIRROR_VARIABLE",
    "Mirrors",
    "find_mirrors",
]

MIRROR_VARIABLE = "BASEWISE_DEBIAN_MIRROR"
SECURITY_MIRROR_VARIABLE = "BASEWISE_DEBIAN_SECURITY_MIRROR"
KEYRING_VARIABLE = "BASEWISE_DEBIAN_KEYRING"

_MAX_SOURCES_BYTES = 1024 * 1024
_DEFAULT_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
_RELEASES = frozenset(
    [
        "stable",
        "oldstable",
        "oldoldstable",
        "testing",
        "unstable",
        "sid",
        "buster",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
    ]
)
_ONE_LINE = re.compile(
    r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)"
)


class Mirrors(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of an archive.

    Args:
        main: Of releases and their updates, without a final slash.
        security: Of the security suites.
        keyring: Public keys that signatures are checked with, None when there are none here.
    """

    main: str
    security: str
    keyring: Path | None = None


class _Source(msgspec.Struct, frozen=True):
    """One source of apt: an address, a suite, the file of keys."""

    uri: str
    suite: str
    signed_by: str


def find_mirrors(etc: Path = Path("/etc/apt"), environment: Mapping[str, str] | None = None) -> Mirrors:
    """Find the archive.

    Args:
        etc: Directory of apt's configuration.
        environment: Settings; the process's own when None.

    Returns:
        The mirrors that the settings name, completed from apt's sources.

    Raises:
        ArchiveError: Neither names a mirror, or only one of the two kinds.
    """
    settings = os.environ if environment is None else environment
    sources = tuple(_read_sources(etc))
    main = settings.get(MIRROR_VARIABLE) or _first(sources, security=False)
    security = settings.get(SECURITY_MIRROR_VARIABLE) or _first(sources, security=True)
    if not main or not security:
        what = "no Debian mirror" if not main else "no mirror of Debian's security suites"
        raise ArchiveError(
            f"{what} is known: apt's sources in `{etc}` name none",
            hint=f"set `{MIRROR_VARIABLE}` and `{SECURITY_MIRROR_VARIABLE}` to the addresses of a mirror",
        )
    return Mirrors(main=main.rstrip("/"), security=security.rstrip("/"), keyring=_keyring(sources, settings))


def _first(sources: tuple[_Source, ...], *, security: bool) -> str:
    return next((source.uri for source in sources if _is_security(source.suite) is security), "")


def _is_security(suite: str) -> bool:
    return suite.endswith(("-security", "/updates"))


def _keyring(sources: tuple[_Source, ...], settings: Mapping[str, str]) -> Path | None:
    stated = settings.get(KEYRING_VARIABLE)
    if stated:
        return Path(stated)
    signed_by = (Path(source.signed_by) for source in sources if source.signed_by.startswith("/"))
    return next((path for path in (*signed_by, *_DEFAULT_KEYRINGS) if path.is_file()), None)


def _read_sources(etc: Path) -> Iterator[_Source]:
    """Yield the enabled binary sources of Debian's own suites, deb822 files first."""
    files = sorted((etc / "sources.list.d").glob("*.sources")) if etc.is_dir() else []
    for path in files:
        yield from _deb822_sources(_read(path))
    lists = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))] if etc.is_dir() else []
    for path in lists:
        yield from _one_line_sources(_read(path).decode("utf-8", "replace"))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_SOURCES_BYTES)
    except OSError:
        return b""


def _deb822_sources(data: bytes) -> Iterator[_Source]:
    lines = b"\n".join(line for line in data.splitlines() if not line.startswith(b"#"))
    for stanza in iterate_stanzas(lines):
        if stanza.get("enabled", "yes").lower() in {"no", "false", "0"}:
            continue
        if "deb" not in stanza.get("types", "").split():
            continue
        signed_by = stanza.get("signed-by", "").split(",")[0].strip()
        for uri in stanza.get("uris", "").split():
            for suite in stanza.get("suites", "").split():
                if _is_usable(uri, suite):
                    yield _Source(uri, suite, signed_by)


def _one_line_sources(text: str) -> Iterator[_Source]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if match is None or not _is_usable(match["uri"], match["suite"]):
            continue
        options = dict(option.split("=", 1) for option in (match["options"] or "").split() if "=" in option)
        yield _Source(match["uri"], match["suite"], options.get("signed-by", "").split(",")[0])


def _is_usable(uri: str, suite: str) -> bool:
    release = suite.partition("/")[0].partition("-")[0]
    return uri.startswith(("http://", "https://")) and release in _RELEASES
