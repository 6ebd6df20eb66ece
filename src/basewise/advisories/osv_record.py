"""A record of OSV: the fields that are read, and which vulnerabilities it speaks of.

Reference: OSV schema 1.7, https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from basewise._internal.prepared import prepared

__all__ = ["OsvAffected", "OsvEvent", "OsvRecord", "OsvSeverity", "Spoken", "decode_record", "spoken_of"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{1,127}", re.ASCII)
_CVE = re.compile(r"(?:[A-Z]+-)?(CVE-\d{4}-\d{4,19})", re.ASCII)
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}", re.ASCII)
_ERRATUM = re.compile(r"(?:DSA|DLA|DTSA|USN|LSN|(?:RH|AL|RL|RX|EL)(?:SA|BA|EA))-", re.ASCII)
_NO_SECURITY = re.compile(r"[A-Z]{2}(?:BA|EA)-", re.ASCII)
_ZERO_TIME = "0001-"
_CACHED_DAYS = 16_384
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class OsvEvent(msgspec.Struct, frozen=True, gc=False):
    """One event of a range."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class _Range(msgspec.Struct, frozen=True):
    """A range of versions or commits."""

    type: str
    events: list[OsvEvent] = []


class _Package(msgspec.Struct, frozen=True, gc=False):
    """A package of an ecosystem."""

    ecosystem: str
    name: str


class OsvSeverity(msgspec.Struct, frozen=True, gc=False):
    """A score: a CVSS vector, or a word of a distribution (`Ubuntu`: `medium`)."""

    type: str
    score: str


class _Specific(msgspec.Struct, frozen=True):
    """What an ecosystem or a database adds."""

    urgency: Any = None
    severity: Any = None


class OsvAffected(msgspec.Struct, frozen=True):
    """One package and its affected versions."""

    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[OsvSeverity] | None = None
    ecosystem_specific: _Specific | None = None
    database_specific: _Specific | None = None


class OsvRecord(msgspec.Struct, frozen=True):
    """One record; prose but for the first word of the summary is not kept."""

    id: str
    modified: str = ""
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    related: list[str] | None = None
    upstream: list[str] | None = None
    summary: str | None = None
    severity: list[OsvSeverity] | None = None
    affected: list[OsvAffected] | None = None
    database_specific: _Specific | None = None

    @property
    def is_withdrawn(self) -> bool:
        """It was taken back; the zero time of the converters' language is no date."""
        return bool(self.withdrawn) and not str(self.withdrawn).startswith(_ZERO_TIME)

    @property
    def published_on(self) -> str:
        """The day of publication, "" when not known."""
        return _day_of((self.published or "")[:10])

    @property
    def modified_on(self) -> str:
        """The day of the last change, "" when not known."""
        return _day_of(self.modified[:10])


_DECODER = msgspec.json.Decoder(prepared(OsvRecord))


def decode_record(raw: bytes) -> OsvRecord:
    """Read a record.

    Raises:
        ValueError: It is no record; the message says why.
    """
    try:
        record = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not _ID.fullmatch(record.id):
        raise ValueError(f"its id `{record.id[:40]}` is no id")
    return record


class Spoken(msgspec.Struct, frozen=True):
    """What a fact of a record is called.

    Args:
        id: Of the vulnerability or of the erratum.
        aliases: Other ids of the vulnerability, or those of all that the erratum fixes; sorted.
        detail: The record's id, where it is neither.
    """

    id: str
    aliases: tuple[str, ...] = ()
    detail: str = ""


def spoken_of(record: OsvRecord, *, is_distribution: bool) -> tuple[Spoken, ...]:
    """Return what a record speaks of; nothing for an update of a distribution that fixes no vulnerability.

    A distribution's record is a statement about ids that it names as `upstream`, older ones as `related` or
    as aliases: `DEBIAN-CVE-2024-1234` is CVE-2024-1234, an erratum (RHSA, DSA, USN …) can fix several. Where
    a record that is no known kind of erratum names several CVEs, it speaks of each.

    Args:
        record: The record.
        is_distribution: Of a distribution; else its id and aliases are taken as they are.
    """
    if not is_distribution:
        return (Spoken(record.id, _ids(record.aliases or (), record.id)),)
    own = _CVE.fullmatch(record.id)
    aliases = _ids(record.aliases or (), record.id)
    if own:
        return (Spoken(own[1], _ghsas(aliases)),)
    upstream = record.upstream or ()
    cves = _cves(upstream) or _cves((*aliases, *(record.related or ())))
    ghsas = _ghsas((*upstream, *aliases))
    if _ERRATUM.match(record.id):
        named = cves or ghsas
        is_security = named or not _NO_SECURITY.match(record.id)
        return (Spoken(record.id, named),) if is_security else ()
    if len(cves) > 1:
        return tuple(Spoken(name, (), record.id) for name in cves)
    names = (*cves, *ghsas)
    return (Spoken(names[0], names[1:], record.id),) if names else (Spoken(record.id, aliases),)


def _ids(names: Iterable[str], own: str) -> tuple[str, ...]:
    """Return the names that are ids and not the own one, sorted."""
    return tuple(sorted({name for name in names if name != own and _ID.fullmatch(name)}))


def _cves(names: Iterable[str]) -> tuple[str, ...]:
    """Return the CVE ids among names, without a distribution's prefix, sorted."""
    return tuple(sorted({match[1] for name in names if (match := _CVE.fullmatch(name))}))


def _ghsas(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if _GHSA.fullmatch(name)}))


@lru_cache(maxsize=_CACHED_DAYS)
def _day_of(day: str) -> str:
    """Return the first ten characters of a timestamp, "" when they are no date."""
    return day if _DATE.fullmatch(day) and not day.startswith(_ZERO_TIME) else ""
