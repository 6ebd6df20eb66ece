"""Turning a base image, its fit and its findings into a candidate with all its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from basewise._internal.text import format_moment
from basewise.candidates.lifecycle import support_of
from basewise.model.base_image import BaseImage
from basewise.model.choice import Candidate, CandidateSize, Uncounted
from basewise.model.finding import Finding, State, Vulnerabilities
from basewise.model.package import BasisKind
from basewise.model.verdict import AddedPackage, Fit
from basewise.operations.document_words import (
    build_age_in_days,
    document_distro,
    document_libc,
)

__all__ = ["Findings", "build_candidate"]

MAX_LISTED_IDS = 50


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one base image with the packages that the application adds.

    `counts` has only None when `measured` is False; `uncounted` are shown beside it. `base_counts` are of the
    base alone.
    """

    findings: tuple[Finding, ...]
    uncounted: tuple[Finding, ...]
    counts: Vulnerabilities
    measured: bool
    base_counts: Vulnerabilities = msgspec.field(default_factory=Vulnerabilities)


def build_candidate(image: BaseImage, fit: Fit, found: Findings, *, now: datetime) -> Candidate:
    """Put the evidence of one base image together.

    Args:
        image: Facts of the catalogue.
        fit: Judgement of the application on it.
        found: Findings of base and added packages.
        now: The clock.
    """
    today = now.date()
    return Candidate(
        image=image.name,
        also_known_as=image.also_known_as,
        digest=str(image.index_digest) if image.index_digest else None,
        manifest_digest=str(image.manifest_digest) if image.manifest_digest else None,
        platform=str(image.platform),
        created=format_moment(image.created),
        age_days=build_age_in_days(image.created, today),
        distro=document_distro(image.distro),
        python=image.python,
        libc=document_libc(image.libc),
        variant=image.variant,
        verdict=fit.verdict,
        reasons=fit.reasons,
        add_packages=fit.add_packages,
        build_packages=fit.build_packages,
        packages_basis=str(image.packages_basis),
        size=size_of(image, fit),
        vulnerabilities=found.counts,
        base_vulnerabilities=found.base_counts,
        surface=image.surface,
        support=support_of(image, today),
        trust=image.trust,
        evidence_date=found.counts.as_of or image.created.date().isoformat(),
        fixes_since_build=fixes_since(found.findings, image.created.date()),
        uncounted=uncounted_groups(found.uncounted),
        swaps=fit.swaps,
    )


def size_of(image: BaseImage, fit: Fit) -> CandidateSize:
    """Add the base, the OS packages and the wheels up; unknown stays unknown."""
    added_disk = _sum(package.installed_bytes for package in fit.add_packages)
    added_download = _sum(package.download_bytes for package in fit.add_packages)
    disk = _sum((image.size.disk_bytes, added_disk, fit.wheels_disk_bytes))
    download = _sum((image.size.compressed_bytes, added_download, fit.wheels_download_bytes))
    return CandidateSize(
        base_compressed_bytes=image.size.compressed_bytes,
        base_disk_bytes=image.size.disk_bytes,
        added_bytes=added_disk,
        wheels_download_bytes=fit.wheels_download_bytes,
        wheels_disk_bytes=fit.wheels_disk_bytes,
        download_bytes=download,
        disk_bytes=disk,
        basis=_size_basis(image, fit, disk),
        method=_size_method(image, fit),
    )


def uncounted_groups(findings: Iterable[Finding]) -> tuple[Uncounted, ...]:
    """Group what stands beside the count: kernel headers, and entries without a CVE; sorted."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        what = "kernel headers" if finding.package.source == "linux" else "security entries without a CVE"
        groups.setdefault(what, []).append(finding)
    return tuple(
        Uncounted(
            what=what,
            count=len(group),
            fixable=sum(finding.state is State.FIXED for finding in group),
            ids=tuple(sorted(finding.id for finding in group)) if len(group) <= MAX_LISTED_IDS else (),
        )
        for what, group in sorted(groups.items())
    )


def fixes_since(findings: Iterable[Finding], built: date) -> tuple[str, ...]:
    """Return the ids of fixable findings whose fix was published after the image was built, sorted."""
    return tuple(
        sorted(
            finding.id
            for finding in findings
            if finding.state is State.FIXED and finding.fixed_on and finding.fixed_on > built.isoformat()
        )
    )


def sources_to_upgrade(findings: Iterable[Finding], added: Iterable[AddedPackage]) -> tuple[str, ...]:
    """Return the installed OS packages with a published fix, sorted; what is added anyway comes fixed."""
    brought = {name for package in added for name in (package.name, *(part.name for part in package.closure))}
    return tuple(
        sorted(
            {
                binary
                for finding in findings
                if finding.state is State.FIXED and finding.package.type == "deb"
                for binary in finding.binaries
                if binary not in brought
            }
        )
    )


def _sum(parts: Iterable[int | None]) -> int | None:
    total = 0
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def _size_basis(image: BaseImage, fit: Fit, disk: int | None) -> str:
    if disk is None:
        return "unknown"
    exact = image.size.disk_basis.kind is BasisKind.EXACT and not fit.sizes_estimated
    return "exact" if exact else "estimated"


def _size_method(image: BaseImage, fit: Fit) -> str:
    base = f"base on disk: {image.size.disk_basis}"
    wheels = (
        "wheels: installed sizes estimated in part"
        if fit.sizes_estimated
        else "wheels: sizes of their members"
    )
    return f"{base}; OS packages: Installed-Size of the suite; {wheels}"
