"""JUnit: the findings as test cases, for build servers that show test results.

A suite an image; a case a finding, one for the coverage. A finding fails where it violates the gate, or always where no gate
was asked for; an ignored one is skipped; incomplete evidence is an error, because nothing that was not looked at passed.

Reference:
    There is no standard; these are the elements that Jenkins' schemas (`jenkins-junit.xsd`) and GitLab share, read on 2026-11-27.
    GitLab shows class, name and the text inside, not the attributes of a failure (its issue 299086), so the text says all.
    XML 1.0, section 2.2, for the characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from basewise.model.scan import Scan, ScanFinding, Scans
from basewise.report.plain import plain_line
from basewise.report.scan_facts import (
    failures_of,
    finding_facts,
    ignored_sentence,
    moment_of,
    package_words,
    scan_facts,
    scans_of,
    severity_words,
)

__all__ = ["render_scan_junit"]

_COUNTED = ("tests", "failures", "errors", "skipped")


def render_scan_junit(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the document in XML and ASCII; width and colour change nothing.

    An image that could not be scanned is a suite with an error.
    """
    del width, color
    suites = [_suite(scan) for scan in scans_of(result)]
    suites += [_failed_suite(sentence) for sentence in failures_of(result)]
    totals = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in _COUNTED}
    root = Element("testsuites", {"name": "basewise scan", **totals})
    root.extend(suites)
    indent(root)
    written: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def _suite(scan: Scan) -> Element:
    moment = moment_of(scan).strftime("%Y-%m-%dT%H:%M:%S")
    suite = Element("testsuite", {"name": _text(scan.image.reference), "timestamp": moment})
    properties = SubElement(suite, "properties")
    for name, value in scan_facts(scan):
        SubElement(properties, "property", {"name": f"basewise:{name}", "value": value})
    _coverage_case(suite, scan)
    violations = None if scan.gate is None else frozenset(scan.gate.violations)
    for found in scan.findings:
        case = _case(suite, found)
        fails = violations is None or found.id in violations
        outcome = SubElement(case, "failure" if fails else "system-out")
        if fails:
            outcome.set("message", _text(found.advice))
            outcome.set("type", str(found.severity))
        outcome.text = _details(found)
    _hidden_violations(suite, scan)
    for ignored in scan.ignored:
        SubElement(_case(suite, ignored.finding), "skipped", {"message": _text(ignored_sentence(ignored))})
    _count(suite)
    return suite


def _coverage_case(suite: Element, scan: Scan) -> None:
    case = SubElement(suite, "testcase", {"classname": "coverage", "name": "everything was looked at"})
    if not scan.coverage.complete:
        missing = [_text(f"{item.what}: {item.why}") for item in scan.coverage.not_covered]
        error = SubElement(case, "error", {"message": "the evidence is incomplete", "type": "incomplete"})
        error.text = _lines(missing)


def _hidden_violations(suite: Element, scan: Scan) -> None:
    """Add a case for each violation of the gate that a filter leaves out of the findings."""
    shown = {found.id for found in scan.findings}
    for identifier in scan.gate.violations if scan.gate is not None else ():
        if identifier not in shown:
            case = SubElement(suite, "testcase", {"classname": "gate", "name": _text(identifier)})
            SubElement(
                case, "failure", {"message": "violates the gate; left out by a filter", "type": "hidden"}
            )


def _failed_suite(sentence: str) -> Element:
    suite = Element("testsuite", {"name": "not scanned"})
    case = SubElement(suite, "testcase", {"classname": "image", "name": _text(sentence)})
    SubElement(case, "error", {"message": _text(sentence), "type": "not-scanned"})
    _count(suite)
    return suite


def _case(suite: Element, found: ScanFinding) -> Element:
    package = found.package
    return SubElement(
        suite,
        "testcase",
        {
            "classname": _text(f"{package.type}.{package.source or package.name}"),
            "name": _text(f"{found.id} in {package_words(found)}"),
        },
    )


def _count(suite: Element) -> None:
    """Write the counts of a suite, from its cases themselves."""
    cases = suite.findall("testcase")
    outcomes = Counter(outcome.tag for case in cases for outcome in case)
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(outcomes[tag]))


def _details(found: ScanFinding) -> str:
    also = [f"also known as {', '.join(found.aliases)}"] if found.aliases else []
    facts = [f"{name}: {value}" for name, value in finding_facts(found)]
    lines = (f"severity {severity_words(found)}", f"advice: {found.advice}", *also, *facts)
    return _lines(map(_text, lines))


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"\n{line}" for line in lines) + "\n"


def _text(text: str) -> str:
    """Return printable text on one line; that leaves only characters that XML 1.0 allows."""
    return plain_line(text)
