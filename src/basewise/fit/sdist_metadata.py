"""What a source archive says of itself, read without unpacking or running anything of it.

`PKG-INFO` of Metadata-Version 2.2 or later states its dependencies for certain unless it calls them dynamic;
an older one usually does. Member names tell whether there is anything to compile.
"""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from email.parser import HeaderParser
from hashlib import sha256
from pathlib import Path, PurePosixPath

import msgspec

from basewise._internal.paths import cache_directory, write_atomically
from basewise._internal.prepared import prepared
from basewise._internal.text import format_bytes
from basewise.errors import OutputError
from basewise.model.requirement import DistributionFile

__all__ = ["SourceArchives", "SourceMetadata", "read_archive"]

_MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
_MAX_METADATA_BYTES = 1024 * 1024
_MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
_MAX_MEMBERS = 50_000
_MAX_REQUIREMENTS = 500
_OK = 200
_REQUIREMENT = re.compile(r"[A-Za-z0-9][^\x00-\x1f\x7f]{0,500}\Z")
_FIRST_CERTAIN = (2, 2)
_TOP_LEVEL = 2
_COMPILED_SUFFIXES = frozenset(
    {".c", ".cc", ".cpp", ".cu", ".cxx", ".f", ".f90", ".for", ".go", ".m", ".pxd", ".pyx", ".rs", ".zig"}
)
_COMPILED_NAMES = frozenset({"CMakeLists.txt", "Cargo.toml", "meson.build"})


class SourceMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a source archive.

    Args:
        requires_dist: Dependencies that it states.
        doubt: Why they may be incomplete, "" when they are certain.
        compiled: It holds something to compile; None when its members could not be listed.
    """

    requires_dist: tuple[str, ...] = ()
    doubt: str = ""
    compiled: bool | None = None


class SourceArchives:
    """Reads source archives by their address, each once: kept by hash in the cache directory.

    Args:
        offline: Read the cache alone.
        directory: The cache; None for `sources` in the cache directory.
    """

    def __init__(self, *, offline: bool = False, directory: Path | None = None) -> None:
        self._offline = offline
        self._directory = directory if directory is not None else cache_directory() / "sources"

    def read(self, file: DistributionFile) -> SourceMetadata:
        """Return what an archive says; where it cannot be fetched, that is the doubt."""
        cached = self._cached(file.sha256)
        if cached is not None:
            return cached
        if self._offline or file.url is None or not file.url.startswith(("http://", "https://")):
            return SourceMetadata(
                doubt="its source archive was not fetched, so its dependencies are not known"
            )
        if (file.size_bytes or 0) > _MAX_ARCHIVE_BYTES:
            limit = format_bytes(_MAX_ARCHIVE_BYTES)
            doubt = f"its source archive is larger than {limit} and was not read, so its dependencies are not known"
            return SourceMetadata(doubt=doubt)
        body, problem = _fetch(file.url)
        if body is None:
            return SourceMetadata(doubt=f"{problem}, so its dependencies are not known")
        if file.sha256 is not None and sha256(body).hexdigest() != file.sha256:
            return SourceMetadata(doubt="its source archive has another hash than the index says")
        metadata = read_archive(body)
        if file.sha256 is not None:
            self._keep(file.sha256, metadata)
        return metadata

    def _cached(self, digest: str | None) -> SourceMetadata | None:
        if digest is None or not re.fullmatch(r"[0-9a-f]{64}", digest):
            return None
        try:
            return msgspec.json.decode(
                (self._directory / f"{digest}.json").read_bytes(), type=prepared(SourceMetadata)
            )
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def _keep(self, digest: str, metadata: SourceMetadata) -> None:
        try:
            write_atomically(self._directory / f"{digest}.json", msgspec.json.encode(metadata))
        except OutputError:
            return


def read_archive(archive: bytes) -> SourceMetadata:
    """Return what a `.tar.gz` says of its dependencies, and whether it holds anything to compile."""
    try:
        text, compiled = _scan(archive)
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError):
        text, compiled = None, None
    if text is None:
        return SourceMetadata(doubt="its source archive holds no readable PKG-INFO", compiled=compiled)
    headers = HeaderParser().parsestr(text)
    stated = [str(value) for value in headers.get_all("Requires-Dist") or ()]
    requires = tuple(line for line in stated[:_MAX_REQUIREMENTS] if _REQUIREMENT.match(line))
    dynamic = {str(value).strip().lower() for value in headers.get_all("Dynamic") or ()}
    certain = _version(str(headers.get("Metadata-Version", "1.0"))) >= _FIRST_CERTAIN
    doubt = ""
    if not certain:
        doubt = "its metadata is older than version 2.2, so its dependencies may be incomplete"
    elif "requires-dist" in dynamic:
        doubt = "its dependencies are dynamic and may be incomplete"
    return SourceMetadata(requires_dist=requires, doubt=doubt, compiled=compiled)


def _fetch(url: str) -> tuple[bytes | None, str]:
    from basewise._internal.http import HttpClient, HttpError  # noqa: PLC0415 - the HTTP library costs start-up time

    try:
        with HttpClient() as client:
            response = client.get(url, max_bytes=_MAX_ARCHIVE_BYTES)
    except HttpError:
        return None, "its source archive could not be fetched"
    if response.status != _OK:
        return None, f"the index answered {response.status} for its source archive"
    return response.body, ""


def _scan(archive: bytes) -> tuple[str | None, bool | None]:
    """Return the text of `NAME-VERSION/PKG-INFO` and whether there is something to compile, read as a stream."""
    text: str | None = None
    compiled = False
    unpacked = 0
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|gz") as tar:
        for number, member in enumerate(tar):
            unpacked += member.size
            if number >= _MAX_MEMBERS or unpacked > _MAX_UNPACKED_BYTES:
                return text, None
            path = PurePosixPath(member.name.removeprefix("./"))
            compiled = compiled or path.suffix.lower() in _COMPILED_SUFFIXES or path.name in _COMPILED_NAMES
            if len(path.parts) == _TOP_LEVEL and path.name == "PKG-INFO" and member.isreg():
                reader = tar.extractfile(member)
                text = reader.read(_MAX_METADATA_BYTES).decode("utf-8", "replace") if reader else None
    return text, compiled


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.strip().partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (1, 0)
