"""The result of `compare`: the JSON document `basewise.compare/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.base_image import Surface, Trust
from basewise.model.choice import AppSummary, CandidateDistro, CandidateLibc, CandidateSize, Uncounted
from basewise.model.evidence import Coverage, Support
from basewise.model.finding import Severity, State, Vulnerabilities
from basewise.model.package import PackageType
from basewise.model.verdict import AddedPackage, Reason, Verdict

__all__ = [
    "ChangedPackage",
    "ChangedState",
    "Changes",
    "Compare",
    "CompareGate",
    "ComparedFinding",
    "ComparedImage",
    "ComparedPackage",
    "FindingChanges",
    "NameChanges",
    "PackageChanges",
    "Provenance",
    "Worse",
]

SCHEMA = "basewise.compare/1"


class Provenance(StrEnum):
    """Where the facts of an image come from: the catalogue, the image itself, or a saved report."""

    CATALOGUE = "catalogue"
    READ = "read"
    REPORT = "report"


class ComparedFinding(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One vulnerability in one package; for an OS package `package` is its source package."""

    id: str
    package: str
    state: State
    severity: Severity
    exploited: bool | None
    fixed_version: str | None


class ComparedImage(msgspec.Struct, frozen=True, kw_only=True):
    """One image with its evidence. Everything that is None is unknown or unmeasured.

    Args:
        image: Familiar name of the catalogue, or what the user named.
        provenance: Where the facts come from.
        digest: Of the index, or of the manifest where there is none.
        packages: Number of packages that were judged.
        size: Base, and the finished application where one is asked about.
        vulnerabilities: Of the image itself.
        finished_vulnerabilities: Of the image with the OS packages that the application adds.
        uncounted: Beside the count.
        verdict: Whether the application fits; None where none is asked about, or it could not be judged.
        findings: None where more images are compared than lists are written for.
        evidence_date: The oldest date of the advisories used.
    """

    image: str
    provenance: Provenance
    digest: str | None
    manifest_digest: str | None
    platform: str
    created: str | None
    age_days: int | None
    distro: CandidateDistro | None
    python: str | None
    libc: CandidateLibc | None
    variant: str
    packages: int | None
    packages_basis: str
    size: CandidateSize
    vulnerabilities: Vulnerabilities
    finished_vulnerabilities: Vulnerabilities | None
    uncounted: tuple[Uncounted, ...]
    surface: Surface
    support: Support | None
    trust: Trust | None
    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    add_packages: tuple[AddedPackage, ...]
    build_packages: tuple[AddedPackage, ...]
    evidence_date: str | None
    findings: tuple[ComparedFinding, ...] | None


class ComparedPackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A package that one of the images alone has."""

    type: PackageType
    name: str
    version: str


class ChangedPackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A package that both images have, in different versions (several versions are separated by commas)."""

    type: PackageType
    name: str
    before: str
    after: str


class PackageChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to the packages; `types` are those that both lists hold, and only those are compared."""

    types: tuple[PackageType, ...]
    added: tuple[ComparedPackage, ...]
    removed: tuple[ComparedPackage, ...]
    changed: tuple[ChangedPackage, ...]


class NameChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to names; `changed` are those whose value differs. No value is ever written, it may be a secret."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...] = ()


class ChangedState(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A finding of both images whose state differs."""

    id: str
    package: str
    before: State
    after: State


class FindingChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to the findings, undetermined ones left out; they are told apart by id and package."""

    gained: tuple[ComparedFinding, ...]
    lost: tuple[ComparedFinding, ...]
    changed: tuple[ChangedState, ...]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """From the first image to the second. What one of them does not tell is None.

    Args:
        before: Name of the first image.
        after: Name of the second.
        compressed_bytes: By how much more is pulled; negative when it is less. Likewise `disk_bytes`.
        packages: Added, removed, changed.
        libraries: Sonames on the loader path.
        environment: Names of variables.
        labels: Names of labels.
        user: The default user of both, where they differ.
        findings: Gained and lost.
    """

    before: str
    after: str
    compressed_bytes: int | None
    disk_bytes: int | None
    packages: PackageChanges | None
    libraries: NameChanges | None
    environment: NameChanges | None
    labels: NameChanges | None
    user: tuple[str, str] | None
    findings: FindingChanges | None


class Worse(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One thing that got worse.

    Args:
        image: The image that is worse than the baseline.
        what: `exploited`, `critical`, `high`, `total`, `support`, `disk`, `download`, `root` or `setuid`.
        before, after: As the sentence says them.
        sentence: What got worse.
        ids: The findings that are new, sorted.
    """

    image: str
    what: str
    before: str
    after: str
    sentence: str
    ids: tuple[str, ...] = ()


class CompareGate(msgspec.Struct, frozen=True, kw_only=True):
    """What `--fail-on worse` found.

    Args:
        baseline: What the images are measured against.
        worse: All that got worse, by image.
        unknown: What could not be compared, a sentence each.
        passed: None when nothing is worse as far as is known, but not everything is.
    """

    baseline: str
    worse: tuple[Worse, ...]
    unknown: tuple[str, ...]
    passed: bool | None


class Compare(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison.

    Args:
        generated_at: RFC 3339; the clock.
        version: Of basewise.
        app: The application whose finished size is shown, None without one.
        images: In the order in which they were named; of a pattern or the catalogue, by Python minor and name.
        changes: Only for exactly two images.
        gate: Only where it was asked for.
        failed: Images that could not be had, with the reason.
    """

    schema: str = SCHEMA
    generated_at: str
    version: str
    app: AppSummary | None
    images: tuple[ComparedImage, ...]
    changes: Changes | None
    gate: CompareGate | None
    failed: tuple[str, ...]
    coverage: Coverage
