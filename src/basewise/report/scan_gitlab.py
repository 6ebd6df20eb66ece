"""GitLab's container scanning report, schema 15.0.

Reference:
    GitLab, "Security scanner integration" and the schema `container-scanning-report-format` 15.0.2, read on 2026-11-27. The schema
    15.2.1 only adds optional fields.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from uuid import UUID

import msgspec

from basewise.model.finding import Severity
from basewise.model.scan import Scan, ScanFinding, Scans
from basewise.report.json_document import encode_json
from basewise.report.markdown_text import escape_markdown
from basewise.report.plain import plain_line
from basewise.report.scan_facts import (
    advisory_link,
    failures_of,
    finding_facts,
    ignored_sentence,
    moment_of,
    package_words,
    scan_facts,
    scans_of,
    severity_words,
    version_of,
)

__all__ = ["render_scan_gitlab"]

SCHEMA_VERSION = "15.0.2"
MAX_NAME_CHARACTERS = 255
MAX_SOLUTION_CHARACTERS = 3000
_VERSION_FIELD = 5
_DETAILS = frozenset(
    {
        "state",
        "severity-source",
        "cvss",
        "epss",
        "exploited",
        "fixed-version",
        "introduced-by",
        "layer",
        "location",
        "vex",
    }
)
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.NEGLIGIBLE: "Info",
    Severity.UNKNOWN: "Unknown",
}
_CVSS_3 = re.compile(r"CVSS:3[.][01](/[A-Z]{1,3}:[A-Z]){8,20}")


class _Identifier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    type: str
    name: str
    value: str
    url: str | None = None


class _Link(msgspec.Struct, frozen=True):
    url: str


class _Vector(msgspec.Struct, frozen=True):
    vendor: str
    vector: str


class _Name(msgspec.Struct, frozen=True):
    name: str


class _Dependency(msgspec.Struct, frozen=True):
    package: _Name
    version: str


class _Location(msgspec.Struct, frozen=True):
    dependency: _Dependency
    operating_system: str
    image: str


class _Vulnerability(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    name: str
    description: str
    severity: str
    solution: str
    identifiers: tuple[_Identifier, ...]
    cvss_vectors: tuple[_Vector, ...] = ()
    links: tuple[_Link, ...] = ()
    location: _Location
    details: dict[str, dict[str, str]]


class _Message(msgspec.Struct, frozen=True):
    level: str
    value: str


def render_scan_gitlab(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the report in JSON; width and colour change nothing.

    Its status is failure where an image could not be scanned.
    """
    del width, color
    scans, failed = scans_of(result), failures_of(result)
    moment = moment_of(result).strftime("%Y-%m-%dT%H:%M:%S")
    messages = [message for scan in scans for message in _messages(scan)]
    messages += [_Message("fatal", _text(f"not scanned: {sentence}")) for sentence in failed]
    tool = {
        "id": "basewise",
        "name": "basewise",
        "version": version_of(result) or "unknown",
        "vendor": {"name": "basewise"},
    }
    document = {
        "version": SCHEMA_VERSION,
        "scan": {
            "type": "container_scanning",
            "status": "failure" if failed or not scans else "success",
            "start_time": moment,
            "end_time": moment,
            "analyzer": tool,
            "scanner": tool,
            "messages": messages,
        },
        "vulnerabilities": [_vulnerability(scan, found) for scan in scans for found in scan.findings],
    }
    return encode_json(document).decode("ascii")


def _messages(scan: Scan) -> Iterator[_Message]:
    image = scan.image.reference
    for name, value in scan_facts(scan):
        level = "warn" if name == "coverage:not-covered" else "info"
        yield _Message(level, _text(f"{image}: {name}: {value}"))
    for ignored in scan.ignored:
        yield _Message("info", _text(f"{image}: {ignored_sentence(ignored)}"))


def _vulnerability(scan: Scan, found: ScanFinding) -> _Vulnerability:
    package = found.package
    link = advisory_link(found.id)
    return _Vulnerability(
        id=_identity(scan, found),
        name=_text(found.id, MAX_NAME_CHARACTERS) or "unnamed",
        description=escape_markdown(_description(found)),
        severity=_SEVERITIES[found.severity],
        solution=escape_markdown(found.advice, limit=MAX_SOLUTION_CHARACTERS),
        identifiers=tuple(_identifier(each) for each in dict.fromkeys((found.id, *found.aliases))),
        cvss_vectors=tuple(_vectors(found)),
        links=(_Link(link),) if link else (),
        location=_Location(
            _Dependency(
                _Name(_text(package.source or package.name)), _text(package.source_version or package.version)
            ),
            _operating_system(scan),
            _text(scan.image.reference) or "unknown",
        ),
        details={
            name: {"type": "text", "name": name.replace("-", " "), "value": escape_markdown(value)}
            for name, value in finding_facts(found)
            if name in _DETAILS
        },
    )  # fmt: skip


def _description(found: ScanFinding) -> str:
    layer = "an unknown layer" if found.layer is None else f"layer {found.layer} ({found.instruction or '?'})"
    return (
        f"{package_words(found)} is affected by {found.id}. Severity: {severity_words(found)}. "
        f"State: {found.state}. Brought by {layer}, recorded in {found.location or 'an unknown place'}."
    )


def _identity(scan: Scan, found: ScanFinding) -> str:
    """Return an id that is the same in every report of the same finding."""
    package = found.package
    parts = (
        scan.image.reference,
        found.id,
        package.type,
        package.source or "",
        package.name,
        package.version,
        found.location,
    )
    hashed = hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).digest()
    return str(UUID(bytes=hashed[:16], version=_VERSION_FIELD))  # fmt: skip


def _identifier(text: str) -> _Identifier:
    link = advisory_link(text)
    shown = _text(text, MAX_NAME_CHARACTERS) or "unnamed"
    kind = text.partition("-")[0].lower() if link else "basewise"
    return _Identifier(type=kind, name=shown, value=shown, url=link)


def _vectors(found: ScanFinding) -> Iterator[_Vector]:
    """Yield the vector where it is one of CVSS 3; the schema knows no version 4."""
    if found.cvss is not None and _CVSS_3.fullmatch(found.cvss.vector):
        yield _Vector(_text(found.cvss.source) or "unknown", found.cvss.vector)


def _operating_system(scan: Scan) -> str:
    distro = scan.distro
    return _text(":".join(filter(None, (distro.id, distro.version))) if distro else "") or "unknown"


def _text(text: str, limit: int = MAX_SOLUTION_CHARACTERS) -> str:
    return plain_line(text, limit=limit)
