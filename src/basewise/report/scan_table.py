"""A scanned image for a terminal: counts, what to do first, what is left, and what was not seen.

The layout is plain text: the terminal library alone would take a fifth of the time that a warm run has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from basewise._internal.text import plural
from basewise.model.finding import Severity, State
from basewise.model.scan import Origin, Scan, ScanFinding, ScanPackage, Scans, ScanUpgrade
from basewise.report.cells import count_sources
from basewise.report.plain import plain_line
from basewise.report.scan_facts import package_words
from basewise.report.scan_lines import (
    COUNT_COLUMNS,
    brought_by,
    count_rows,
    gate_sentence,
    head_sentences,
    id_with_risk,
    severity_sentence,
    unjudged_sentence,
    verdict_sentence,
)
from basewise.report.style import Style
from basewise.report.text_lines import HANGING, Line, printed, wrapped
from basewise.report.upgrade_command import upgrade_commands
from basewise.report.words import shortened

__all__ = ["render_scan_table"]

MIN_WIDTH = 40
MAX_ROWS = 40
MAX_IDS = 8
MAX_IGNORED = 20
MAX_EMBEDDED = 8
MAX_NOT_COVERED = 20
MAX_COMMAND_CHARACTERS = 20_000
_ORIGINS = (Origin.OWN, Origin.BASE, Origin.UNKNOWN)
_TITLES = {Origin.OWN: " in the image's own layers", Origin.BASE: " in the base image", Origin.UNKNOWN: ""}
_REST = "`--format json` has all of them"


def render_scan_table(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return one or several scanned images as lines of at most `width` columns; only a command may be longer."""
    columns = max(MIN_WIDTH, width)
    lines: list[Line] = []
    if isinstance(result, Scans):
        for scan in result.scans:
            lines += [
                *_scan_lines(scan, columns),
                ("", Style.PLAIN),
                ("=" * columns, Style.DIM),
                ("", Style.PLAIN),
            ]
        lines += _overview(result, columns)
    else:
        lines += _scan_lines(result, columns)
    return printed(lines, color=color)


def _overview(result: Scans, columns: int) -> Iterator[Line]:
    """Yield a sentence for each image, the failed ones included."""
    yield f"{len(result.scans)} scanned, {len(result.failed)} failed", Style.BOLD
    for scan in result.scans:
        yield from wrapped(f"{scan.image.reference}: {verdict_sentence(scan)}", columns, bullet="- ")
    for sentence in result.failed:
        yield from wrapped(f"not scanned: {sentence}", columns, bullet="- ")


def _scan_lines(scan: Scan, columns: int) -> Iterator[Line]:
    for at, sentence in enumerate(head_sentences(scan)):
        yield from _sentence(sentence, columns, style=Style.PLAIN if at else Style.BOLD)
    yield "", Style.PLAIN
    yield from _count_lines(scan, columns)
    yield from _exploited(scan, columns)
    yield from _fixable(scan, columns)
    yield from _open(scan, columns)
    yield from _rest(scan, columns)
    yield from _ignored(scan, columns)
    yield from _section("Notes", scan.notes, columns)
    yield from _embedded(scan, columns)
    yield from _coverage(scan, columns)
    yield "", Style.PLAIN
    for sentence in filter(None, (gate_sentence(scan), verdict_sentence(scan))):
        yield from _sentence(sentence, columns, style=Style.BOLD)


def _count_lines(scan: Scan, columns: int) -> Iterator[Line]:
    rows = [("", *COUNT_COLUMNS), *count_rows(scan)]
    if scan.coverage.sources:
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        for at, row in enumerate(rows):
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(wide) for cell, wide in zip(row[1:], widths[1:], strict=True)),
            ]
            text = "  ".join(cells).rstrip()
            for line in [text] if len(text) <= columns else _narrow(rows[0], row) if at else ():
                yield line, Style.PLAIN if at else Style.DIM
    else:
        yield from _sentence("no advisory source had a say, so no count is shown", columns)
    for sentence in filter(None, (severity_sentence(scan), unjudged_sentence(scan), _hidden(scan))):
        yield from _sentence(sentence, columns)


def _narrow(names: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """Yield the counts of one row below each other."""
    yield row[0]
    for name, cell in zip(names[1:], row[1:], strict=True):
        yield f"  {name}: {cell}"


def _hidden(scan: Scan) -> str:
    shown = scan.shown
    if shown is None:
        return ""
    asked = [
        *(["--only-fixable"] if shown.only_fixable else []),
        *([f"--severity {shown.severity}"] if shown.severity else []),
    ]
    found = plural(shown.hidden, "finding is", "findings are")
    return f"{found} not shown because of {' '.join(asked)}; counts and gate include them"


def _exploited(scan: Scan, columns: int) -> Iterator[Line]:
    found = [each for each in scan.findings if each.exploited is True]
    sentences = [
        f"{id_with_risk(each)} {package_words(each)} ({brought_by(each)}): {each.advice}"
        for each in found[:MAX_ROWS]
    ]
    yield from _section(
        f"Known to be exploited: {len(found)}", sentences, columns, more=len(found) - MAX_ROWS
    )


def _fixable(scan: Scan, columns: int) -> Iterator[Line]:
    by_id = {(found.id, found.package): found for found in scan.findings}
    for origin in _ORIGINS:
        upgrades = [each for each in scan.upgrades if each.introduced_by is origin]
        if not upgrades:
            continue
        count = sum(len(each.fixes) for each in upgrades)
        title = f"Fixable{_TITLES[origin]}: {count} by {plural(len(upgrades), 'upgrade')}"
        yield from _heading(title, columns)
        if origin is Origin.BASE and scan.base is not None:
            yield from _sentence(
                f"A newer build of {scan.base.image} may have them: pull it, or upgrade here.", columns
            )
        for upgrade in upgrades[:MAX_ROWS]:
            yield from _upgrade(upgrade, by_id, columns)
        yield from _more(len(upgrades) - MAX_ROWS, columns)
        for command in upgrade_commands(upgrades):
            yield plain_line(f"$ {command}", limit=MAX_COMMAND_CHARACTERS), Style.FIRST


def _upgrade(
    upgrade: ScanUpgrade, by_id: dict[tuple[str, ScanPackage], ScanFinding], columns: int
) -> Iterator[Line]:
    found = [by_id[identifier, upgrade.package] for identifier in upgrade.fixes]
    by_hand = "" if upgrade.command else "; no package manager upgrades it: take an image that has it"
    line = f"{package_words(upgrade)} -> {upgrade.to} ({brought_by(upgrade, part=False)}){by_hand}"
    yield from wrapped(line, columns, bullet="- ")
    yield from wrapped(
        f"{_worst(found)}: {shortened([id_with_risk(each) for each in found], MAX_IDS)}",
        columns,
        bullet="    ",
    )


def _worst(found: Sequence[ScanFinding]) -> str:
    """Return the number of findings by severity, where any is known."""
    numbers = {severity: sum(each.severity is severity for each in found) for severity in Severity}
    if numbers[Severity.UNKNOWN] == len(found):
        return f"fixes {len(found)}"
    return "fixes " + ", ".join(f"{number} {severity}" for severity, number in numbers.items() if number)


def _open(scan: Scan, columns: int) -> Iterator[Line]:
    """Yield what has no fixed version, by package."""
    for origin in _ORIGINS:
        groups: dict[tuple[object, State], list[ScanFinding]] = defaultdict(list)
        for found in scan.findings:
            if found.state in {State.OPEN, State.WONT_FIX} and found.introduced_by is origin:
                groups[found.package, found.state].append(found)
        count = sum(map(len, groups.values()))
        sentences = [
            f"{package_words(group[0])} ({brought_by(group[0], part=False)}{', will not be fixed' if state is State.WONT_FIX else ''}): "
            f"{shortened([id_with_risk(each) for each in group], MAX_IDS)}"
            for (_, state), group in groups.items()
        ]
        yield from _section(
            f"Without a fix{_TITLES[origin]}: {count} in {plural(len(groups), 'package')}",
            sentences[:MAX_ROWS], columns, more=len(sentences) - MAX_ROWS,
        )  # fmt: skip


def _rest(scan: Scan, columns: int) -> Iterator[Line]:
    """Yield one sentence each for what is minor, undetermined, or beside the count."""
    sentences = []
    for state, said in (
        (State.MINOR, "minor, says the tracker"),
        (State.UNDETERMINED, "undetermined, weighing nothing"),
    ):
        found = [each for each in scan.findings if each.state is state]
        if found:
            sentences.append(f"{len(found)} {said}: {_by_package(found)}")
    if scan.uncounted:
        sentences.append(
            f"{len(scan.uncounted)} beside the count (kernel headers, entries without a CVE): {_by_package(scan.uncounted)}"
        )
    yield from _section("Not pressing", sentences, columns)


def _by_package(findings: Iterable[ScanFinding]) -> str:
    numbers: dict[str, int] = defaultdict(int)
    for found in findings:
        numbers[found.package.source or found.package.name] += 1
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return shortened([f"{name} {number}" for name, number in ordered], MAX_IDS)


def _ignored(scan: Scan, columns: int) -> Iterator[Line]:
    sentences = [
        f"{item.finding.id} {package_words(item.finding)}: {item.reason} "
        f"({f'until {item.expires}, ' if item.expires else ''}{item.source})"
        for item in scan.ignored
    ]
    more = len(sentences) - MAX_IGNORED
    yield from _section(f"Ignored: {len(sentences)}", sentences[:MAX_IGNORED], columns, more=more)


def _embedded(scan: Scan, columns: int) -> Iterator[Line]:
    sentences = [
        f"{item.name or item.location} {item.version}".rstrip() + f" ({item.kind}, {item.location})"
        for item in scan.embedded
    ]
    more = len(sentences) - MAX_EMBEDDED
    title = "Carried inside something else, neither judged nor counted"
    yield from _section(title, sentences[:MAX_EMBEDDED], columns, more=more)


def _coverage(scan: Scan, columns: int) -> Iterator[Line]:
    coverage = scan.coverage
    missing = [f"not covered: {item.what}: {item.why}" for item in coverage.not_covered]
    sentences = [*count_sources(coverage), *missing[:MAX_NOT_COVERED]] or ["no source was needed"]
    sentences.append(f"judged by basewise {scan.version} as of {scan.generated_at}")
    title = f"Coverage: {'complete' if coverage.complete else 'incomplete'}"
    yield from _section(title, sentences, columns, more=len(missing) - MAX_NOT_COVERED)


def _section(title: str, sentences: Sequence[str], columns: int, *, more: int = 0) -> Iterator[Line]:
    if not sentences:
        return
    yield from _heading(title, columns)
    for sentence in sentences:
        yield from wrapped(sentence, columns, bullet="- ")
    yield from _more(more, columns)


def _more(count: int, columns: int) -> Iterator[Line]:
    if count > 0:
        yield from wrapped(f"{count} more: {_REST}", columns, bullet="- ")


def _heading(title: str, columns: int) -> Iterator[Line]:
    yield "", Style.PLAIN
    yield from _sentence(title, columns, style=Style.BOLD)


def _sentence(text: str, columns: int, *, style: Style = Style.PLAIN) -> Iterator[Line]:
    return wrapped(text, columns, hanging=HANGING, style=style)
