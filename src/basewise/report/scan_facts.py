"""What every form of a scan says beside its findings: which image, which evidence, how many, what was not seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from basewise.errors import InvalidValueError, UsageError
from basewise.model.finding import BySeverity, ByState, Vulnerabilities
from basewise.model.scan import IgnoredFinding, IgnoredStatus, Scan, ScanFinding, Scans, ScanUpgrade
from basewise.report.coverage_words import coverage_facts
from basewise.report.plain import plain_line

__all__ = [
    "advisory_link",
    "failures_of",
    "finding_facts",
    "ignored_sentence",
    "moment_of",
    "one_scan",
    "package_words",
    "scan_facts",
    "scans_of",
    "severity_words",
    "version_of",
]

UNKNOWN = "unknown"
MAX_VALUE_CHARACTERS = 1000
_CVE = re.compile(r"CVE-\d{4}-\d{1,12}")
_GHSA = re.compile(r"GHSA(-[0-9a-z]{4}){3}")
_PYSEC = re.compile(r"(PYSEC|PSF|OSV)-\d{4}-\d{1,12}")
_IGNORED_WORDS = {
    IgnoredStatus.ACCEPTED: "the risk is accepted",
    IgnoredStatus.NOT_AFFECTED: "not affected",
    IgnoredStatus.FIXED: "fixed",
}


def scans_of(result: Scan | Scans) -> tuple[Scan, ...]:
    """Return the scanned images of one or several."""
    return result.scans if isinstance(result, Scans) else (result,)


def failures_of(result: Scan | Scans) -> tuple[str, ...]:
    """Return what could not be scanned, a sentence each."""
    return result.failed if isinstance(result, Scans) else ()


def one_scan(result: Scan | Scans, form: str) -> Scan:
    """Return the only scanned image, for a form whose document describes one.

    Raises:
        UsageError: There are several, or one could not be scanned.
    """
    if isinstance(result, Scan):
        return result
    if len(result.scans) == 1 and not result.failed:
        return result.scans[0]
    raise UsageError(
        f"a document in the format `{form}` describes one image, and {len(result.scans) + len(result.failed)} were named",
        hint="scan each image by itself, with its own `-o FILE`",
    )


def moment_of(scan: Scan | Scans) -> datetime:
    """Return the clock of a scan, or of several, in UTC.

    Raises:
        InvalidValueError: `generated_at` is no time.
    """
    if isinstance(scan, Scans) and not scan.generated_at and scan.scans:
        return max(moment_of(each) for each in scan.scans)
    try:
        moment = datetime.fromisoformat(scan.generated_at)
    except ValueError as error:
        raise InvalidValueError(
            f"the scan says no time in `generated_at`: {scan.generated_at[:40]!r}",
            hint="write `2026-11-23T12:00:00Z`",
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def version_of(result: Scan | Scans) -> str:
    """Return the version of basewise that scanned, "" where none is said."""
    versions = (result.version, *(scan.version for scan in scans_of(result)))
    return plain_line(next(filter(None, versions), ""))


def scan_facts(scan: Scan) -> tuple[tuple[str, str], ...]:
    """Return names and values, each on one line of printable text; `unknown` is said where nothing is known."""
    return tuple((name, plain_line(value, limit=MAX_VALUE_CHARACTERS)) for name, value in _facts(scan))


def finding_facts(found: ScanFinding) -> tuple[tuple[str, str], ...]:
    """Return what is known of one finding, as `scan_facts` does; what does not apply to it is left out."""
    stated = (
        ("state", str(found.state)),
        ("severity", str(found.severity)),
        ("severity-source", found.severity_source),
        ("cvss", f"{found.cvss.score:g}" if found.cvss else ""),
        ("cvss-vector", found.cvss.vector if found.cvss else ""),
        ("cvss-source", found.cvss.source if found.cvss else ""),
        ("epss", "" if found.epss is None else f"{found.epss:g}"),
        ("epss-percentile", "" if found.epss_percentile is None else f"{found.epss_percentile:g}"),
        ("exploited", _truth(found.exploited)),
        ("fixed-version", found.fixed_version or ""),
        ("fixed-on", found.fixed_on or ""),
        ("package-type", str(found.package.type)),
        ("binaries", " ".join(found.binaries)),
        ("location", found.location),
        ("layer", UNKNOWN if found.layer is None else str(found.layer)),
        ("instruction", found.instruction),
        ("introduced-by", str(found.introduced_by)),
        ("origins", " ".join(found.origins)),
        ("detail", found.detail),
        ("vex", found.vex),
    )
    return tuple((name, plain_line(value, limit=MAX_VALUE_CHARACTERS)) for name, value in stated if value)


def package_words(found: ScanFinding | ScanUpgrade) -> str:
    """Return the package that was judged and its version: of an OS package the source."""
    package = found.package
    return f"{package.source or package.name} {package.source_version or package.version}"


def severity_words(found: ScanFinding) -> str:
    """Return the severity and who says so: `high (nvd, CVSS 3.1 score 7.5)`."""
    score = f"CVSS {found.cvss.version} score {found.cvss.score:g}" if found.cvss else ""
    reasons = ", ".join(filter(None, (found.severity_source, score)))
    return f"{found.severity} ({reasons})" if reasons else str(found.severity)


def ignored_sentence(ignored: IgnoredFinding) -> str:
    """Return which finding is ignored, why, by what and until when."""
    found = ignored.finding
    until = f", until {ignored.expires}" if ignored.expires else ""
    return (
        f"{found.id} in {package_words(found)} is ignored: {_IGNORED_WORDS[ignored.status]}: "
        f"{ignored.reason} ({ignored.source}{until})"
    )


def advisory_link(identifier: str) -> str | None:
    """Return the public page of a vulnerability; None for an id that is not written as ids are."""
    if _CVE.fullmatch(identifier):
        return f"https://www.cve.org/CVERecord?id={identifier}"
    if _GHSA.fullmatch(identifier):
        return f"https://github.com/advisories/{identifier}"
    if _PYSEC.fullmatch(identifier):
        return f"https://osv.dev/vulnerability/{identifier}"
    return None


def _facts(scan: Scan) -> Iterator[tuple[str, str]]:
    yield from _image_facts(scan)
    yield from _count_facts(scan)
    gate = scan.gate
    if gate is not None:
        yield "gate:conditions", ", ".join(gate.conditions)
        yield "gate:violations", str(len(gate.violations))
        yield "gate:passed", _truth(gate.passed)
    yield from coverage_facts(scan.coverage)
    for note in scan.notes:
        yield "note", note


def _image_facts(scan: Scan) -> Iterator[tuple[str, str]]:
    image, distro, base, support = scan.image, scan.distro, scan.base, scan.support
    yield "tool", f"basewise {scan.version}"
    yield "generated-at", scan.generated_at
    yield "image:reference", image.reference
    yield "image:digest", image.digest or UNKNOWN
    yield "image:index-digest", image.index_digest or UNKNOWN
    yield "image:config-digest", image.config_digest or UNKNOWN
    yield "image:platform", image.platform
    yield (
        "distro",
        " ".join(filter(None, (distro.id, distro.version, distro.codename))) if distro else UNKNOWN,
    )
    if base is not None:
        yield "base:image", base.image
        yield "base:digest", base.digest or UNKNOWN
        yield "base:known-by", base.how
        if base.candidates:
            yield "base:candidates", " ".join(base.candidates)
    yield "support:phase", str(support.phase) if support else UNKNOWN
    yield "support:distro-end", (support.distro_eol if support else None) or UNKNOWN
    yield "support:distro-lts-end", (support.distro_lts_eol if support else None) or UNKNOWN
    yield "support:python-end", (support.python_eol if support else None) or UNKNOWN


def _count_facts(scan: Scan) -> Iterator[tuple[str, str]]:
    summary = scan.summary
    yield "verdict", summary.verdict
    yield "count:packages", str(summary.packages)
    yield "count:findings", str(len(scan.findings))
    if scan.shown is not None:
        yield "shown:only-fixable", _truth(scan.shown.only_fixable)
        yield "shown:severity", str(scan.shown.severity or "all")
        yield "count:hidden", str(scan.shown.hidden)
    yield from _numbers("count", summary.vulnerabilities)
    for part, counts in (("base", summary.base), ("own", summary.own)):
        if counts is not None:
            yield f"count:{part}:total", _number(counts.total)
            yield f"count:{part}:fixable", _number(counts.fixable)
    yield "count:ignored", str(summary.ignored)
    yield "count:uncounted", str(summary.uncounted)


def _numbers(prefix: str, counts: Vulnerabilities) -> Iterator[tuple[str, str]]:
    for name in ("total", "fixable", "undetermined", "exploited"):
        yield f"{prefix}:{name}", _number(getattr(counts, name))
    for kind, values in (("severity", counts.by_severity), ("state", counts.by_state)):
        fields = (BySeverity if kind == "severity" else ByState).__struct_fields__
        for name in fields:
            yield f"{prefix}:{kind}:{name.replace('_', '-')}", _number(getattr(values, name))


def _number(count: int | None) -> str:
    return UNKNOWN if count is None else str(count)


def _truth(value: bool | None) -> str:  # noqa: FBT001 - the value itself
    return UNKNOWN if value is None else str(value).lower()
