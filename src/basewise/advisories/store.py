"""The advisory store: one SQLite file that is only read, checked as a whole when it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.content import ECOSYSTEMS_WITHOUT_PACKAGES, Origin
from basewise.advisories.facts import Fact, PackageRecord, advisories_of, advisory_of
from basewise.advisories.package_records import PackageRecords
from basewise.advisories.store_file import BUILD_HINT
from basewise.advisories.store_opening import (
    OpenedStore,
    open_bytes,
    open_default,
    open_embedded,
    open_path,
)
from basewise.model.advisory import Advisory, SourceStatus

__all__ = ["Store"]


class Store:
    """Advisory facts of packages, read on demand.

    Open one with `open_default`, `open_path` or `open_embedded`. It may be used from several threads.

    Args:
        opened: The file, checked.
    """

    def __init__(self, opened: OpenedStore) -> None:
        self.name = opened.name
        self._opened = opened
        self._annotations = opened.annotations
        self._packages = PackageRecords(opened)

    @classmethod
    def open_default(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Open the store that `BASEWISE_STORE` names, else the user's own, else the embedded one.

        The user's own store, which `basewise db update` writes, is passed over only where the embedded one is
        newer: where none of its sources is as new as the newest source of the embedded one.

        Args:
            environment: Variables; the process's own when None.

        Raises:
            StoreError: It is missing, empty or damaged; another one is never taken instead.
        """
        return cls(open_default(environment))

    @classmethod
    def open_embedded(cls) -> Self:
        """Open the store that comes with the package.

        Raises:
            StoreError: It is missing or damaged.
        """
        return cls(open_embedded())

    @classmethod
    def open_path(cls, path: Path | str, hint: str = BUILD_HINT) -> Self:
        """Open a store file, compressed or not.

        Args:
            path: The file.
            hint: What to do when it is damaged.

        Raises:
            StoreError: It is missing, empty or damaged.
        """
        return cls(open_path(path, hint))

    @classmethod
    def open_bytes(cls, raw: bytes, name: str, hint: str = BUILD_HINT) -> Self:
        """Open the uncompressed bytes of a store file.

        Args:
            raw: The file.
            name: How to call it in messages.
            hint: What to do when it is damaged.

        Raises:
            StoreError: It is damaged.
        """
        return cls(open_bytes(raw, name, hint))

    def sources(self) -> tuple[SourceStatus, ...]:
        """Return what the store holds of each source, sorted by name."""
        return self._opened.sources

    @property
    def as_of(self) -> str:
        """Oldest date of the sources of advisories, `YYYY-MM-DD`; lists of exploited ids and scores have their own."""
        return min(
            (s.as_of for s in self._opened.sources if s.ecosystem not in ECOSYSTEMS_WITHOUT_PACKAGES),
            default="",
        )

    @property
    def newest(self) -> str:
        """Newest date of all sources, `YYYY-MM-DD`."""
        return self._opened.newest

    @property
    def passed_over(self) -> str:
        """What is missing because this store is read and not the user's own, which is older; "" for nothing."""
        return self._opened.passed_over

    @property
    def exploited_as_of(self) -> str:
        """Date of the list of exploited vulnerabilities, `YYYY-MM-DD`; "" when there is none."""
        return self._annotations.exploited_as_of

    @property
    def epss_as_of(self) -> str:
        """Date of the EPSS scores, `YYYY-MM-DD`; "" when there are none."""
        return self._annotations.epss_as_of

    def ecosystems(self) -> frozenset[str]:
        """Return the ecosystems of which the store knows a package."""
        return frozenset(ecosystem for ecosystem, _ in self._opened.releases)

    def releases(self, ecosystem: str) -> frozenset[str]:
        """Return the releases of which the store knows a package."""
        return frozenset(release for name, release in self._opened.releases if name == ecosystem)

    def release_counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return the numbers of packages and facts by (ecosystem, release), sorted."""
        return dict(self._opened.releases)

    def facts(self, ecosystem: str, release: str, package: str) -> tuple[Advisory, ...]:
        """Return what is known of one source package in one release, sorted by vulnerability.

        A vulnerability whose CVE id was rejected is left out, and such an id is nobody's alias.

        Raises:
            StoreError: The file is damaged.
        """
        return self.advisories(ecosystem, release, package, self.record(ecosystem, release, package).facts)

    def advisories(
        self, ecosystem: str, release: str, package: str, facts: Iterable[Fact]
    ) -> tuple[Advisory, ...]:
        """Return some facts of a record as `facts` returns all of them.

        Args:
            ecosystem: Of the record.
            release: Of the record.
            package: Of the record.
            facts: Facts of the record, in their order.
        """
        return advisories_of((ecosystem, release, package), facts, self._annotations.rejected_ids)

    def stated_facts(self, ecosystem: str, release: str, package: str) -> tuple[Advisory, ...]:
        """Return what feeds said word for word: `facts` before anything is left out.

        Raises:
            StoreError: The file is damaged.
        """
        package_name = (ecosystem, release, package)
        return tuple(advisory_of(package_name, fact) for fact in self.record(*package_name).facts)

    def record(self, ecosystem: str, release: str, package: str) -> PackageRecord:
        """Return facts, coverage, oldest statement and current version as one record; empty when unknown.

        Raises:
            StoreError: The file is damaged.
        """
        return self._packages.record((ecosystem, release, package))

    def read_ahead(self, ecosystem: str, release: str, packages: Iterable[str]) -> None:
        """Read the records of many packages at once, for a third of what it takes to ask for each.

        Raises:
            StoreError: The file is damaged.
        """
        self._packages.read_ahead(ecosystem, release, packages)

    def covered(self, ecosystem: str, release: str, package: str) -> tuple[str, ...]:
        """Return the names of the feeds that looked at a package; empty when none did."""
        return self.record(ecosystem, release, package).covered_by

    def exploited(self, cve_id: str, known_on: str = "") -> bool | None:
        """Tell whether a vulnerability is on the list of exploited ones.

        Args:
            cve_id: CVE id.
            known_on: A date on which the vulnerability was already public, "" when not known.

        Returns:
            True when listed; False when it is not and was public before the list was made; None when
            the list could not know it. False says "not exploited as of `exploited_as_of`".
        """
        return self._annotations.exploited(cve_id, known_on)

    def exploited_ids(self) -> tuple[str, ...]:
        """Return the ids of the list of exploited vulnerabilities, sorted."""
        return tuple(sorted(self._annotations.exploited_ids))

    def rejected_ids(self) -> tuple[str, ...]:
        """Return the CVE ids that were taken back, sorted."""
        return tuple(sorted(self._annotations.rejected_ids))

    def epss(self, cve_id: str) -> tuple[float, float] | None:
        """Return the chance that a vulnerability is exploited within 30 days, and its percentile, both 0 to 1.

        Args:
            cve_id: CVE id.

        Returns:
            None when it has no score in this store; that is not a chance of 0.
        """
        return self._annotations.epss(cve_id)

    def epss_scores(self) -> tuple[tuple[str, float, float], ...]:
        """Return (CVE id, probability, percentile) of all that have a score, sorted."""
        return self._annotations.all_scores()

    def cvss(self, cve_id: str) -> tuple[tuple[str, str], ...]:
        """Return (who gave it, CVSS vector) of a vulnerability, sorted; nothing where none is known.

        Args:
            cve_id: CVE id.
        """
        return self._annotations.cvss(cve_id)

    def cvss_vectors(self) -> tuple[tuple[str, str, str], ...]:
        """Return (CVE id, who gave it, vector) of all vectors, sorted."""
        return self._annotations.all_vectors()

    def entry_count(self) -> int:
        """Return the number of entries of all sources of advisories."""
        return sum(s.entries for s in self._opened.sources if s.ecosystem not in ECOSYSTEMS_WITHOUT_PACKAGES)

    def packages(self) -> tuple[tuple[str, str, str], ...]:
        """Return (ecosystem, release, package) of every record, sorted."""
        return self._packages.names()

    def records(self) -> Iterator[tuple[tuple[str, str, str], PackageRecord]]:
        """Yield every package with its record, sorted; nothing of it is kept in memory.

        Raises:
            StoreError: The file is damaged.
        """
        return self._packages.all_records()

    def origins(self) -> tuple[Origin, ...]:
        """Return where the facts of an update come from, sorted by name; nothing where no update wrote the store.

        Raises:
            StoreError: The file is damaged.
        """
        try:
            return msgspec.json.decode(
                self._opened.meta.get("origins", "[]"), type=prepared(tuple[Origin, ...])
            )
        except msgspec.DecodeError as error:
            raise self._opened.damaged(error) from error

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
