"""OSV's bulk files: one zip file of records for each ecosystem.

Reference: OSV documentation, "Data dumps"; the records are described in `osv_record.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from basewise._internal.garbage import cycles_left_alone
from basewise._internal.zip_members import ZipError, ZipLimits, ZipMember, read_members
from basewise.advisories.bad_records import refuse_bad
from basewise.advisories.feed import FeedResult, Skipped, each_once
from basewise.advisories.osv_ecosystems import OSV_ECOSYSTEMS, OsvEcosystem, scope_of
from basewise.advisories.osv_facts import FactMaker
from basewise.advisories.osv_record import OsvRecord, decode_record
from basewise.advisories.read_input import input_of_file, open_input
from basewise.errors import StoreError
from basewise.model.advisory import Advisory, SourceStatus
from basewise.progress import Progress

__all__ = ["Osv"]

NAME = "osv"
MAX_SKIPPED_LISTED = 1000
STANDSTILL_DAYS = 14
SAID_EVERY_RECORDS = 20_000
_BUFFER_BYTES = 1024**2
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SLOW = frozenset({"PSF", "Chainguard", "Wolfi"})
"""Ecosystems where weeks without a new record are nothing odd."""


class Osv:
    """Reads the bulk file of one ecosystem.

    Args:
        path: The zip file.
        ecosystem: As OSV writes it, for example `Red Hat`; the name of the file's folder in the bucket.
        as_of: Date on which it was fetched, `YYYY-MM-DD`; "" takes the date of its newest record, and so does a
            file whose publisher stands still.
        limits: What reading may cost.

    Raises:
        StoreError: The ecosystem is none that can be read.
    """

    name = NAME

    def __init__(
        self, path: Path, ecosystem: str = "PyPI", *, as_of: str = "", limits: ZipLimits | None = None
    ) -> None:
        if ecosystem not in OSV_ECOSYSTEMS:
            raise StoreError(
                f"no advisories of OSV's ecosystem `{ecosystem[:60]}` are read",
                hint=f"ecosystems: {', '.join(OSV_ECOSYSTEMS)}",
            )
        self.name = f"{NAME} {ecosystem}"
        self._path = path
        self._wanted = OSV_ECOSYSTEMS[ecosystem]
        self._as_of = as_of
        self._limits = limits or ZipLimits()

    @cycles_left_alone()
    def collect(self, progress: Progress) -> FeedResult:
        """Read all records; those of other ecosystems in them are left alone, withdrawn ones too.

        Raises:
            StoreError: The file is missing or no zip file, over a limit, or more than `MAX_BAD_SHARE` of its
                records cannot be read.
        """
        progress.step(f"reading {self.name}")
        reading = _Reading(self._wanted)
        try:
            with open_input(self._path, _BUFFER_BYTES) as file:
                for member in read_members(file, self._limits):
                    reading.take(member)
                    if reading.records % SAID_EVERY_RECORDS == 0 and reading.records:
                        progress.step(f"reading {self.name}: {reading.records} records")
        except ZipError as error:
            raise StoreError(f"cannot read `{self._path}`: {error}", hint="fetch it again") from error
        self._refuse(reading)
        note, still = self._note(reading), self._is_still(reading)
        as_of = reading.newest if still or not self._as_of else self._as_of
        advisories = each_once(reading.facts)
        return FeedResult(
            sources=(
                SourceStatus(
                    name=self.name,
                    ecosystem=self._wanted.ecosystem,
                    as_of=as_of,
                    entries=len(advisories),
                    verified=False,
                    note=note,
                ),
            ),
            advisories=advisories,
            skipped=reading.skipped(),
            inputs=(input_of_file(self._path, as_of),),
        )

    def _refuse(self, reading: _Reading) -> None:
        """Refuse a file that was not read well enough to speak for its ecosystem."""
        refuse_bad(self._path, reading.records, reading.bad)
        if not (self._as_of or reading.newest):
            raise StoreError(f"cannot use `{self._path}`: no record carries a date")

    def _is_still(self, reading: _Reading) -> bool:
        """Tell whether the publisher stood still when the file was fetched."""
        return self._wanted.name not in _SLOW and _stands_still(reading.newest, self._as_of)

    def _note(self, reading: _Reading) -> str:
        """Return what is missing of this source."""
        said = []
        if reading.without_package:
            why = "name commits and no package: they match no release"
            said.append(f"{reading.without_package} of {reading.records} advisories {why}")
        if self._is_still(reading):
            said.append(f"its newest record is of {reading.newest}: the publisher stands still")
        return "; ".join(said)


class _Reading:
    """What was read of a file so far."""

    def __init__(self, wanted: OsvEcosystem) -> None:
        self._wanted = wanted
        self._maker = FactMaker(wanted, origin=NAME)
        self.records = 0
        self.newest = ""
        self.without_package = 0
        self.facts: list[Advisory] = []
        self.bad: list[Skipped] = []
        self._other_releases: Counter[str] = Counter()

    def take(self, member: ZipMember) -> None:
        """Read one file of the zip file."""
        self.records += 1
        if member.problem:
            self.bad.append(Skipped(member.name[-120:], member.problem))
            return
        try:
            self._take_record(_named_record(member))
        except ValueError as error:
            self.bad.append(Skipped(member.name[-120:], str(error)))

    def _take_record(self, record: OsvRecord) -> None:
        self.newest = max(self.newest, record.modified_on)
        if record.is_withdrawn:
            return
        scopes = []
        packages = 0
        for affected in record.affected or ():
            if affected.package is None:
                continue
            packages += 1
            scope = scope_of(affected.package.ecosystem, self._wanted)
            if isinstance(scope, str):
                if self._wanted.names_only_releases:
                    self._other_releases[scope] += 1
            elif scope is not None:
                scopes.append((affected, scope))
        if record.affected and not packages:
            self.without_package += 1
        if scopes:
            self.facts += self._maker.facts(record, scopes)

    def skipped(self) -> tuple[Skipped, ...]:
        """Return what was not understood: each bad record, and parts of good ones by reason."""
        name = self._wanted.name
        counted = [
            Skipped(f"entries of {name}", f"about `{scope}`, which is no release that is known", number)
            for scope, number in self._other_releases.items()
        ]
        parts = self._maker.not_understood
        counted += [Skipped(f"parts of {name}", why, number) for why, number in parts.items()]
        return tuple(sorted((*self.bad, *counted))[:MAX_SKIPPED_LISTED])


def _named_record(member: ZipMember) -> OsvRecord:
    """Return the record of a file.

    Raises:
        ValueError: It is none, or that of another id than the file's name says.
    """
    record = decode_record(member.content)
    if member.name.rpartition("/")[2] != f"{record.id}.json":
        raise ValueError(f"it holds the record `{record.id[:40]}`")
    return record


def _stands_still(newest: str, as_of: str) -> bool:
    """Tell whether nothing was published for long before a file was fetched."""
    if not (_DATE.fullmatch(newest) and _DATE.fullmatch(as_of)):
        return False
    try:
        return date.fromisoformat(as_of) - date.fromisoformat(newest) > timedelta(days=STANDSTILL_DAYS)
    except ValueError:
        return False
