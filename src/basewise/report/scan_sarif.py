"""SARIF: the findings as alerts of a code-scanning service.

One run an image. A rule is a vulnerability, a result a vulnerability in a source package.

Reference:
    OASIS SARIF 2.1.0 with errata 01: sections 3.14 (run), 3.20 (invocation), 3.27 (result), 3.49 (rule).
    GitHub, "SARIF support for code scanning" and "SARIF results exceed hard limit", read on 2026-11-27: 20 runs a file,
    25 000 results and rules a run, of fingerprints only `primaryLocationLineHash` is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from basewise._internal.text import format_moment
from basewise.errors import InvalidValueError
from basewise.model.finding import Severity, State
from basewise.model.reference import Reference
from basewise.model.scan import Scan, ScanFinding, Scans
from basewise.report.plain import plain_line
from basewise.report.sarif_parts import (
    MAX_RESULTS,
    SarifMessage,
    coverage_notices,
    driver,
    fact_properties,
    invocation,
    message_text,
    partial_fingerprints,
    relative_uri,
    rule_id,
    sarif_log,
    sarif_run,
)
from basewise.report.scan_facts import (
    failures_of,
    finding_facts,
    ignored_sentence,
    moment_of,
    package_words,
    scan_facts,
    scans_of,
    version_of,
)
from basewise.report.scan_sarif_rules import sarif_rules
from basewise.report.short_hash import numbered, short_hash

__all__ = ["render_scan_sarif"]

MAX_RUNS = 20
_LISTS = ("coverage:source", "coverage:not-covered", "note")
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.NEGLIGIBLE: "note",
    Severity.UNKNOWN: "warning",
}
_QUIET_STATES = (State.MINOR, State.UNDETERMINED)


class _Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    rule_id: str
    rule_index: int
    level: str
    message: SarifMessage
    locations: tuple[dict[str, Any], ...]
    partial_fingerprints: dict[str, str]
    properties: dict[str, str]


def render_scan_sarif(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the log in JSON; width and colour change nothing.

    Images that could not be scanned are a run that did not succeed.
    """
    del width, color
    scans, failed = scans_of(result), failures_of(result)
    many = len(scans) + bool(failed) > MAX_RUNS
    runs: list[object] = [
        _run(scan, name, many=many) for scan, name in zip(scans, _names(scans), strict=True)
    ]
    if failed or not scans:
        runs.append(_failed_run(version_of(result), failed))
    return sarif_log(runs)


def _names(scans: Sequence[Scan]) -> Iterator[str]:
    """Yield a name for each image that stays the same from build to build, and is not that of another one here.

    A code-scanning service closes the alerts that a later run of the same name does not repeat: a tag that names
    the build must not be part of it.
    """
    repositories = Counter(_repository(scan) for scan in scans)
    seen: Counter[str] = Counter()
    for scan in scans:
        name = _repository(scan)
        if repositories[name] > 1:
            name = f"{scan.image.reference} {scan.image.platform}"
        yield numbered(name, seen, between=" ")


def _repository(scan: Scan) -> str:
    text = scan.image.reference
    try:
        reference = Reference.parse(text)
    except InvalidValueError:
        return text
    # A path or an archive is named `oci:DIR`, which reads as a name with a tag but prints otherwise.
    return f"{reference.registry}/{reference.repository}" if str(reference) == text else text


def _run(scan: Scan, name: str, *, many: bool) -> dict[str, object]:
    findings = scan.findings[:MAX_RESULTS]
    rules = sarif_rules(findings)
    places = {rule.id: place for place, rule in enumerate(rules)}
    return sarif_run(
        driver(scan.version, rules),
        identity=f"basewise-scan/{plain_line(name)}/",
        notices=_notices(scan, many=many),
        results=[_result(scan, name, found, places) for found in findings],
        properties={
            **fact_properties(scan_facts(scan), lists=_LISTS),
            "basewise:count:results": str(len(findings)),
        },
        ended=format_moment(moment_of(scan)),
    )


def _failed_run(version: str, failed: Iterable[str]) -> dict[str, object]:
    notices = (("error", f"not scanned: {sentence}") for sentence in failed)
    return {
        "tool": {"driver": driver(version, ())},
        "automationDetails": {"id": "basewise-scan/not-scanned/"},
        "invocations": [invocation(notices, succeeded=False)],
        "results": [],
    }


def _notices(scan: Scan, *, many: bool) -> Iterator[tuple[str, str]]:
    """Yield what a reader of the results must know: a level of SARIF, and a sentence."""
    yield from coverage_notices(scan.coverage)
    if len(scan.findings) > MAX_RESULTS:
        yield (
            "warning",
            f"{len(scan.findings)} findings, of which the {MAX_RESULTS} most urgent are results; `--format json` has all",
        )
    if many:
        yield "warning", f"code scanning takes {MAX_RUNS} runs in a file; scan fewer images at once"
    for note in scan.notes:
        yield "note", note
    for ignored in scan.ignored:
        yield "note", ignored_sentence(ignored)


def _result(scan: Scan, name: str, found: ScanFinding, places: dict[str, int]) -> _Result:
    identifier = rule_id(found.id)
    package = found.package
    fingerprint = short_hash(
        name, found.id, package.type, package.source or package.name, package.name, found.location
    )
    layer = "an unknown layer" if found.layer is None else f"layer {found.layer}"
    made = f" ({found.instruction})" if found.instruction else ""
    return _Result(
        rule_id=identifier,
        rule_index=places[identifier],
        level="note" if found.state in _QUIET_STATES else _LEVELS[found.severity],
        message=SarifMessage(
            message_text(f"{found.id} in {package_words(found)}, brought by {layer}{made}: {found.advice}")
        ),
        locations=(
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": relative_uri(found.location, without="image")},
                    "region": {"startLine": 1},
                },
                "message": {"text": message_text(f"in {scan.image.reference}: {found.location}")},
            },
        ),
        partial_fingerprints=partial_fingerprints(fingerprint),
        properties={f"basewise:{name}": value for name, value in finding_facts(found)},
    )
