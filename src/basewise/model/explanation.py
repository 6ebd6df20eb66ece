"""The result of `explain`: the JSON document `basewise.explain/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.evidence import Coverage
from basewise.model.sbom import SbomImage
from basewise.model.scan import ScanBase, ScanFinding, ScanPackage

__all__ = ["Answer", "ExplainedPackage", "Explanation", "Statement"]

SCHEMA = "basewise.explain/1"


class Answer(StrEnum):
    """Whether a vulnerability applies to an image.

    `APPLIES`: it is a finding. `UNDETERMINED`: it is one of which the sources do not say whether it holds. `BESIDE_THE_COUNT`: it is one that is not counted. `IGNORED`: a rule or a VEX statement
    takes it out. `DOES_NOT_APPLY`: the sources know it for an installed package, and it does not hold for the
    installed version. `NOT_INSTALLED`: the sources know it for other packages only. `REJECTED`: the id was taken
    back. `UNKNOWN`: the sources say nothing of it, which proves nothing.
    """

    APPLIES = "applies"
    UNDETERMINED = "undetermined"
    BESIDE_THE_COUNT = "beside-the-count"
    IGNORED = "ignored"
    DOES_NOT_APPLY = "does-not-apply"
    NOT_INSTALLED = "not-installed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Statement(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What one source says of the vulnerability and one package.

    Args:
        origin: Name of the source.
        id: As the source names the vulnerability.
        release: Of the distribution, or branch; "" where there is none.
        package: As the source names it.
        kind: `fixed`, `affected`, `open`, `not-affected`, `no-dsa` … in the words of the store.
        version: That fixes, mentions or reverts; "" when the kind has none.
        ranges: Affected versions in words: `from 1.0 up to, without, 1.2`.
        published: `YYYY-MM-DD`, "" when unknown.
        severity: That this source gives, "" when it gives none.
        detail: Where it stands.
    """

    origin: str
    id: str
    release: str
    package: str
    kind: str
    version: str
    ranges: tuple[str, ...]
    published: str
    severity: str
    detail: str


class ExplainedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One installed source package, and what the vulnerability is to it.

    Args:
        package: As installed; `source` and `source_version` are what was judged.
        binaries: All installed packages of that source.
        location, layer, instruction, introduced_by: Where it stands and what brought it.
        finding: None where the vulnerability does not apply.
        beside_the_count: The finding is one that is shown and not counted: kernel headers, no CVE, known to be false.
        ignored: Why a rule or a VEX statement takes the finding out, "" where none does.
        why: Why it applies, or does not; one sentence.
        how: How to get the fix, or what else to do; sentences.
        command: What installs the fix in a Dockerfile, "" where no package manager can, or nothing is fixed.
        statements: What each source says, sorted.
    """

    package: ScanPackage
    binaries: tuple[str, ...]
    location: str
    layer: int | None
    instruction: str
    introduced_by: str
    finding: ScanFinding | None
    beside_the_count: bool
    ignored: str
    why: str
    how: tuple[str, ...]
    command: str
    statements: tuple[Statement, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one vulnerability and one image.

    Args:
        generated_at: RFC 3339; the clock.
        version: Of basewise.
        id: As it was asked for.
        aliases: Other ids of it that the sources name, sorted.
        answer: Whether it applies.
        packages: Installed packages that the sources name, sorted.
        elsewhere: Names of packages that the sources name and that are not installed, sorted, the first ones.
        exploited: On the list of exploited vulnerabilities; None when the list could not know it.
        exploited_as_of: Date of that list, "" for none.
        epss, epss_percentile: As in a finding; `epss_as_of` is their date.
        coverage: Of the scan; where it is not complete, "does not apply" is no proof.
    """

    schema: str = SCHEMA
    generated_at: str
    version: str
    id: str
    aliases: tuple[str, ...]
    answer: Answer
    image: SbomImage
    base: ScanBase | None
    packages: tuple[ExplainedPackage, ...]
    elsewhere: tuple[str, ...]
    exploited: bool | None
    exploited_as_of: str
    epss: float | None
    epss_percentile: float | None
    epss_as_of: str
    coverage: Coverage
