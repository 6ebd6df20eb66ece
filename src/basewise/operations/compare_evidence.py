"""The evidence of each compared image: counted like a base image of the catalogue, or like a scanned one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from basewise._internal.text import format_moment
from basewise.advisories.store import Store
from basewise.candidates.lifecycle import support_of
from basewise.matching.count import count
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.base_image import BaseImage, ImageSize, Surface
from basewise.model.choice import CandidateSize
from basewise.model.compare import ComparedFinding, ComparedImage, Provenance
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding
from basewise.model.inventory import Inventory
from basewise.model.package import Package
from basewise.model.sbom import SbomSize
from basewise.model.scan import ScanFinding
from basewise.model.verdict import Fit, Reason, ReasonKind
from basewise.operations.candidate_evidence import size_of, uncounted_groups
from basewise.operations.compare_images import FoundImage
from basewise.operations.document_words import (
    build_age_in_days,
    document_distro,
    document_libc,
)
from basewise.operations.scan_packages import judged_packages
from basewise.operations.scan_support import support_of_inventory

__all__ = ["Evidence", "EvidenceReader"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one image: the row of the answer, and what two images are told apart by.

    Args:
        image: The row.
        packages: What was judged; None when unknown.
        libraries: Sonames on the loader path; None when unknown.
        variables: Names with hashes of their values; None when unknown. Likewise `labels`.
        not_covered: What could not be seen of this image.
    """

    image: ComparedImage
    packages: tuple[Package, ...] | None
    libraries: frozenset[str] | None
    variables: tuple[tuple[str, str], ...] | None
    labels: tuple[tuple[str, str], ...] | None
    not_covered: tuple[NotCovered, ...]


class EvidenceReader:
    """Matches each distinct set of packages once, and remembers with which sources.

    Args:
        store: Where the facts are.
        now: The clock.
        listed: Write the findings themselves, not only their numbers.
    """

    def __init__(self, store: Store, *, now: datetime, listed: bool) -> None:
        self._store = store
        self._now = now
        self._listed = listed
        self._results: dict[tuple[Distro | None, tuple[Package, ...] | None], MatchResult] = {}

    @property
    def results(self) -> tuple[MatchResult, ...]:
        """Everything that was matched."""
        return tuple(self._results.values())

    def of(self, found: FoundImage, fit: Fit | None) -> Evidence:
        """Return the evidence of an image.

        Args:
            found: The image.
            fit: Whether the application fits on it; None where none is asked about or it could not be judged.
        """
        if found.inventory is not None:
            return self._of_inventory(found, found.inventory, fit)
        if found.base is None:
            raise ValueError(f"neither facts nor an inventory of `{found.name}`")
        return self._of_catalogue(found.base, fit)

    def _of_catalogue(self, base: BaseImage, fit: Fit | None) -> Evidence:
        row = self._row(
            base.name, Provenance.CATALOGUE, base, fit, packages=base.packages, distro=base.distro
        )
        return Evidence(
            image=row,
            packages=base.packages,
            libraries=base.sonames,
            variables=None,
            labels=None,
            not_covered=(),
        )

    def _of_inventory(self, found: FoundImage, inventory: Inventory, fit: Fit | None) -> Evidence:
        judged = judged_packages(inventory)
        distro = inventory.distro
        missing = (*inventory.coverage.not_covered, *judged.not_covered)
        if found.base is not None:
            row = self._row(
                found.name, Provenance.READ, found.base, fit, packages=judged.packages, distro=distro
            )
        else:
            row = self._row_without_base(found, inventory, judged.packages)
        support = support_of_inventory(inventory, self._now.date())
        facts = inventory.image
        trust = row.trust if found.publisher_known else None
        return Evidence(
            image=msgspec.structs.replace(row, support=support, trust=trust),
            packages=judged.packages,
            libraries=inventory.sonames,
            variables=facts.variables,
            labels=facts.labels,
            not_covered=tuple(NotCovered(f"{said.what} ({found.name})", said.why) for said in missing),
        )

    def _row(
        self,
        name: str,
        provenance: Provenance,
        base: BaseImage,
        fit: Fit | None,
        *,
        packages: tuple[Package, ...] | None,
        distro: Distro | None,
    ) -> ComparedImage:
        """Return the row of an image whose facts are those of a base image."""
        result = self._match(packages, distro)
        finished = None
        if fit is not None:
            added = (
                None if packages is None or fit.added_packages is None else (*packages, *fit.added_packages)
            )
            finished = count(self._match(added, distro))
        counts = count(result)
        return ComparedImage(
            image=name,
            provenance=provenance,
            digest=_text(base.index_digest or base.manifest_digest),
            manifest_digest=_text(base.manifest_digest),
            platform=str(base.platform),
            created=format_moment(base.created),
            age_days=build_age_in_days(base.created, self._now.date()),
            distro=document_distro(base.distro),
            python=base.python,
            libc=document_libc(base.libc),
            variant=base.variant,
            packages=None if packages is None else len(packages),
            packages_basis=str(base.packages_basis),
            size=size_of_base(base.size, _method(base.size)) if fit is None else size_of(base, fit),
            vulnerabilities=counts,
            finished_vulnerabilities=finished,
            uncounted=uncounted_groups(result.uncounted),
            surface=base.surface,
            support=support_of(base, self._now.date()),
            trust=base.trust,
            verdict=None if fit is None else fit.verdict,
            reasons=() if fit is None else fit.reasons,
            add_packages=() if fit is None else fit.add_packages,
            build_packages=() if fit is None else fit.build_packages,
            evidence_date=counts.as_of,
            findings=self._list(result),
        )

    def _row_without_base(
        self, found: FoundImage, inventory: Inventory, packages: tuple[Package, ...]
    ) -> ComparedImage:
        """Return the row of an image that no Python application can stand on."""
        result = self._match(packages, inventory.distro)
        counts, facts = count(result), inventory.image
        distro, libc, surface = inventory.distro, inventory.libc, inventory.surface
        why = Reason(kind=ReasonKind.NOTE, package="", sentence=found.unfit)
        return ComparedImage(
            image=found.name,
            provenance=Provenance.READ,
            digest=_text(facts.index_digest or facts.digest),
            manifest_digest=_text(facts.digest),
            platform=str(facts.platform),
            created=None if facts.created is None else format_moment(facts.created),
            age_days=None if facts.created is None else build_age_in_days(facts.created, self._now.date()),
            distro=document_distro(distro) if distro else None,
            python=inventory.pythons[0].version if inventory.pythons else None,
            libc=document_libc(libc) if libc else None,
            variant="",
            packages=len(packages),
            packages_basis="exact",
            size=size_of_base(facts.size, _method(facts.size)),
            vulnerabilities=counts,
            finished_vulnerabilities=None,
            uncounted=uncounted_groups(result.uncounted),
            surface=Surface(
                packages=surface.packages,
                executables=surface.executables,
                setuid=surface.setuid,
                shell=surface.shell,
                package_manager=surface.package_manager,
                compiler=surface.compiler,
                default_user=surface.default_user,
            ),
            support=None,
            trust=None,
            verdict=None,
            reasons=(why,),
            add_packages=(),
            build_packages=(),
            evidence_date=counts.as_of,
            findings=self._list(result),
        )

    def _match(self, packages: tuple[Package, ...] | None, distro: Distro | None) -> MatchResult:
        key = (distro, packages)
        if key not in self._results:
            self._results[key] = match(packages, distro, self._store)
        return self._results[key]

    def _list(self, result: MatchResult) -> tuple[ComparedFinding, ...] | None:
        return compared_findings(result.findings) if self._listed and result.measured else None


def compared_findings(findings: Iterable[Finding | ScanFinding]) -> tuple[ComparedFinding, ...]:
    """Return findings in the short form of a comparison, sorted."""
    return tuple(
        sorted(
            {
                ComparedFinding(
                    id=finding.id,
                    package=finding.package.source or finding.package.name,
                    state=finding.state,
                    severity=finding.severity,
                    exploited=finding.exploited,
                    fixed_version=finding.fixed_version,
                )
                for finding in findings
            },
            key=lambda each: (each.id, each.package, each.state),
        )
    )


def size_of_base(size: ImageSize | SbomSize, method: str) -> CandidateSize:
    """Return the size of an image to which nothing is added.

    Args:
        size: Of the image.
        method: How the size on disk is known.
    """
    return CandidateSize(
        base_compressed_bytes=size.compressed_bytes,
        base_disk_bytes=size.disk_bytes,
        added_bytes=None,
        wheels_download_bytes=None,
        wheels_disk_bytes=None,
        download_bytes=None,
        disk_bytes=None,
        basis=str(size.disk_basis),
        method=method,
    )


def _method(size: ImageSize) -> str:
    return f"base on disk: {size.disk_basis}"


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)
