"""What a file of advisory data is, told by its content: names and suffixes are whatever somebody made of them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.zip_members import ZipError, ZipLimits, read_members
from basewise.advisories.publishers import publisher_of
from basewise.advisories.read_input import open_input
from basewise.errors import StoreError

__all__ = ["DATED_FEEDS", "Recognised", "recognise"]

DATED_FEEDS = frozenset({"cpython", "epss", "kev", "nvd", "osv"})
"""Feeds whose data carries its own date."""

SAMPLED_RECORDS = 200
_BEGIN_BYTES = 64 * 1024
_MAX_DOCUMENT_BYTES = 512 * 1024**2
_BUFFER_BYTES = 1024**2
_SAMPLE_LIMITS = ZipLimits(total_bytes=256 * 1024**2)
_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK"
_GZIP_WINDOW = 31
_BRANCH = re.compile(r"v?(\d{1,2}\.\d{1,3}|edge)", re.ASCII)
_NVD = re.compile(rb'"format"\s*:\s*"NVD_CVE"|"cvssMetricV|"sourceIdentifier"')
_SECDB_PUBLISHERS = {"wolfi": "wolfi_secdb", "chainguard": "chainguard_secdb", "cgr.dev": "chainguard_secdb"}


class Recognised(msgspec.Struct, frozen=True, order=True):
    """What a file can be read as.

    Args:
        feed: That reads it.
        scope: Which part of the feed, "" for the whole.
        repository: Of an apk distribution, "" for none.
    """

    feed: str
    scope: str = ""
    repository: str = ""

    @property
    def name(self) -> str:
        """As sources are named."""
        return f"{self.feed} {self.scope}".rstrip()


class _Package(msgspec.Struct):
    ecosystem: str = ""


class _Affected(msgspec.Struct):
    package: _Package | None = None


class _Record(msgspec.Struct):
    """The part of an OSV record that says what it is about."""

    id: str
    affected: list[_Affected] | None = None


def recognise(path: Path) -> Recognised | None:
    """Return what a file is; None when it is nothing that can be read.

    Args:
        path: A regular file.

    Raises:
        StoreError: It cannot be read, or could be several things.
    """
    with open_input(path, _BUFFER_BYTES) as file:
        begin = file.read(_BEGIN_BYTES)
    if begin.startswith(_ZIP_MAGIC):
        return _recognise_zip(path)
    if begin.startswith(_GZIP_MAGIC):
        try:
            begin = zlib.decompressobj(_GZIP_WINDOW).decompress(begin, _BEGIN_BYTES)
        except zlib.error:
            return None
        return _recognise_text(begin)
    return _recognise_text(begin) or _recognise_json(path, begin)


def _recognise_text(begin: bytes) -> Recognised | None:
    """Recognise what the first bytes give away."""
    start = begin.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"#model_version", b"cve,epss,")):
        return Recognised("epss")
    if start.startswith(b"{") and _NVD.search(begin):
        return Recognised("nvd")
    return None


def _recognise_json(path: Path, begin: bytes) -> Recognised | None:
    """Recognise a table by its keys."""
    if not begin.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    with open_input(path, _BUFFER_BYTES) as file:
        raw = file.read(_MAX_DOCUMENT_BYTES)
    try:
        document = msgspec.json.decode(raw, type=prepared(dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if _text_of(document.get("packages")).startswith(b"["):
        return _recognise_secdb(path, {name: _text(document.get(name)) for name in _SECDB_FIELDS})
    for keys, feed in _KEYS.items():
        if keys <= set(document):
            return Recognised(feed)
    return Recognised("debian_tracker") if _is_tracked(next(iter(document.values()), None)) else None


_KEYS: Mapping[frozenset[str], str] = {
    frozenset({"vulnerabilities", "dateReleased"}): "kev",
    frozenset({"coverage", "releases"}): "cpython",
    frozenset({"cves"}): "debian_tracker",
}
_SECDB_FIELDS = ("distroversion", "urlprefix", "reponame")


def _recognise_secdb(path: Path, fields: Mapping[str, str]) -> Recognised:
    """Recognise whose security database a file is, by what it says, else by the folder's name.

    Raises:
        StoreError: Neither says.
    """
    said = " ".join(fields.values()).lower()
    for sign, feed in _SECDB_PUBLISHERS.items():
        if sign in said:
            return Recognised(feed)
    match = _BRANCH.fullmatch(fields["distroversion"] or path.parent.name)
    if match is None:
        raise StoreError(
            f"cannot tell which branch of Alpine `{path}` is of",
            hint="put it into a folder of the branch's name, for example `v3.22`, as Alpine has it",
        )
    return Recognised("alpine_secdb", match[1], fields["reponame"] or path.stem)


def _recognise_zip(path: Path) -> Recognised | None:
    """Recognise OSV's file of an ecosystem: the one that each of its records speaks of.

    Raises:
        StoreError: There are several, and the folder's name does not say which.
    """
    common: set[str] | None = None
    published = publisher_of("osv").every_ecosystem
    try:
        with open_input(path, _BUFFER_BYTES) as file:
            for number, member in enumerate(read_members(file, _SAMPLE_LIMITS)):
                if number >= SAMPLED_RECORDS:
                    break
                spoken = _ecosystems(member.content)
                if spoken:
                    common = spoken if common is None else common & spoken
    except ZipError:
        return Recognised("osv", path.parent.name) if path.parent.name in published else None
    known = sorted((common or set()) & set(published))
    if path.parent.name in known:
        known = [path.parent.name]
    if len(known) > 1:
        raise StoreError(
            f"cannot tell which ecosystem `{path}` is of: {' or '.join(known)}",
            hint="put it into a folder of the ecosystem's name, as OSV's bucket has it",
        )
    return Recognised("osv", known[0]) if known else None


def _ecosystems(content: bytes) -> set[str]:
    """Return the ecosystems that a record speaks of, without releases; those of the PSF name no package."""
    try:
        record = msgspec.json.decode(content, type=prepared(_Record))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return set()
    if record.id.startswith("PSF-"):
        return {"PSF"}
    packages = (affected.package for affected in record.affected or ())
    return {package.ecosystem.partition(":")[0] for package in packages if package is not None}


def _text_of(raw: msgspec.Raw | None) -> bytes:
    return b"" if raw is None else bytes(raw).lstrip()


def _text(raw: msgspec.Raw | None) -> str:
    value = _decoded(raw)
    return value if isinstance(value, str) else ""


def _is_tracked(raw: msgspec.Raw | None) -> bool:
    """Tell whether a value is a table of vulnerabilities with releases, as Debian's tracker has one a package."""
    table = _decoded(raw)
    if not isinstance(table, dict) or not table:
        return False
    first = next(iter(table.values()))
    return isinstance(first, dict) and isinstance(first.get("releases"), dict)


def _decoded(raw: msgspec.Raw | None) -> Any:  # noqa: ANN401 - whatever a file has there
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
