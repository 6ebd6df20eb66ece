"""Vulnerabilities of the application's own Python packages, apart from those of the bases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import plural
from basewise.model.choice import ApplicationFinding, ApplicationVulnerabilities, Choice
from basewise.model.finding import Severity, State
from basewise.report.section import Section
from basewise.report.words import shortened

__all__ = ["application_section"]

MAX_FINDINGS = 8


def application_section(choice: Choice) -> Section:
    """Return what is known of them; a sentence a minor only where the minors differ."""
    title = "The application's own Python packages (apart from every base; they change no rank)"
    measured = [
        found for found in choice.application_vulnerabilities if found.vulnerabilities.total is not None
    ]
    if not measured:
        return Section(title, ())
    return Section(title, tuple(_sentences(measured)))


def _sentences(measured: Sequence[ApplicationVulnerabilities]) -> Iterator[str]:
    if len({found.findings for found in measured}) == 1:
        minors = "every Python minor" if len(measured) > 1 else f"Python {measured[0].python}"
        yield f"{minors}: {_counted(measured[0])}"
        yield from _listed(measured[0].findings)
        return
    yield "versions differ between Python minors, and so do their vulnerabilities; the order above does not weigh them"
    for found in measured:
        ids = [f"{each.package} {each.id}" for each in found.findings]
        named = f": {shortened(ids, MAX_FINDINGS)}" if ids else ""
        yield f"Python {found.python}: {_counted(found)}{named}"


def _counted(found: ApplicationVulnerabilities) -> str:
    counts = found.vulnerabilities
    if not found.findings:
        return f"no known vulnerability in {plural(found.packages, 'package')}"
    total = plural(counts.total or 0, "vulnerability", "vulnerabilities")
    beside = f", {counts.undetermined} undetermined" if counts.undetermined else ""
    exploited = f", {counts.exploited} exploited" if counts.exploited else ""
    return f"{total} in {plural(found.packages, 'package')}, {counts.fixable} fixable{exploited}{beside}"


def _listed(findings: Sequence[ApplicationFinding]) -> Iterator[str]:
    for found in findings[:MAX_FINDINGS]:
        severity = "" if found.severity is Severity.UNKNOWN else f" ({found.severity})"
        fix = f"raise it to {found.fixed_version}" if found.state is State.FIXED else str(found.state)
        yield f"{found.package} {found.version}: {found.id}{severity}: {fix}"
    more = len(findings) - MAX_FINDINGS
    if more > 0:
        yield f"{more} more in `--format json`"
