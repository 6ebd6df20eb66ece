"""The `Release` file of a suite: its date and the hashes of its indexes.

Reference: the Debian repository format, section "Release files".
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import msgspec

from basewise.debian.control import parse_stanza
from basewise.errors import ArchiveError

__all__ = ["IndexFile", "SuiteRelease", "iso_date", "parse_release"]

_HASH_LINE = re.compile(r"^\s*([0-9a-f]{64})\s+([0-9]{1,15})\s+(\S+)\s*$", re.MULTILINE)


class IndexFile(msgspec.Struct, frozen=True):
    """Hash and size that a `Release` file states of one of its files."""

    sha256: str
    size_bytes: int


class SuiteRelease(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite says of itself.

    Args:
        suite: As asked for (`bookworm-security`).
        codename: As stated there.
        version: Point release (`12.15`), "" when it states none.
        date: When it was made, `YYYY-MM-DD`.
        valid_until: Until when it may be trusted to be the newest, "" without a limit.
        files: Index files by their path below the suite.
        sha256: Of the `InRelease` file.
        verified: Its signature was checked.
        note: Why it was not verified, or that its validity has passed; "" otherwise.
    """

    suite: str
    codename: str
    version: str
    date: str
    valid_until: str
    files: dict[str, IndexFile]
    sha256: str
    verified: bool
    note: str = ""


def parse_release(text: bytes, *, suite: str, sha256: str, verified: bool, note: str = "") -> SuiteRelease:
    """Parse the signed text of an `InRelease` file.

    Args:
        text: The text.
        suite: The suite that was asked for.
        sha256: Of the file.
        verified: Whether its signature was checked.
        note: What to remember of the check.

    Raises:
        ArchiveError: It lacks a date or hashes, or is of another suite.
    """
    fields = parse_stanza(text)
    codename, date = fields.get("codename", ""), iso_date(fields.get("date", ""))
    if suite not in {codename, fields.get("suite", "")}:
        raise ArchiveError(
            f"cannot read suite `{suite}`: the mirror answers with `{codename or 'something else'}`",
            hint="try another mirror",
        )
    files = {
        path: IndexFile(digest, int(size))
        for digest, size, path in _HASH_LINE.findall(fields.get("sha256", ""))
    }
    if not date or not files:
        raise ArchiveError(
            f"cannot read suite `{suite}`: its `InRelease` has no {'SHA256 list' if date else 'date'}",
            hint="try another mirror",
        )
    return SuiteRelease(
        suite=suite,
        codename=codename,
        version=fields.get("version", ""),
        date=date,
        valid_until=iso_date(fields.get("valid-until", "")),
        files=files,
        sha256=sha256,
        verified=verified,
        note=note,
    )


def iso_date(text: str) -> str:
    """Return the day of an RFC 5322 date as `YYYY-MM-DD`, "" when it does not parse."""
    try:
        return parsedate_to_datetime(text.strip()).date().isoformat() if text else ""
    except (ValueError, TypeError, IndexError):
        return ""
