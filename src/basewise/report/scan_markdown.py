"""A scanned image as Markdown, for a comment on a pull request: what to do first, counts, coverage.

A comment on GitHub has room for 65 536 characters: verdict, counts and coverage are always whole, the tables of findings
end where the room does, and say how many findings are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import plural
from basewise.model.finding import Severity, State
from basewise.model.scan import Scan, ScanFinding, Scans
from basewise.report.coverage_words import missing_sentences, source_sentence
from basewise.report.image_words import distro_words
from basewise.report.markdown_text import escape_markdown, fenced, list_item, table_row
from basewise.report.scan_facts import (
    advisory_link,
    failures_of,
    ignored_sentence,
    package_words,
    scans_of,
)
from basewise.report.scan_lines import brought_by
from basewise.report.upgrade_command import upgrade_commands
from basewise.report.words import UNKNOWN, number_text

__all__ = ["render_scan_markdown"]

MAX_CHARACTERS = 60_000
MAX_LISTED = 40
MAX_UPGRADES = 10
MAX_COMMAND_CHARACTERS = 1500
MAX_CELL_CHARACTERS = 120
MAX_SENTENCE_CHARACTERS = 300
_HEADINGS = ("vulnerability", "severity", "EPSS", "package", "fixed in", "state", "brought by", "what to do")


def render_scan_markdown(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return a document whose length is bounded, for one or several images; width and colour change nothing."""
    del width, color
    scans = scans_of(result)
    failed = [f"**Not scanned:** {_text(sentence)}" for sentence in failures_of(result)[:MAX_LISTED]]
    frames = [(list(_head(scan)), list(_tail(scan))) for scan in scans]
    used = sum(map(len, failed)) + sum(len(line) + 1 for head, tail in frames for line in (*head, *tail))
    room = (MAX_CHARACTERS - used) // max(1, len(scans))
    lines = []
    for scan, (head, tail) in zip(scans, frames, strict=True):
        lines += [*head, *_findings(scan, room), *_filter(scan), *tail, ""]
    return "\n".join([*lines, *failed]).rstrip("\n") + "\n"


def _head(scan: Scan) -> Iterator[str]:
    image, summary = scan.image, scan.summary
    yield f"## {_text(image.reference)}"
    yield ""
    complete = "" if scan.coverage.complete else ", **the evidence is incomplete**"
    yield f"**{_text(summary.verdict)}**{complete}: {_counts(scan)}"
    yield ""
    if scan.gate is not None:
        outcome = {True: "passed", False: "violated", None: "cannot be told"}[scan.gate.passed]
        asked, broken = ", ".join(scan.gate.conditions), ", ".join(scan.gate.violations)
        yield list_item(
            f"gate ({asked}): {outcome}" + (f": {broken}" if broken else ""), limit=MAX_SENTENCE_CHARACTERS
        )
    yield list_item(
        f"digest {image.digest or UNKNOWN}, index digest {image.index_digest or UNKNOWN}, platform {image.platform}",
        limit=MAX_SENTENCE_CHARACTERS,
    )
    phase = f", support {scan.support.phase}" if scan.support else ""
    yield list_item(
        f"{distro_words(scan.distro)}{phase}, {plural(summary.packages, 'package')}",
        limit=MAX_SENTENCE_CHARACTERS,
    )
    if scan.base is not None:
        yield list_item(f"base {scan.base.image}, known by {scan.base.how}", limit=MAX_SENTENCE_CHARACTERS)
    yield from ("", *_count_table(scan), *_upgrades(scan))


def _counts(scan: Scan) -> str:
    """Return the numbers in a sentence; what is not measured is said to be unknown."""
    counts = scan.summary.vulnerabilities
    parts = [
        f"{UNKNOWN} findings" if counts.total is None else plural(counts.total, "finding"),
        f"{number_text(counts.fixable)} fixable",
        f"{number_text(counts.exploited)} exploited",
    ]
    if counts.undetermined:
        parts.append(f"{counts.undetermined} undetermined beside them")
    if scan.summary.ignored:
        parts.append(f"{scan.summary.ignored} ignored")
    if scan.summary.uncounted:
        parts.append(f"{scan.summary.uncounted} not counted")
    return ", ".join(parts)


def _count_table(scan: Scan) -> Iterator[str]:
    counts = scan.summary.vulnerabilities
    severities = [str(severity) for severity in Severity]
    states = [str(state) for state in State]
    yield table_row([*severities, *states])
    yield table_row(["--:"] * (len(severities) + len(states)))
    yield table_row(
        [
            *(number_text(getattr(counts.by_severity, name)) for name in severities),
            *(number_text(getattr(counts.by_state, name.replace("-", "_"))) for name in states),
        ]
    )


def _upgrades(scan: Scan) -> Iterator[str]:
    """Yield what removes most: the packages to upgrade, and the commands where they can be shown whole."""
    if not scan.upgrades:
        return
    yield from ("", "**What to do first**", "")
    for upgrade in scan.upgrades[:MAX_UPGRADES]:
        exploited = f", {upgrade.exploited} of them exploited" if upgrade.exploited else ""
        yield list_item(
            f"upgrade {package_words(upgrade)} to {upgrade.to}: removes {plural(len(upgrade.fixes), 'finding')}, "
            f"the worst is {upgrade.severity}{exploited}",
            limit=MAX_SENTENCE_CHARACTERS,
        )
    if len(scan.upgrades) > MAX_UPGRADES:
        yield list_item(f"and {plural(len(scan.upgrades) - MAX_UPGRADES, 'more package')}")
    commands = [f"RUN {command}" for command in upgrade_commands(scan.upgrades)]
    whole = [line for line in commands if line.isprintable() and len(line) <= MAX_COMMAND_CHARACTERS]
    if whole:
        yield from ("", fenced("\n".join(whole), "dockerfile"))


def _findings(scan: Scan, room: int) -> Iterator[str]:
    """Yield the table of findings until the room is used."""
    if not scan.findings:
        return
    yield ""
    yield table_row(list(_HEADINGS))
    yield table_row([":--"] * len(_HEADINGS))
    for number, found in enumerate(scan.findings):
        line = table_row(_cells(found))
        room -= len(line) + 1
        if room < 0:
            left = len(scan.findings) - number
            yield from (
                "",
                f"{left} of {len(scan.findings)} findings are left out here; `--format json` has all.",
            )
            return
        yield line


def _filter(scan: Scan) -> Iterator[str]:
    """Yield what a filter that the user asked for leaves out."""
    shown = scan.shown
    if shown is not None and shown.hidden:
        least = f"severity {shown.severity} and worse" if shown.severity else ""
        asked = ", ".join(filter(None, ("fixable" if shown.only_fixable else "", least)))
        every = len(scan.findings) + shown.hidden
        yield from (
            "",
            f"{shown.hidden} of {every} findings are left out, as asked: only {asked} ones are shown.",
        )


def _cells(found: ScanFinding) -> list[str]:
    link = advisory_link(found.id)
    exploited = " **exploited**" if found.exploited else ""
    score = f" {found.cvss.score:g}" if found.cvss else ""
    return [
        (f"[{found.id}]({link})" if link else _cell(found.id)) + exploited,
        _cell(f"{found.severity}{score}"),
        "" if found.epss is None else f"{found.epss:.1%}",
        _cell(package_words(found)),
        _cell(found.fixed_version or ""),
        _cell(str(found.state)),
        _cell(brought_by(found)),
        _cell(found.advice),
    ]


def _tail(scan: Scan) -> Iterator[str]:
    coverage = scan.coverage
    missing = missing_sentences(coverage)
    read = [source_sentence(source) for source in coverage.sources]
    yield from _list("Ignored", [ignored_sentence(each) for each in scan.ignored])
    yield from _list("Coverage", [*missing, *read])
    if not missing and not read:
        yield from ("", "No advisory source was read.")
    yield from _list("Notes", scan.notes)
    yield from ("", f"Written {_text(scan.generated_at)} by basewise {_text(scan.version)}.")


def _list(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if not sentences:
        return
    yield from ("", f"**{title}**", "")
    for sentence in sentences[:MAX_LISTED]:
        yield list_item(sentence, limit=MAX_SENTENCE_CHARACTERS)
    if len(sentences) > MAX_LISTED:
        yield list_item(f"and {len(sentences) - MAX_LISTED} more")


def _cell(text: str) -> str:
    return escape_markdown(text, limit=MAX_CELL_CHARACTERS)


def _text(text: str) -> str:
    return escape_markdown(text, limit=MAX_SENTENCE_CHARACTERS)
