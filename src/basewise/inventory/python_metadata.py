"""Reading what stands beside an installed Python distribution: `METADATA`, `PKG-INFO`, `RECORD`, `direct_url.json`.

The bytes come from an image: only the headers are read, up to a limit, and nothing of them is trusted before
it looks like a name or a version.

Reference:
    Python packaging specifications: "Core metadata", "Recording installed projects", "Names and
    normalization" (PEP 503).
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import InvalidValueError
from basewise.versions.pep440 import sort_key

__all__ = [
    "Metadata",
    "Recorded",
    "name_of_directory",
    "normalise_name",
    "read_direct_url",
    "read_metadata",
    "read_record",
]

MAX_HEADER_BYTES = 256 * 1024
MAX_HEADERS = 4_096
MAX_RECORDED = 4_096
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,212}[A-Za-z0-9])?\Z")
_RUNS = re.compile(r"[-_.]+")
_HEADER = re.compile(rb"(name|version)[ \t]*:[ \t]*(.*?)[ \t\r]*\Z", re.IGNORECASE)
_WORTH_KEEPING = re.compile(
    rb"""
    (?:[^/]+/)*(?:[^/]+\.(?:dist-info|egg-info)/(?:METADATA|PKG-INFO|sboms/[^/]+))\Z
    """,
    re.VERBOSE,
)


class Metadata(msgspec.Struct, frozen=True, array_like=True):
    """What a metadata file says.

    Args:
        name: As written, "" when it says none that can be one.
        version: Likewise.
        checksums: Of the whole file, as `md5:…`, `sha1:…` and `sha256:…`.
    """

    name: str
    version: str
    checksums: tuple[str, ...]


class Recorded(msgspec.Struct, frozen=True, array_like=True):
    """What a `RECORD` says: how many files, and which of them are metadata of something else."""

    rows: int
    metadata: tuple[str, ...]


def normalise_name(name: str) -> str:
    """Return the one spelling of a distribution's name."""
    return _RUNS.sub("-", name).lower()


def read_metadata(content: bytes) -> Metadata:
    """Read name and version out of the headers of `METADATA` or `PKG-INFO`.

    Args:
        content: The whole file; only its headers are looked at, at most `MAX_HEADERS` of them.
    """
    found: dict[bytes, str] = {}
    for line in content[:MAX_HEADER_BYTES].removeprefix(b"\xef\xbb\xbf").split(b"\n")[:MAX_HEADERS]:
        if not line.strip():
            break
        match = _HEADER.match(line)
        if match:
            found.setdefault(match[1].lower(), match[2].decode("utf-8", "replace"))
            if len(found) == 2:  # noqa: PLR2004 - name and version
                break
    return Metadata(
        usable_name(found.get(b"name", "")), usable_version(found.get(b"version", "")), _hash(content)
    )


def usable_name(text: str) -> str:
    """Return a name, or "" for a text that can be none."""
    return text if _NAME.match(text) and text != "UNKNOWN" else ""


def usable_version(text: str) -> str:
    """Return a version, or "" for a text that is none."""
    try:
        sort_key(text)
    except InvalidValueError:
        return ""
    return text


def name_of_directory(directory: str) -> tuple[str, str]:
    """Return name and version as the name of a `.dist-info`, `.egg-info`, `.egg` or `.whl` says them.

    Args:
        directory: Its name or path, `numpy-2.1.0.dist-info`.

    Returns:
        Both, or "" for what is missing or can be none.
    """
    stem, _, suffix = directory.rpartition("/")[2].rpartition(".")
    if suffix.lower() == "dist-info":
        name, _, version = stem.rpartition("-")
    else:
        name, _, rest = stem.partition("-")
        version = rest.partition("-")[0]
    return usable_name(name or stem), usable_version(version)


def _hash(content: bytes) -> tuple[str, ...]:
    """Return the checksums that the databases of OS packages use."""
    return (
        f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}",
        f"sha1:{hashlib.sha1(content, usedforsecurity=False).hexdigest()}",
        f"sha256:{hashlib.sha256(content).hexdigest()}",
    )


def read_record(content: bytes) -> Recorded:
    """Read the paths of a `RECORD` that are metadata of another distribution, relative to the site directory."""
    found: list[str] = []
    if b"-info/" in content:
        for line in content.split(b"\n"):
            if b"-info/" not in line:
                continue
            path = line.strip(b"\r").rpartition(b",")[0].rpartition(b",")[0].strip(b'"')
            if (
                len(found) < MAX_RECORDED
                and _WORTH_KEEPING.match(path)
                and path.isascii()
                and b".." not in path
            ):
                found.append(path.decode("ascii"))
    return Recorded(content.count(b"\n"), tuple(found))


class _DirectoryInfo(msgspec.Struct):
    editable: bool = False


class _DirectUrl(msgspec.Struct):
    dir_info: _DirectoryInfo | None = None


def read_direct_url(content: bytes) -> str:
    """Return how a distribution was installed that came from no index: `editable` or `direct`."""
    try:
        stated = msgspec.json.decode(content, type=prepared(_DirectUrl))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "direct"
    return "editable" if stated.dir_info is not None and stated.dir_info.editable else "direct"
