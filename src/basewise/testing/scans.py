"""Results of `scan` for tests of the reports: complete documents, every part replaceable.

Ids, versions and scores are invented; no test may take them for facts about a real image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from basewise.model.choice import CandidateDistro
from basewise.model.evidence import Coverage, CoverageSource, NotCovered, Support, SupportPhase
from basewise.model.finding import BySeverity, ByState, Cvss, Severity, State, Vulnerabilities
from basewise.model.package import PackageType
from basewise.model.sbom import SbomImage, SbomLayer, SbomPackage, SbomSize
from basewise.model.scan import (
    Gate,
    IgnoredFinding,
    IgnoredStatus,
    Origin,
    Scan,
    ScanBase,
    ScanFinding,
    ScanPackage,
    ScanSummary,
    ScanUpgrade,
)

__all__ = [
    "finding",
    "ignored",
    "installed",
    "many_findings",
    "scan_coverage",
    "scan_image",
    "scan_of",
    "scanned",
]

_VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
_MEASURED = (State.FIXED, State.OPEN, State.WONT_FIX, State.MINOR)


def finding(
    id: str = "CVE-2023-5363",  # noqa: A002 - the name of the field
    package: str = "openssl",
    *,
    version: str = "3.0.9-1",
    kind: PackageType = PackageType.DEB,
    **changes: object,
) -> ScanFinding:
    """Return a fixable finding of high severity in a Debian package.

    Args:
        id: The vulnerability.
        package: Source package, which is the installed one too.
        version: Installed.
        kind: Type of the package.
        changes: Fields of `ScanFinding` to replace.
    """
    values: dict[str, object] = {
        "id": id,
        "aliases": (),
        "package": ScanPackage(
            type=kind, name=package, version=version, source=package, source_version=version
        ),
        "binaries": (package,),
        "location": "var/lib/dpkg/status",
        "state": State.FIXED,
        "severity": Severity.HIGH,
        "severity_source": "nvd",
        "cvss": Cvss(version="3.1", vector=_VECTOR, score=7.5, source="nvd"),
        "epss": 0.0123,
        "epss_percentile": 0.85,
        "exploited": False,
        "fixed_version": "3.0.11-1~deb12u2",
        "fixed_on": "2023-10-25",
        "layer": 0,
        "instruction": "ADD",
        "introduced_by": Origin.UNKNOWN,
        "origins": ("debian_archive", "debian_tracker"),
        "detail": "changelog entry 3.0.11-1~deb12u2",
        "advice": f"upgrade `{package}` to 3.0.11-1~deb12u2: `apt-get install --only-upgrade -y {package}`",
        **changes,
    }
    return ScanFinding(**values)  # type: ignore[arg-type]  # tests name the fields; msgspec checks nothing here


def ignored(
    found: ScanFinding, reason: str = "not reachable from outside", **changes: object
) -> IgnoredFinding:
    """Return a finding that a rule of the user ignores, fields replaced as said."""
    values: dict[str, object] = {
        "finding": found,
        "reason": reason,
        "expires": "2027-01-31",
        "source": "basewise.toml",
        "status": IgnoredStatus.ACCEPTED,
        **changes,
    }
    return IgnoredFinding(**values)  # type: ignore[arg-type]  # as above


def installed(found: ScanFinding) -> SbomPackage:
    """Return the installed package of a finding."""
    package = found.package
    return SbomPackage(
        type=package.type,
        name=package.name,
        version=package.version,
        arch="amd64",
        source=package.source,
        source_version=package.source_version,
        location=found.location,
        layer=found.layer,
        owner=None,
        installer="",
        direct="",
        module="",
        files_changed=False,
    )


def scan_image(**changes: object) -> SbomImage:
    """Return an image of a registry with two layers, fields replaced as said."""
    values: dict[str, object] = {
        "reference": "registry.example/team/app:1.4",
        "name": "",
        "digest": f"sha256:{'a' * 64}",
        "index_digest": f"sha256:{'b' * 64}",
        "config_digest": f"sha256:{'c' * 64}",
        "platform": "linux/amd64",
        "created": "2026-10-01T00:00:00Z",
        "size": SbomSize(
            compressed_bytes=45_000_000, compressed_basis="exact", disk_bytes=120_000_000, disk_basis="exact"
        ),
        "layers": tuple(_layer(index, instruction) for index, instruction in enumerate(("ADD", "RUN"))),
        **changes,
    }
    return SbomImage(**values)  # type: ignore[arg-type]  # as above


def _layer(index: int, instruction: str) -> SbomLayer:
    return SbomLayer(
        index=index,
        digest=f"sha256:{str(index) * 64}",
        diff_id=f"sha256:{str(index + 4) * 64}",
        size_bytes=20_000_000,
        disk_bytes=60_000_000,
        entries=1000,
        history=index,
        instruction=instruction,
    )


def scan_coverage(*, complete: bool = False) -> Coverage:
    """Return a coverage with two sources, and one thing unseen unless it is complete."""
    return Coverage(
        complete=complete,
        sources=(
            CoverageSource(
                name="debian_archive bookworm", ecosystem="debian", as_of="2026-11-22", age_days=1, entries=870, verified=True
            ),
            CoverageSource(
                name="osv PyPI", ecosystem="pypi", as_of="2026-11-20", age_days=3, entries=2661, verified=False
            ),
        ),
        not_covered=() if complete else (NotCovered("conda packages", "no source covers them"),),
    )  # fmt: skip


def scan_of(*findings: ScanFinding, **changes: object) -> Scan:
    """Return the scan of an image in which these findings are, counted as they are.

    Args:
        findings: In their order.
        changes: Fields of `Scan` to replace; `ignored` and `coverage` are counted and judged too.
    """
    coverage = changes.get("coverage", scan_coverage())
    set_aside = changes.get("ignored", ())
    beside = changes.get("uncounted", ())
    assert isinstance(coverage, Coverage)  # noqa: S101 - tests name the fields
    assert isinstance(set_aside, tuple)  # noqa: S101 - the same
    assert isinstance(beside, tuple)  # noqa: S101 - the same
    every = (*findings, *(each.finding for each in set_aside), *beside)
    packages = tuple({each.package: installed(each) for each in every}.values())
    summary = ScanSummary(
        packages=len(packages),
        vulnerabilities=_counts(findings),
        base=None,
        own=None,
        ignored=len(set_aside),
        uncounted=len(beside),
        verdict="findings" if findings else "clean" if coverage.complete else "incomplete",
    )
    values: dict[str, object] = {
        "generated_at": "2026-11-23T12:00:00Z",
        "version": "1.2",
        "image": scan_image(),
        "base": None,
        "distro": CandidateDistro("debian", "12", "bookworm"),
        "support": Support(
            python_eol="2028-10-31",
            distro_eol="2026-06-10",
            distro_lts_eol="2028-06-30",
            phase=SupportPhase.LTS,
        ),
        "packages": packages,
        "findings": findings,
        "upgrades": tuple(_upgrades(findings)),
        "ignored": (),
        "embedded": (),
        "uncounted": (),
        "notes": (),
        "shown": None,
        "gate": None,
        "summary": summary,
        "coverage": coverage,
        **changes,
    }
    return Scan(**values)  # type: ignore[arg-type]  # as above


def _upgrades(findings: Sequence[ScanFinding]) -> Iterator[ScanUpgrade]:
    fixable: dict[ScanPackage, list[ScanFinding]] = {}
    for found in findings:
        if found.state is State.FIXED and found.fixed_version is not None:
            fixable.setdefault(found.package, []).append(found)
    for package, same in fixable.items():
        first = same[0]
        yield ScanUpgrade(
            package=package,
            binaries=first.binaries,
            to=first.fixed_version or "",
            command=f"apt-get install -y --only-upgrade {package.name}",
            fixes=tuple(found.id for found in same),
            severity=first.severity,
            exploited=sum(found.exploited is True for found in same),
            layer=first.layer,
            instruction=first.instruction,
            introduced_by=first.introduced_by,
        )


def _counts(findings: Sequence[ScanFinding]) -> Vulnerabilities:
    states = Counter(found.state for found in findings)
    severities = Counter(found.severity for found in findings if found.state in _MEASURED)
    total = sum(states[state] for state in _MEASURED)
    return Vulnerabilities(
        total=total,
        fixable=states[State.FIXED],
        undetermined=states[State.UNDETERMINED],
        after_rebuild=total - states[State.FIXED],
        exploited=sum(found.exploited is True for found in findings),
        by_severity=BySeverity(**{str(severity): severities[severity] for severity in Severity}),
        by_state=ByState(**{str(state).replace("-", "_"): states[state] for state in State}),
        as_of="2026-11-20",
    )


def scanned() -> Scan:
    """Return a scan with a finding of every state, ignored ones, a base, a gate and something unseen."""
    exploited = finding(
        "CVE-2024-3094", "xz-utils", version="5.6.0-0.2", severity=Severity.CRITICAL, exploited=True, layer=1,
        instruction="RUN", introduced_by=Origin.OWN,
    )  # fmt: skip
    python = finding(
        "GHSA-aaaa-bbbb-cccc", "requests", version="2.30.0", kind=PackageType.PYPI, aliases=("CVE-2023-32681", "PYSEC-2023-74"),
        severity=Severity.MEDIUM, severity_source="ghsa", epss=None, epss_percentile=None, exploited=None, layer=1,
        location="usr/local/lib/python3.12/site-packages/requests-2.30.0.dist-info/METADATA", introduced_by=Origin.OWN,
        fixed_version="2.31.0", advice="upgrade `requests` to 2.31.0",
    )  # fmt: skip
    unfixed: dict[str, Any] = {"fixed_version": None, "fixed_on": None, "introduced_by": Origin.BASE}
    others = (
        finding("CVE-2023-4039", "gcc-12", state=State.OPEN, severity=Severity.LOW, **unfixed),
        finding("CVE-2011-3374", "apt", state=State.MINOR, severity=Severity.NEGLIGIBLE, **unfixed),
        finding("CVE-2022-0563", "util-linux", state=State.WONT_FIX, severity=Severity.UNKNOWN, cvss=None, **unfixed),
        finding("CVE-2026-1", "glibc", state=State.UNDETERMINED, severity=Severity.UNKNOWN, cvss=None, **unfixed),
    )  # fmt: skip
    findings = (exploited, finding(introduced_by=Origin.BASE), python, *others)
    return scan_of(
        *findings,
        base=ScanBase(image="python:3.12-slim-bookworm", digest=None, layers=1, how="equal layers"),
        ignored=(
            ignored(finding("CVE-2020-1", "perl", introduced_by=Origin.BASE)),
            ignored(
                finding("CVE-2020-2", "perl", introduced_by=Origin.BASE),
                "the module is not loaded",
                expires=None,
                source="vex.json",
                status=IgnoredStatus.NOT_AFFECTED,
                justification="vulnerable_code_not_in_execute_path",
            ),
        ),
        uncounted=(finding("CVE-2024-1", "linux", introduced_by=Origin.BASE),),
        notes=("the rule for CVE-2019-1 matches nothing",),
        gate=Gate(conditions=("critical", "exploited"), violations=("CVE-2024-3094",), passed=False),
    )


def many_findings(count: int) -> Scan:
    """Return a scan of so many findings, twenty in each of its packages."""
    made = (
        finding(f"CVE-{2000 + at // 9000}-{at % 9000 + 1000}", f"package-{at // 20}", cvss=None)
        for at in range(count)
    )
    return msgspec.structs.replace(scan_of(*made), coverage=scan_coverage(complete=True))
