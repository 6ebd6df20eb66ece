"""A Debian archive over HTTP: releases, package indexes and packages, each checked against its hash.

The chain is: a key of the keyring signs `InRelease`, which names the SHA256 of `Packages`, which names the
SHA256 of each `.deb`. Nothing is parsed before its hash was compared, and every download has a cap.
"""

from __future__ import annotations

import hashlib
import lzma
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from basewise._internal.http import HttpClient, HttpError
from basewise._internal.paths import write_atomically
from basewise.debian.control import iterate_stanzas
from basewise.debian.mirrors import Mirrors
from basewise.debian.package import BinaryPackage, SuiteIndex, package_from_stanza
from basewise.debian.release import IndexFile, SuiteRelease, parse_release
from basewise.debian.signature import read_clear_signed
from basewise.errors import ArchiveError, InvalidValueError, OutputError
from basewise.versions import debian

__all__ = ["Archive", "ArchiveEntry", "ArchiveSuite", "MissingFileError", "merge_suites", "suites_of"]

MAX_RELEASE_BYTES = 8 * 1024 * 1024
MAX_INDEX_BYTES = 64 * 1024 * 1024
MAX_INFLATED_INDEX_BYTES = 512 * 1024 * 1024
MAX_DEB_BYTES = 96 * 1024 * 1024

_FIELDS = frozenset(
    [
        "package",
        "version",
        "architecture",
        "source",
        "size",
        "installed-size",
        "pre-depends",
        "depends",
        "provides",
        "priority",
        "essential",
        "filename",
        "sha256",
    ]
)
_ROLLING = frozenset({"sid", "unstable", "testing", "forky"})
_HTTP_OK = 200
_HTTP_NOT_FOUND = 404


class MissingFileError(ArchiveError):
    """The mirror does not have a file that its index names."""


class ArchiveEntry(msgspec.Struct, frozen=True):
    """A package of an index, with its file.

    Args:
        package: The package.
        filename: Path of the `.deb` below the mirror.
        sha256: Of the `.deb`.
        suite: The suite that it is in.
    """

    package: BinaryPackage
    filename: str
    sha256: str
    suite: str


class ArchiveSuite(msgspec.Struct, frozen=True):
    """One suite as read: what it says of itself, which index was read, and all its packages."""

    release: SuiteRelease
    index_path: str
    index: IndexFile
    entries: tuple[ArchiveEntry, ...]


def suites_of(release: str) -> tuple[str, ...]:
    """Return the suites that make up a release: itself, its updates and its security suite."""
    return (release,) if release in _ROLLING else (release, f"{release}-updates", f"{release}-security")


class Archive:
    """Reads one archive.

    Args:
        mirrors: Where it is, and the keyring.
        client: The HTTP client.
        cache: Directory for files named by their SHA256, None to keep nothing.
    """

    def __init__(self, mirrors: Mirrors, client: HttpClient, *, cache: Path | None = None) -> None:
        self._mirrors = mirrors
        self._client = client
        self._cache = cache

    def release(self, suite: str) -> SuiteRelease:
        """Fetch and verify `InRelease` of a suite.

        Raises:
            MissingFileError: The mirror has no such suite.
            ArchiveError: It cannot be fetched, or its signature is bad.
        """
        what = f"dists/{suite}/InRelease"
        data = self._get(f"{self._base(suite)}/{what}", MAX_RELEASE_BYTES)
        signed = read_clear_signed(data, keyring=self._mirrors.keyring, what=what)
        return parse_release(
            signed.text,
            suite=suite,
            sha256=hashlib.sha256(data).hexdigest(),
            verified=signed.verified,
            note=signed.why_not,
        )

    def suite(self, suite: str, architecture: str, component: str = "main") -> ArchiveSuite:
        """Fetch the package index of a suite.

        Raises:
            MissingFileError: The mirror has no such suite or index.
            ArchiveError: Something cannot be fetched, verified or read.
        """
        release = self.release(suite)
        path, index = _choose_index(release, f"{component}/binary-{architecture}/Packages")
        raw = self._hashed(self._base(suite), f"dists/{suite}/{path}", index, MAX_INDEX_BYTES, by_hash=True)
        data = _inflate(raw, path, MAX_INFLATED_INDEX_BYTES)
        return ArchiveSuite(release, path, index, tuple(_read_entries(data, suite)))

    def deb(self, entry: ArchiveEntry, *, max_bytes: int = MAX_DEB_BYTES) -> bytes:
        """Fetch a package file.

        Raises:
            MissingFileError: The mirror does not have it.
            ArchiveError: It is larger than the cap, cannot be fetched or has another hash.
        """
        stated = IndexFile(entry.sha256, entry.package.download_bytes)
        return self._hashed(self._base(entry.suite), entry.filename, stated, max_bytes, keep=False)

    def _base(self, suite: str) -> str:
        return self._mirrors.security if suite.endswith("-security") else self._mirrors.main

    def _hashed(
        self,
        base: str,
        path: str,
        stated: IndexFile,
        max_bytes: int,
        *,
        by_hash: bool = False,
        keep: bool = True,
    ) -> bytes:
        """Return a file with the stated hash, from the cache or the mirror."""
        if stated.size_bytes > max_bytes:
            raise ArchiveError(
                f"`{path}` is {stated.size_bytes} bytes large; at most {max_bytes} bytes are read"
            )
        kept = self._cache / stated.sha256 if self._cache is not None and keep else None
        if kept is not None and kept.is_file():
            data = kept.read_bytes()
            if hashlib.sha256(data).hexdigest() == stated.sha256:
                return data
        data = self._get(f"{base}/{path}", stated.size_bytes)
        if by_hash and hashlib.sha256(data).hexdigest() != stated.sha256:
            # A mirror that is being renewed serves the newer index under the same name.
            directory = path.rsplit("/", 1)[0]
            data = self._get(f"{base}/{directory}/by-hash/SHA256/{stated.sha256}", stated.size_bytes)
        if hashlib.sha256(data).hexdigest() != stated.sha256:
            raise ArchiveError(
                f"`{path}` does not have the SHA256 that its index states",
                hint="the mirror is damaged or being renewed; try again later or take another mirror",
            )
        if kept is not None:
            _keep(kept, data)
        return data

    def _get(self, url: str, max_bytes: int) -> bytes:
        try:
            response = self._client.get(url, max_bytes=max_bytes, headers={"accept-encoding": "identity"})
        except HttpError as error:
            raise ArchiveError(
                f"cannot fetch from the Debian mirror: {error}", hint="check the mirror and the network"
            ) from error
        if response.status == _HTTP_NOT_FOUND:
            raise MissingFileError(f"the Debian mirror does not have `{url.split('/', 3)[-1]}`")
        if response.status != _HTTP_OK:
            raise ArchiveError(
                f"cannot fetch `{url.split('/', 3)[-1]}`: the Debian mirror answers {response.status}",
                hint="check the mirror and the network",
            )
        return response.body


def merge_suites(release: str, architecture: str, suites: Iterable[ArchiveSuite]) -> dict[str, ArchiveEntry]:
    """Return the newest entry of each package name over the suites of a release.

    Args:
        release: Codename, for errors.
        architecture: Debian architecture; entries of others than this and `all` are left out.
        suites: As read.

    Raises:
        ArchiveError: Nothing is left.
    """
    newest: dict[str, ArchiveEntry] = {}
    for suite in suites:
        for entry in suite.entries:
            if entry.package.architecture not in {architecture, "all"}:
                continue
            known = newest.get(entry.package.name)
            if known is None or _is_newer(entry.package.version, known.package.version):
                newest[entry.package.name] = entry
    if not newest:
        raise ArchiveError(f"the indexes of `{release}` hold no package for `{architecture}`")
    return newest


def index_of(
    release: str, architecture: str, suites: Iterable[ArchiveSuite]
) -> tuple[SuiteIndex, dict[str, ArchiveEntry]]:
    """Return the index of a release with the entries behind it."""
    read = tuple(suites)
    entries = merge_suites(release, architecture, read)
    as_of = max(suite.release.date for suite in read)
    return SuiteIndex(release, architecture, as_of, (entry.package for entry in entries.values())), entries


def _is_newer(version: str, known: str) -> bool:
    try:
        return debian.compare(version, known) > 0
    except InvalidValueError:
        return False


def _choose_index(release: SuiteRelease, stem: str) -> tuple[str, IndexFile]:
    for suffix in (".xz", ".gz", ""):
        index = release.files.get(stem + suffix)
        if index is not None:
            return stem + suffix, index
    raise MissingFileError(f"suite `{release.suite}` has no `{stem}`")


def _inflate(raw: bytes, path: str, max_bytes: int) -> bytes:
    """Decompress a whole file with a cap on what comes out."""
    if not path.endswith((".xz", ".gz")):
        return raw
    try:
        if path.endswith(".xz"):
            unpack = lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
            data, ended = unpack.decompress(raw, max_bytes + 1), unpack.eof
        else:
            inflate = zlib.decompressobj(wbits=31)
            data, ended = inflate.decompress(raw, max_bytes + 1), inflate.eof
    except (lzma.LZMAError, zlib.error) as error:
        raise ArchiveError(f"cannot decompress `{path}`: {error}", hint="try another mirror") from error
    if len(data) > max_bytes:
        raise ArchiveError(f"`{path}` inflates to more than {max_bytes} bytes; it is not read")
    if not ended:
        raise ArchiveError(f"cannot decompress `{path}`: it ends early", hint="try another mirror")
    return data


def _read_entries(data: bytes, suite: str) -> Iterable[ArchiveEntry]:
    for stanza in iterate_stanzas(data, _FIELDS):
        package = package_from_stanza(stanza)
        filename, sha256 = stanza.get("filename", ""), stanza.get("sha256", "")
        if package is not None and filename and sha256:
            yield ArchiveEntry(package, filename, sha256, suite)


def _keep(path: Path, data: bytes) -> None:
    """Keep a file for the next run; a cache that cannot be written costs time, not the result."""
    try:
        write_atomically(path, data)
    except OutputError:
        return
