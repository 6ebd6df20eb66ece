"""The parts of a comparison below its table, as headed lists of sentences: the same for every text form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import format_bytes, plural
from basewise.model.compare import Changes, Compare, ComparedFinding, PackageChanges
from basewise.model.finding import Severity
from basewise.report.coverage_words import count_sources, counted_with, missing_sentences
from basewise.report.section import Section
from basewise.report.words import shortened

__all__ = ["LEGEND", "MAX_SENTENCE_CHARACTERS", "compare_sections", "counted_sentence"]

MAX_LISTED = 20
MAX_NOT_COVERED = 12
MAX_SENTENCE_CHARACTERS = 8000
"""A sentence names `MAX_LISTED` findings or packages, which takes more than others have."""
_REST = "`--format json` has all of them"
LEGEND = (
    "fixable: a fixed version is published, so a rebuild removes it; after: what stays then; undet.: undetermined, beside the rest; "
    "?: not known, never zero; !: one is known to be exploited"
)


def counted_sentence(compare: Compare) -> str:
    """Return the unit of counting, the feeds that counted and their oldest date."""
    dates = [image.vulnerabilities.as_of for image in compare.images]
    return counted_with(
        compare.coverage, dates, {image.distro.id for image in compare.images if image.distro is not None}
    )


def compare_sections(compare: Compare) -> Iterator[Section]:
    """Yield the sections that have something to say, in reading order."""
    sections = [_gate(compare), _failed(compare)]
    if compare.changes is not None:
        sections += _changes(compare.changes)
    sections.append(_coverage(compare))
    yield from (section for section in sections if section.sentences)


def _gate(compare: Compare) -> Section:
    gate = compare.gate
    if gate is None:
        return Section("Worse", ())
    title = {True: "Nothing is worse", False: "Worse", None: "Nothing is known to be worse"}[gate.passed]
    lines = [_named(f"{each.image}: {each.sentence}", each.ids) for each in gate.worse]
    lines += [f"not known: {sentence}" for sentence in gate.unknown]
    if gate.passed is None and not gate.unknown:
        lines.append("not known: what the coverage below names")
    return Section(
        f"{title} than {gate.baseline}", tuple(lines) or ("no number, size or phase of support rose",)
    )


def _named(sentence: str, ids: Sequence[str]) -> str:
    return f"{sentence}; new: {shortened(ids, MAX_LISTED)}" if ids else sentence


def _failed(compare: Compare) -> Section:
    return Section("Could not be compared", compare.failed)


def _changes(changes: Changes) -> list[Section]:
    title = f"From {changes.before} to {changes.after}"
    return [
        Section(title, tuple(_in_short(changes))),
        Section("Findings", tuple(_findings(changes))),
        Section("Packages", tuple(_packages(changes.packages)) if changes.packages else ()),
        *(
            Section(
                name,
                tuple(
                    _grouped(("added", found.added), ("removed", found.removed), ("changed", found.changed))
                ),
            )
            for name, found in (
                ("Libraries", changes.libraries),
                ("Environment", changes.environment),
                ("Labels", changes.labels),
            )
            if found is not None
        ),
    ]


def _in_short(changes: Changes) -> Iterator[str]:
    for size, words in ((changes.compressed_bytes, "to download"), (changes.disk_bytes, "on disk")):
        if size is None:
            yield f"how much more or less {words} is not known"
        elif size:
            yield f"{format_bytes(abs(size))} {'more' if size > 0 else 'less'} {words}"
    if changes.user is not None:
        yield f"the default user is {changes.user[1]} instead of {changes.user[0]}"
    unknown = [
        name
        for name, found in (
            ("packages", changes.packages),
            ("libraries", changes.libraries),
            ("environment", changes.environment),
            ("labels", changes.labels),
            ("findings", changes.findings),
        )
        if found is None
    ]
    if unknown:
        yield f"not known of both images: {', '.join(unknown)}"


def _findings(changes: Changes) -> Iterator[str]:
    found = changes.findings
    if found is None:
        return
    yield from _grouped(
        ("gained", [_finding(each) for each in found.gained]),
        ("lost", [_finding(each) for each in found.lost]),
        (
            "in another state",
            [f"{each.id} {each.package} ({each.before} -> {each.after})" for each in found.changed],
        ),
    )


def _finding(found: ComparedFinding) -> str:
    severity = "" if found.severity is Severity.UNKNOWN else f", {found.severity}"
    exploited = ", exploited" if found.exploited else ""
    return f"{found.id} {found.package} ({found.state}{severity}{exploited})"


def _packages(found: PackageChanges) -> Iterator[str]:
    yield from _grouped(
        ("added", [f"{each.name} {each.version}" for each in found.added]),
        ("removed", [f"{each.name} {each.version}" for each in found.removed]),
        ("changed", [f"{each.name} {each.before} -> {each.after}" for each in found.changed]),
    )
    yield f"compared are packages of the types {', '.join(found.types)}"


def _grouped(*groups: tuple[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each group that has names, and one where none has."""
    for words, names in groups:
        if names:
            yield f"{len(names)} {words}: {shortened(names, MAX_LISTED)}"
    if not any(names for _, names in groups):
        yield "the same in both"


def _coverage(compare: Compare) -> Section:
    coverage = compare.coverage
    missing = missing_sentences(coverage)
    if len(missing) > MAX_NOT_COVERED:
        more = plural(len(missing) - MAX_NOT_COVERED, "more thing")
        missing = (*missing[:MAX_NOT_COVERED], f"{more} not covered; {_REST}")
    sources = count_sources(coverage) or ("no advisory source was used, so no count is shown",)
    state = "complete" if coverage.complete else "incomplete"
    return Section(f"Coverage: {state}", (*sources, *missing))
