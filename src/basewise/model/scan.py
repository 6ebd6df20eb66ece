"""The result of `scan`: the JSON document `basewise.scan/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.choice import CandidateDistro
from basewise.model.evidence import Coverage, Support
from basewise.model.finding import Cvss, Severity, State, Vulnerabilities
from basewise.model.package import PackageType
from basewise.model.sbom import SbomEmbedded, SbomImage, SbomPackage

__all__ = [
    "Gate",
    "IgnoredFinding",
    "IgnoredStatus",
    "Origin",
    "Scan",
    "ScanBase",
    "ScanFilter",
    "ScanFinding",
    "ScanPackage",
    "ScanSummary",
    "ScanUpgrade",
    "Scans",
]

SCHEMA = "basewise.scan/1"
SEVERAL_SCHEMA = "basewise.scans/1"


class Origin(StrEnum):
    """Which part of the image brought a package: the base image, the layers above it, or not known."""

    BASE = "base"
    OWN = "own"
    UNKNOWN = "unknown"


class IgnoredStatus(StrEnum):
    """What whoever ignores a finding says of it: the risk is accepted (a rule), or a status of a VEX statement."""

    ACCEPTED = "accepted"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"


class ScanPackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """The package of a finding; for an OS package `source` and `source_version` are what was judged."""

    type: PackageType
    name: str
    version: str
    source: str | None
    source_version: str | None


class ScanFinding(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One vulnerability in one source package. See `Finding`.

    Args:
        binaries: Names of all installed packages of that source.
        location: Record that proves the package, without leading slash.
        layer: Index of the layer that brought the package, None when not known.
        instruction: Instruction of the Dockerfile that made this layer (`RUN`), "" when not known.
        introduced_by: Base image or own layers.
        advice: What to do, one sentence: the package to upgrade, to what, or why nothing helps.
        vex: What a VEX statement says of it without taking it out: `affected` or `under_investigation`, with its
            words; "" when none does.
    """

    id: str
    aliases: tuple[str, ...]
    package: ScanPackage
    binaries: tuple[str, ...]
    location: str
    state: State
    severity: Severity
    severity_source: str
    cvss: Cvss | None
    epss: float | None
    epss_percentile: float | None
    exploited: bool | None
    fixed_version: str | None
    fixed_on: str | None
    layer: int | None
    instruction: str
    introduced_by: Origin
    origins: tuple[str, ...]
    detail: str
    advice: str
    vex: str = ""


class ScanUpgrade(msgspec.Struct, frozen=True, kw_only=True):
    """A package to upgrade, and all findings that this removes.

    Args:
        package: As installed; its findings have the same.
        binaries: Names of all installed packages of that source.
        to: The lowest version that fixes all of them: a source version for an OS package.
        command: What installs it in a Dockerfile, "" where no package manager of the image can.
        fixes: Ids of the findings, most urgent first.
        severity: The worst of them; unknown stands above low.
        exploited: How many of them are known to be exploited; None when none is and no list could know all.
        layer, instruction, introduced_by: As in the findings.
    """

    package: ScanPackage
    binaries: tuple[str, ...]
    to: str
    command: str
    fixes: tuple[str, ...]
    severity: Severity
    exploited: int | None
    layer: int | None
    instruction: str
    introduced_by: Origin


class IgnoredFinding(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A finding that a rule of the user, or a VEX statement, takes out of gate and count.

    Args:
        finding: What was found.
        reason: Why, in the words of the rule.
        expires: Last day on which the rule holds, `YYYY-MM-DD`; None for a VEX statement without end.
        source: File that holds the rule.
        status: What it says of the finding.
        justification: Label of a VEX statement for it (`vulnerable_code_not_present`), "" for none.
    """

    finding: ScanFinding
    reason: str
    expires: str | None
    source: str
    status: IgnoredStatus = IgnoredStatus.ACCEPTED
    justification: str = ""


class ScanBase(msgspec.Struct, frozen=True, kw_only=True):
    """The base image under the own layers.

    Args:
        image: Its name.
        digest: Index digest, or the manifest's where there is no index; None when not known.
        layers: How many of the lowest layers are its own; None when only its name is known.
        how: How it is known: the user's word, a label, or equal layers.
        candidates: Other images that have the same layers, sorted; any of them may be the base.
    """

    image: str
    digest: str | None
    layers: int | None
    how: str
    candidates: tuple[str, ...] = ()


class ScanFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What `--only-fixable` and `--severity` leave out of `findings`; counts and gate are of all findings.

    Args:
        only_fixable: Only findings with a fixed version are shown.
        severity: The least severity that is shown, None for all; unknown stands above low.
        hidden: Number of findings that are left out.
    """

    only_fixable: bool
    severity: Severity | None
    hidden: int


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What `--fail-on` asked for, and the ids that violate it (sorted); `passed` is None when it cannot be told."""

    conditions: tuple[str, ...]
    violations: tuple[str, ...]
    passed: bool | None


class ScanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts. `base` and `own` are None when the base is not known; every number is None when unmeasured.

    Args:
        unjudged: Types of installed packages whose advisories could not be asked: no count includes them.
        packages: Number of packages.
        vulnerabilities: Of the whole image, ignored ones left out.
        ignored: Number of ignored findings.
        uncounted: Shown beside the count: kernel headers, entries without a CVE, what is known to be no finding.
        verdict: `findings`; `clean` where nothing was found and nothing left unseen; `ignored` where all that was
            found is ignored and nothing left unseen; else `incomplete`.
    """

    packages: int
    vulnerabilities: Vulnerabilities
    base: Vulnerabilities | None
    own: Vulnerabilities | None
    ignored: int
    uncounted: int
    verdict: str
    unjudged: tuple[PackageType, ...] = ()


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """One scanned image.

    Args:
        generated_at: RFC 3339; the clock.
        version: Of basewise.
        embedded: What stands inside something else: evidence, neither judged nor counted.
        findings: In the order of risk, most urgent first; without what `shown` leaves out.
        upgrades: What removes the fixable ones of `findings`, most urgent first.
        uncounted: Findings beside the count.
        notes: Sentences about rules that expired, match nothing, or similar.
        shown: What was asked to be left out; None when everything is here.
    """

    schema: str = SCHEMA
    generated_at: str
    version: str
    image: SbomImage
    base: ScanBase | None
    distro: CandidateDistro | None
    support: Support | None
    packages: tuple[SbomPackage, ...]
    embedded: tuple[SbomEmbedded, ...]
    findings: tuple[ScanFinding, ...]
    upgrades: tuple[ScanUpgrade, ...]
    ignored: tuple[IgnoredFinding, ...]
    uncounted: tuple[ScanFinding, ...]
    notes: tuple[str, ...]
    shown: ScanFilter | None
    gate: Gate | None
    summary: ScanSummary
    coverage: Coverage


class Scans(msgspec.Struct, frozen=True, kw_only=True):
    """Several scanned images, in the order in which they were named; `failed` says what could not be scanned.

    Clock and version are those of its scans, and tell them where every image failed.
    """

    schema: str = SEVERAL_SCHEMA
    generated_at: str = ""
    version: str = ""
    scans: tuple[Scan, ...]
    failed: tuple[str, ...]
