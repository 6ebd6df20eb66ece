"""NVD's yearly files: CVSS vectors of CVE ids, and the ids that were rejected.

Nothing else of them is read: which package in which release is affected is said by those who ship it.

Reference: NVD, "CVE API 2.0" schema, which the files share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.bad_records import refuse_bad
from basewise.advisories.content import ECOSYSTEM_OF_VECTORS
from basewise.advisories.cve import is_cve
from basewise.advisories.feed import FeedResult, Input, Skipped
from basewise.advisories.read_input import input_of, read_input, unpacked
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus
from basewise.progress import Progress

__all__ = ["Nvd"]

NAME = "nvd"
MAX_SKIPPED_LISTED = 1000
_REJECTED = "rejected"
_METRIC = r"[A-Za-z]{1,3}:[A-Za-z]{1,7}"
_VECTOR = re.compile(rf"(?:CVSS:[34]\.\d/)?{_METRIC}(?:/{_METRIC}){{3,45}}", re.ASCII)
_SOURCE = re.compile(r"[!-~]{1,128}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class _Data(msgspec.Struct, frozen=True, gc=False):
    """One score."""

    vector: str = msgspec.field(name="vectorString", default="")


class _Metric(msgspec.Struct, frozen=True, gc=False):
    """A score, and who gave it."""

    source: str
    data: _Data = msgspec.field(name="cvssData")


class _Metrics(msgspec.Struct, frozen=True):
    """All scores of a vulnerability, by version of CVSS."""

    v40: list[_Metric] = msgspec.field(name="cvssMetricV40", default_factory=list)
    v31: list[_Metric] = msgspec.field(name="cvssMetricV31", default_factory=list)
    v30: list[_Metric] = msgspec.field(name="cvssMetricV30", default_factory=list)
    v2: list[_Metric] = msgspec.field(name="cvssMetricV2", default_factory=list)


class _Cve(msgspec.Struct, frozen=True):
    """One vulnerability."""

    id: str
    modified: str = msgspec.field(name="lastModified", default="")
    status: str = msgspec.field(name="vulnStatus", default="")
    metrics: _Metrics | None = None


class _Item(msgspec.Struct, frozen=True):
    """One entry of the list."""

    cve: _Cve


class _Year(msgspec.Struct, frozen=True):
    """A yearly file; entries are read one by one, so that a bad one is no more than that."""

    vulnerabilities: list[msgspec.Raw]
    timestamp: str = ""


_ITEM = msgspec.json.Decoder(prepared(_Item))


class Nvd:
    """Reads NVD's files.

    Args:
        paths: The files, compressed by gzip or not, in any order.
    """

    name = NAME

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)

    def collect(self, progress: Progress) -> FeedResult:
        """Read vectors and rejected ids; an entry of another form is left out and counted.

        Raises:
            StoreError: A file is missing, damaged, of another shape, or has too many bad entries.
        """
        reading = _Reading()
        inputs = []
        for path in self._paths:
            progress.step(f"reading {path.name} of the NVD")
            inputs.append(reading.read(path))
        if not inputs:
            raise StoreError("no file of the NVD is given")
        as_of = max(item.as_of for item in inputs)
        return FeedResult(
            sources=(
                SourceStatus(
                    name=NAME,
                    ecosystem=ECOSYSTEM_OF_VECTORS,
                    as_of=as_of,
                    entries=len(reading.vectors),
                    verified=False,
                ),
            ),
            vectors=tuple(sorted(reading.vectors)),
            rejected=tuple(sorted(reading.rejected)),
            skipped=tuple(sorted(reading.skipped))[:MAX_SKIPPED_LISTED],
            inputs=tuple(inputs),
        )


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.vectors: set[tuple[str, str, str]] = set()
        self.rejected: set[str] = set()
        self.skipped: list[Skipped] = []
        self._parts: dict[str, str] = {}

    def read(self, path: Path) -> Input:
        """Read one file.

        Raises:
            StoreError: It cannot be read as a whole.
        """
        raw = read_input(path)
        try:
            year = msgspec.json.decode(unpacked(raw, path), type=prepared(_Year))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise StoreError(f"cannot read `{path}`: {error}", hint="fetch it again") from error
        bad: list[Skipped] = []
        newest = ""
        for number, item in enumerate(year.vulnerabilities):
            try:
                newest = max(newest, self._take(_ITEM.decode(item).cve))
            except (ValueError, RecursionError) as error:
                bad.append(Skipped(f"{path.name} entry {number}", str(error)))
        refuse_bad(path, len(year.vulnerabilities), bad)
        self.skipped += bad
        as_of = next((day for day in (year.timestamp[:10], newest) if _DATE.fullmatch(day)), "")
        if not as_of:
            raise StoreError(f"cannot use `{path}`: it carries no date", hint="fetch it again")
        return input_of(path, raw, as_of)

    def _take(self, cve: _Cve) -> str:
        """Take one vulnerability, and return the day of its last change.

        Raises:
            ValueError: Its id is none.
        """
        if not is_cve(cve.id):
            raise ValueError(f"`{cve.id[:40]}` is no CVE id")
        if cve.status.lower() == _REJECTED:
            self.rejected.add(cve.id)
        else:
            self.vectors.update(self._vectors_of(cve))
        return cve.modified[:10]

    def _vectors_of(self, cve: _Cve) -> Iterator[tuple[str, str, str]]:
        """Yield its vectors; one that cannot be one is left out and named."""
        metrics = cve.metrics
        if metrics is None:
            return
        for metric in (*metrics.v40, *metrics.v31, *metrics.v30, *metrics.v2):
            source, vector = metric.source, metric.data.vector
            if _VECTOR.fullmatch(vector) and _SOURCE.fullmatch(source):
                shared = self._parts.setdefault
                yield cve.id, shared(source, source), shared(vector, vector)
            else:
                self.skipped.append(Skipped(cve.id, f"a score without a vector, by `{source[:40]}`"))
