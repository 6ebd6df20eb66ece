"""The findings of a scanned image for a terminal: exploited, fixable by upgrades, without a fix, not pressing, ignored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from basewise._internal.text import plural
from basewise.model.finding import Severity, State
from basewise.model.scan import Origin, Scan, ScanFinding, ScanPackage, ScanUpgrade
from basewise.report.plain import plain_line
from basewise.report.scan_facts import package_words
from basewise.report.scan_lines import brought_by, id_with_risk
from basewise.report.style import Style
from basewise.report.text_lines import HANGING, Line, heading, more_lines, section_lines, wrapped
from basewise.report.upgrade_command import upgrade_commands
from basewise.report.words import shortened

__all__ = ["finding_lines"]

MAX_ROWS = 40
MAX_IDS = 8
MAX_IGNORED = 20
MAX_COMMAND_CHARACTERS = 20_000
_ORIGINS = (Origin.OWN, Origin.BASE, Origin.UNKNOWN)
_TITLES = {Origin.OWN: " in the image's own layers", Origin.BASE: " in the base image", Origin.UNKNOWN: ""}


def finding_lines(scan: Scan, columns: int) -> Iterator[Line]:
    """Yield a part for each kind of finding that there is, the most pressing first."""
    yield from _exploited(scan, columns)
    yield from _fixable(scan, columns)
    yield from _open(scan, columns)
    yield from _rest(scan, columns)
    yield from _ignored(scan, columns)


def _exploited(scan: Scan, columns: int) -> Iterator[Line]:
    found = [each for each in scan.findings if each.exploited is True]
    sentences = [
        f"{id_with_risk(each)} {package_words(each)} ({brought_by(each)}): {each.advice}"
        for each in found[:MAX_ROWS]
    ]
    yield from section_lines(
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
        yield from heading(title, columns)
        if origin is Origin.BASE and scan.base is not None:
            yield from wrapped(
                f"A newer build of {scan.base.image} may have them: pull it, or upgrade here.",
                columns,
                hanging=HANGING,
            )
        for upgrade in upgrades[:MAX_ROWS]:
            yield from _upgrade(upgrade, by_id, columns)
        yield from more_lines(len(upgrades) - MAX_ROWS, columns)
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
        yield from section_lines(
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
    yield from section_lines("Not pressing", sentences, columns)


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
    yield from section_lines(f"Ignored: {len(sentences)}", sentences[:MAX_IGNORED], columns, more=more)
