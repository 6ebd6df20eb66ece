"""What a source archive says of its dependencies, read without running anything of it.

`PKG-INFO` of Metadata-Version 2.2 or later states its dependencies for certain unless it calls them dynamic;
an older one usually does. What cannot be read is said to be unknown.
"""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from email.parser import HeaderParser

import msgspec

from basewise.model.requirement import DistributionFile

__all__ = ["SourceMetadata", "read_source_metadata", "requires_of_archive"]

_MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
_MAX_METADATA_BYTES = 1024 * 1024
_MAX_MEMBERS = 50_000
_MAX_REQUIREMENTS = 500
_REQUIREMENT = re.compile(r"[A-Za-z0-9][^\x00-\x1f\x7f]{0,500}\Z")
_FIRST_CERTAIN = (2, 2)


class SourceMetadata(msgspec.Struct, frozen=True):
    """Dependencies of a source archive, and why they may be incomplete ("" when they are certain)."""

    requires_dist: tuple[str, ...] = ()
    doubt: str = ""


def read_source_metadata(file: DistributionFile) -> SourceMetadata:
    """Fetch a source archive and read its metadata; nothing of it is unpacked or run."""
    from basewise._internal.http import HttpClient, HttpError  # noqa: PLC0415 - the HTTP library costs start-up time

    if file.url is None or not file.url.startswith(("http://", "https://")):
        return SourceMetadata(doubt="its source archive has no address")
    try:
        with HttpClient() as client:
            response = client.get(file.url, max_bytes=_MAX_ARCHIVE_BYTES)
    except HttpError:
        return SourceMetadata(doubt="its source archive could not be fetched")
    if response.status != 200:  # noqa: PLR2004 - OK
        return SourceMetadata(doubt=f"its source archive answered {response.status}")
    from hashlib import sha256  # noqa: PLC0415 - used here alone

    if file.sha256 is not None and sha256(response.body).hexdigest() != file.sha256:
        return SourceMetadata(doubt="its source archive has another hash than the index says")
    return requires_of_archive(response.body)


def requires_of_archive(archive: bytes) -> SourceMetadata:
    """Return the dependencies that `PKG-INFO` of a `.tar.gz` states."""
    try:
        text = _package_info(archive)
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError):
        text = None
    if text is None:
        return SourceMetadata(doubt="its source archive holds no readable PKG-INFO")
    headers = HeaderParser().parsestr(text)
    stated = [str(value) for value in headers.get_all("Requires-Dist") or ()]
    requires = tuple(line for line in stated[:_MAX_REQUIREMENTS] if _REQUIREMENT.match(line))
    dynamic = {str(value).strip().lower() for value in headers.get_all("Dynamic") or ()}
    certain = _version(str(headers.get("Metadata-Version", "1.0"))) >= _FIRST_CERTAIN
    if certain and "requires-dist" not in dynamic:
        return SourceMetadata(requires)
    doubt = "its metadata is dynamic" if certain else "its metadata is older than version 2.2"
    return SourceMetadata(requires, f"{doubt}, so its dependencies may be incomplete")


def _package_info(archive: bytes) -> str | None:
    """Return the text of `NAME-VERSION/PKG-INFO`, read as a stream."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|gz") as tar:
        for number, member in enumerate(tar):
            if number >= _MAX_MEMBERS:
                return None
            parts = member.name.removeprefix("./").split("/")
            if len(parts) == 2 and parts[1] == "PKG-INFO" and member.isreg():  # noqa: PLR2004 - directory and file
                reader = tar.extractfile(member)
                return reader.read(_MAX_METADATA_BYTES).decode("utf-8", "replace") if reader else None
    return None


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.strip().partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (1, 0)
