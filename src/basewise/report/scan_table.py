"""A scanned image for a terminal: counts, what to do first, what is left, and what was not seen.

The layout is plain text: the terminal library alone would take a fifth of the time that a warm run has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from basewise._internal.text import plural
from basewise.model.scan import Scan, Scans
from basewise.report.coverage_words import count_sources, missing_sentences
from basewise.report.image_words import carried_sentence
from basewise.report.scan_lines import (
    COUNT_COLUMNS,
    count_rows,
    gate_sentence,
    head_sentences,
    severity_sentence,
    unjudged_sentence,
    verdict_sentence,
)
from basewise.report.scan_table_findings import finding_lines
from basewise.report.style import Style
from basewise.report.text_lines import HANGING, Line, printed, section_lines, wrapped

__all__ = ["render_scan_table"]

MIN_WIDTH = 40
MAX_EMBEDDED = 8
MAX_NOT_COVERED = 20


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
    yield from finding_lines(scan, columns)
    yield from section_lines("Notes", scan.notes, columns)
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


def _embedded(scan: Scan, columns: int) -> Iterator[Line]:
    sentences = [carried_sentence(item) for item in scan.embedded]
    more = len(sentences) - MAX_EMBEDDED
    title = "Carried inside something else, neither judged nor counted"
    yield from section_lines(title, sentences[:MAX_EMBEDDED], columns, more=more)


def _coverage(scan: Scan, columns: int) -> Iterator[Line]:
    coverage = scan.coverage
    missing = missing_sentences(coverage)
    sentences = [*count_sources(coverage), *missing[:MAX_NOT_COVERED]] or ["no source was needed"]
    sentences.append(f"judged by basewise {scan.version} as of {scan.generated_at}")
    title = f"Coverage: {'complete' if coverage.complete else 'incomplete'}"
    yield from section_lines(title, sentences, columns, more=len(missing) - MAX_NOT_COVERED)


def _sentence(text: str, columns: int, *, style: Style = Style.PLAIN) -> Iterator[Line]:
    return wrapped(text, columns, hanging=HANGING, style=style)
