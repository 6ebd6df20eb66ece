"""The result of `choose`: the JSON contract `basewise.choose/1`, field for field."""

from __future__ import annotations

import msgspec

from basewise.model.base_image import Surface, Trust
from basewise.model.evidence import Coverage, Support
from basewise.model.finding import Severity, State, Vulnerabilities
from basewise.model.verdict import AddedPackage, Reason, Swap, Verdict

__all__ = [
    "AppSummary",
    "ApplicationFinding",
    "ApplicationVulnerabilities",
    "Blocking",
    "Candidate",
    "CandidateDistro",
    "CandidateLibc",
    "CandidateSize",
    "Choice",
    "Exclusion",
    "Recommendation",
    "ScoreParts",
    "Uncounted",
]

SCHEMA = "basewise.choose/1"


class CandidateDistro(msgspec.Struct, frozen=True):
    """Distribution of a candidate."""

    id: str
    version: str
    codename: str


class CandidateLibc(msgspec.Struct, frozen=True):
    """C library of a candidate."""

    family: str
    version: str


class CandidateSize(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes of the base and of the finished application; None is unknown.

    `added_bytes` is what the OS packages add on disk. `download_bytes` and `disk_bytes` are of the
    finished application: base, OS packages with closure, wheels. `basis` is exact, estimated or unknown.
    """

    base_compressed_bytes: int | None
    base_disk_bytes: int | None
    added_bytes: int | None
    wheels_download_bytes: int | None
    wheels_disk_bytes: int | None
    download_bytes: int | None
    disk_bytes: int | None
    basis: str
    method: str


class Exclusion(msgspec.Struct, frozen=True, order=True):
    """Why a candidate is not admissible: the constraint (`fit`, `support`, `prerelease`, a flag …) and a sentence."""

    constraint: str
    sentence: str


class Uncounted(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Advisories that are shown beside the count and never in it.

    Args:
        what: `kernel headers` (not a running kernel, and removable) or `security entries without a CVE`.
        count: How many.
        fixable: How many of them have a published fix.
        ids: Their ids where they are few, else empty.
    """

    what: str
    count: int
    fixable: int
    ids: tuple[str, ...] = ()


class ScoreParts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the published cost formula; `total` is what the order uses. None: not measurable."""

    total: float | None
    risk: float | None
    disk: float | None
    download: float | None
    changes: float | None
    support: float | None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One base image with all its evidence, for one application.

    `vulnerabilities` are of the base and the OS packages that the application adds, `base_vulnerabilities` of
    the base alone.
    """

    image: str
    also_known_as: tuple[str, ...]
    digest: str | None
    manifest_digest: str | None
    platform: str
    created: str
    age_days: int
    distro: CandidateDistro
    python: str
    libc: CandidateLibc
    variant: str
    rank: int | None = None
    excluded: tuple[Exclusion, ...] = ()
    verdict: Verdict
    reasons: tuple[Reason, ...]
    add_packages: tuple[AddedPackage, ...]
    build_packages: tuple[AddedPackage, ...]
    pareto: bool = False
    score: ScoreParts | None = None
    packages_basis: str
    size: CandidateSize
    vulnerabilities: Vulnerabilities
    surface: Surface
    support: Support
    trust: Trust
    evidence_date: str
    fixes_since_build: tuple[str, ...] = ()
    uncounted: tuple[Uncounted, ...] = ()
    swaps: tuple[Swap, ...] = ()
    base_vulnerabilities: Vulnerabilities = msgspec.field(default_factory=Vulnerabilities)

    @property
    def python_minor(self) -> str:
        """`3.12`."""
        return ".".join(self.python.split(".")[:2])


class AppSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of the application."""

    path: str
    sources: tuple[str, ...]
    not_read: tuple[str, ...]
    requirements: tuple[str, ...]
    requires_python: str | None
    stated_python: str | None
    accelerator: str
    guess: bool = False
    warnings: tuple[str, ...] = ()


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """The first candidate and what to do with it.

    Args:
        image: Familiar name with the catalogue's tag.
        digest: Index digest, None when the catalogue has none.
        dockerfile: The text of the Dockerfile.
        why: Sentences, most important first.
        lock: Text of the hash-pinned lock of the judged resolution, None for a locked application.
        dockerignore: Text of a `.dockerignore`, None when the application has one.
        refresh: The command that refreshes the digest.
        refresh_reason: Age of the digest and known fixes published since.
    """

    image: str
    digest: str | None
    dockerfile: str
    why: tuple[str, ...]
    lock: str | None
    dockerignore: str | None
    refresh: str
    refresh_reason: str


class Blocking(msgspec.Struct, frozen=True, order=True):
    """Why nothing can be recommended: one cause, how many candidates it excludes, and what to change."""

    cause: str
    candidates: int
    hint: str


class ApplicationFinding(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One vulnerability in one Python package that the application installs. See `Finding`."""

    id: str
    aliases: tuple[str, ...]
    package: str
    version: str
    state: State
    severity: Severity
    severity_source: str
    epss: float | None
    exploited: bool | None
    fixed_version: str | None


class ApplicationVulnerabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Vulnerabilities of the application's own Python packages on one Python minor: the same on all of its images.

    Args:
        python: The minor, `3.12`.
        packages: How many distributions are installed there.
        vulnerabilities: Counts; every number is None when unmeasured.
        findings: In the order of risk.
    """

    python: str
    packages: int
    vulnerabilities: Vulnerabilities
    findings: tuple[ApplicationFinding, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer of `choose`.

    `application_vulnerabilities` are of the application's own packages, apart from those of every base: they weigh
    nothing in the order of the candidates. `version` is of basewise.
    """

    schema: str = SCHEMA
    generated_at: str
    version: str = ""
    app: AppSummary
    candidates: tuple[Candidate, ...]
    recommendation: Recommendation | None
    blocking: tuple[Blocking, ...]
    swaps: tuple[Swap, ...]
    alternatives: tuple[str, ...] = ()
    application_vulnerabilities: tuple[ApplicationVulnerabilities, ...] = ()
    coverage: Coverage
