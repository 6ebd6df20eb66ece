"""CycloneDX with vulnerabilities: what Dependency-Track and other trackers read.

Reference:
    ECMA-424, CycloneDX 1.6: `vulnerabilities`, its `ratings`, `affects` and `analysis`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from basewise.model.finding import Cvss, Severity
from basewise.model.scan import IgnoredFinding, IgnoredStatus, Scan, ScanFinding, Scans
from basewise.report.cyclonedx_parts import (
    IMAGE,
    Property,
    bom_of,
    package_components,
    properties_of,
)
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.scan_affected import AffectedPackages
from basewise.report.scan_facts import advisory_link, finding_facts, moment_of, one_scan, scan_facts
from basewise.report.short_hash import short_hash

__all__ = ["render_scan_cyclonedx"]

_FORM = "cyclonedx"
_SEVERITIES = {Severity.NEGLIGIBLE: "info"}
_METHODS = {"2.0": "CVSSv2", "3.0": "CVSSv3", "3.1": "CVSSv31", "4.0": "CVSSv4"}
_STATED_ELSEWHERE = frozenset({"cvss", "cvss-vector", "cvss-source", "package-type"})
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}


class _Source(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    url: str | None = None


class _Reference(msgspec.Struct, frozen=True):
    id: str
    source: _Source


class _Rating(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    source: _Source
    score: float | None = None
    severity: str
    method: str | None = None
    vector: str | None = None


class _AffectedVersion(msgspec.Struct, frozen=True):
    version: str
    status: str = "affected"


class _Affected(msgspec.Struct, frozen=True):
    ref: str
    versions: tuple[_AffectedVersion, ...]


class _Analysis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: str
    justification: str | None = None
    response: tuple[str, ...] = ()
    detail: str


class _Vulnerability(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    reference: str = msgspec.field(name="bom-ref")
    id: str
    source: _Source
    references: tuple[_Reference, ...] = ()
    ratings: tuple[_Rating, ...]
    recommendation: str
    analysis: _Analysis | None = None
    affects: tuple[_Affected, ...]
    properties: tuple[Property, ...]


def render_scan_cyclonedx(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the document of one scanned image in JSON; width and colour change nothing.

    Raises:
        UsageError: There are several images.
    """
    del width, color
    scan = one_scan(result, _FORM)
    components = tuple(package_components(scan))
    references = [component.reference for component in components]
    bom = bom_of(
        scan,
        components,
        identity=msgspec.structs.replace(scan, generated_at=""),
        form="cyclonedx scan",
        moment=moment_of(scan),
        version=plain_line(scan.version),
        properties=properties_of((f"basewise:scan:{name}", value) for name, value in scan_facts(scan)),
        vulnerabilities=tuple(_vulnerabilities(scan, references)),
    )
    return encode_json(bom).decode("ascii")


def _vulnerabilities(scan: Scan, references: Sequence[str]) -> Iterator[_Vulnerability]:
    affected = AffectedPackages(scan.packages)
    every = [*((found, None) for found in scan.findings), *((each.finding, each) for each in scan.ignored)]
    for number, (found, ignored) in enumerate(every):
        refs = tuple(references[place] for place in affected.places(found)) or (IMAGE,)
        yield _vulnerability(found, number, refs, ignored)


def _vulnerability(
    found: ScanFinding, number: int, refs: Sequence[str], ignored: IgnoredFinding | None
) -> _Vulnerability:
    package = found.package
    version = _AffectedVersion(_text(package.version))
    return _Vulnerability(
        reference=f"vulnerability-{number}-{short_hash(found.id, package.type, package.name, package.version)}",
        id=_text(found.id),
        source=_source(found.id, found.origins[0] if found.origins else ""),
        references=tuple(
            _Reference(alias, _source(alias, ""))
            for alias in dict.fromkeys(map(_text, found.aliases))
        ),
        ratings=(_rating(found),),
        recommendation=_text(found.advice),
        analysis=_analysis(ignored) if ignored is not None else None,
        affects=tuple(_Affected(ref, (version,)) for ref in refs),
        properties=properties_of(
            (f"basewise:finding:{name}", value)
            for name, value in finding_facts(found)
            if name not in _STATED_ELSEWHERE
        ),
    )  # fmt: skip


def _source(identifier: str, feed: str) -> _Source:
    """Return the record of a vulnerability where its id tells one, else the feed that said it."""
    if (link := advisory_link(identifier)) is None:
        return _Source(_text(feed) or "basewise")
    return _Source("CVE" if identifier.startswith("CVE-") else identifier.partition("-")[0], link)


def _rating(found: ScanFinding) -> _Rating:
    severity = _SEVERITIES.get(found.severity, str(found.severity))
    cvss: Cvss | None = found.cvss
    if cvss is None:
        return _Rating(source=_Source(_text(found.severity_source) or "unknown"), severity=severity)
    return _Rating(
        source=_Source(_text(found.severity_source or cvss.source) or "unknown"),
        score=cvss.score,
        severity=severity,
        method=_METHODS.get(cvss.version, "other"),
        vector=_text(cvss.vector),
    )


def _analysis(ignored: IgnoredFinding) -> _Analysis:
    """Return what whoever ignores a finding says; an accepted risk stays exploitable, and nothing is done about it."""
    until = f", until {ignored.expires}" if ignored.expires else ""
    detail = _text(f"{ignored.reason} ({ignored.source}{until})")
    if ignored.status is IgnoredStatus.ACCEPTED:
        return _Analysis(state="exploitable", response=("will_not_fix",), detail=detail)
    if ignored.status is IgnoredStatus.FIXED:
        return _Analysis(state="resolved", detail=detail)
    return _Analysis(
        state="not_affected", justification=_JUSTIFICATIONS.get(ignored.justification), detail=detail
    )


def _text(text: str) -> str:
    return plain_line(text)
