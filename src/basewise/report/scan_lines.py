"""The sentences about a scanned image: the same for every text form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from basewise._internal.text import plural
from basewise.model.evidence import Support, SupportPhase
from basewise.model.finding import Severity, State, Vulnerabilities
from basewise.model.scan import Origin, Scan, ScanFinding, ScanUpgrade
from basewise.report.image_words import distro_words, identity_sentence, kind_words, size_words
from basewise.report.words import number_text, shortened

__all__ = [
    "brought_by",
    "count_rows",
    "gate_sentence",
    "head_sentences",
    "id_with_risk",
    "severity_sentence",
    "support_sentence",
    "unjudged_sentence",
    "verdict_sentence",
]

COUNT_COLUMNS = ("exploited", "fixable", "open", "won't fix", "minor", "undetermined")
_LEAST_EPSS = 0.01


def head_sentences(scan: Scan) -> Iterator[str]:
    """Yield which image it is, what it is built on, and how long that is supported."""
    image = scan.image
    yield image.reference
    yield identity_sentence(image)
    kinds = kind_words(package.type for package in scan.packages)
    packages = plural(len(scan.packages), "package") + (f" ({kinds})" if kinds else "")
    yield f"{distro_words(scan.distro)}, {packages}, {size_words(image)}"
    if scan.support is not None:
        yield support_sentence(scan.support)
    yield _base_sentence(scan)


def support_sentence(support: Support) -> str:
    """Return the ends of support."""
    phase = {
        SupportPhase.REGULAR: "in regular support",
        SupportPhase.LTS: "in long-term support only",
        SupportPhase.EOL: "past its end of support: fewer advisories are written for it, so counts are too low",
        SupportPhase.UNKNOWN: "of unknown support",
    }[support.phase]
    ends = [
        f"{what} {end}"
        for what, end in (
            ("regular end", support.distro_eol),
            ("long-term end", support.distro_lts_eol),
            ("Python end", support.python_eol),
        )
        if end is not None
    ]
    return f"distribution {phase}" + (f" ({', '.join(ends)})" if ends else "")


def _base_sentence(scan: Scan) -> str:
    base = scan.base
    if base is None:
        return "base image not known: name it with `--base IMAGE` to tell its layers from the image's own"
    named = f"base {base.image}" + (f"@{base.digest}" if base.digest else "")
    if base.layers is None:
        return f"{named}: {base.how}"
    also = f"; the same layers: {', '.join(base.candidates)}" if base.candidates else ""
    own = len(scan.image.layers) - base.layers
    return f"{named}: {plural(base.layers, 'layer')} of the base, {own} own; {base.how}{also}"


def count_rows(scan: Scan) -> Iterator[tuple[str, ...]]:
    """Yield a row of counts for the whole image, and for base and own layers where they are told apart."""
    summary = scan.summary
    yield ("image", *_counts(summary.vulnerabilities))
    if summary.own is not None and summary.base is not None:
        yield ("own layers", *_counts(summary.own))
        yield ("base image", *_counts(summary.base))


def _counts(counts: Vulnerabilities) -> tuple[str, ...]:
    states = counts.by_state
    numbers = (
        counts.exploited, counts.fixable, states.open, states.wont_fix, states.minor, counts.undetermined,
    )  # fmt: skip
    return tuple(number_text(number) for number in numbers)


def severity_sentence(scan: Scan) -> str:
    """Return the counts by severity, "" where no severity is known."""
    by_severity = scan.summary.vulnerabilities.by_severity
    numbers = {severity: getattr(by_severity, severity.value) for severity in Severity}
    if not any(number for severity, number in numbers.items() if severity is not Severity.UNKNOWN):
        return ""
    return "by severity: " + ", ".join(
        f"{number} {severity}" for severity, number in numbers.items() if number
    )


def unjudged_sentence(scan: Scan) -> str:
    """Return what no count includes because its advisories could not be asked, "" for nothing."""
    numbers = Counter(
        package.type
        for package in scan.packages
        # A Python distribution that an OS package brought is judged with that one.
        if package.type in scan.summary.unjudged and (package.owner is None or package.files_changed)
    )
    listed = ", ".join(plural(count, f"{kind} package") for kind, count in sorted(numbers.items()))
    return f"no count includes {listed}: the advisory store has nothing on them" if listed else ""


def brought_by(found: ScanFinding | ScanUpgrade, *, part: bool = True) -> str:
    """Return which layer brought a package, in a few words.

    Args:
        found: A finding or an upgrade.
        part: Say whether the layer is of the base image or the image's own, where that is known.
    """
    if found.layer is None:
        return "layer not known"
    instruction = f" {found.instruction}" if found.instruction else ""
    whose = {Origin.BASE: ", base image", Origin.OWN: ", own"}.get(found.introduced_by, "") if part else ""
    return f"layer {found.layer}{instruction}{whose}"


def id_with_risk(found: ScanFinding) -> str:
    """Return the id with what is known of its risk: `CVE-2023-1 (high, EPSS 12%)`."""
    known = [] if found.severity is Severity.UNKNOWN else [str(found.severity)]
    if found.epss is not None and found.epss >= _LEAST_EPSS:
        known.append(f"EPSS {found.epss:.0%}")
    if found.vex:
        known.append(f"VEX: {found.vex.partition(':')[0]}")
    return f"{found.id} ({', '.join(known)})" if known else found.id


def gate_sentence(scan: Scan) -> str:
    """Return how the gate was judged, "" when there is none."""
    gate = scan.gate
    if gate is None:
        return ""
    asked = f"gate {', '.join(gate.conditions)}"
    if gate.passed is None:
        why = (
            "a finding that is undetermined, or of which no list says whether it is exploited, may violate it"
            if scan.coverage.complete
            else "nothing that was seen violates it, but not all was seen"
        )
        return f"{asked}: cannot be told: {why}"
    if gate.passed:
        return f"{asked}: passed"
    return f"{asked}: violated by {shortened(gate.violations, 8)}"


def verdict_sentence(scan: Scan) -> str:
    """Return the last word: what was found, and whether that is all there is to know."""
    summary = scan.summary
    counts = summary.vulnerabilities
    unseen = len(scan.coverage.not_covered)
    evidence = "evidence complete" if scan.coverage.complete else f"evidence incomplete: {_unseen(unseen)}"
    ignored = f", {summary.ignored} ignored" if summary.ignored else ""
    match summary.verdict:
        case "clean":
            return f"clean: no known vulnerability in {plural(summary.packages, 'package')}; {evidence}"
        case "ignored":
            return f"ignored: all that was found is ignored ({summary.ignored}); {evidence}"
        case "incomplete":
            return f"incomplete: nothing was found{ignored}, but {_unseen(unseen)}: this does not say that the image is clean"
    if counts.total is None:
        return f"findings: {_undecided(scan.findings)}{ignored}; the whole could not be counted; {evidence}"
    beside = f", {counts.undetermined} undetermined" if counts.undetermined else ""
    total = plural(counts.total, "vulnerability", "vulnerabilities")
    return f"findings: {total}, {counts.fixable} fixable{beside}{ignored}; {evidence}"


def _undecided(findings: Iterable[ScanFinding]) -> str:
    known = sum(found.state is not State.UNDETERMINED for found in findings)
    return f"at least {plural(known, 'vulnerability', 'vulnerabilities')}"


def _unseen(count: int) -> str:
    return f"{plural(count, 'thing was', 'things were')} not seen"
