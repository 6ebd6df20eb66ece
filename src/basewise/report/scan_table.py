"""A scanned image for a terminal: what to do first, then the rest, then what was not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from basewise._internal.text import plural
from basewise.model.finding import State
from basewise.model.scan import Scan, ScanFinding, Scans
from basewise.report.cells import count_sources
from basewise.report.plain import plain_line
from basewise.report.style import Style, styled

__all__ = ["render_scan_table"]

_MIN_WIDTH = 40

Line = tuple[str, Style]


def render_scan_table(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return one or several scanned images as lines of at most `width` columns."""
    columns = max(_MIN_WIDTH, width)
    scans = result.scans if isinstance(result, Scans) else (result,)
    lines = [line for scan in scans for line in _lines(scan, columns)]
    if isinstance(result, Scans):
        lines += _section("Not scanned", result.failed, columns)
    return "".join(f"{styled(text, style) if color else text}\n" for text, style in lines)


def _lines(scan: Scan, columns: int) -> Iterator[Line]:
    yield from _wrapped(scan.image.reference, columns)
    exploited = [found for found in scan.findings if found.exploited]
    rest = [found for found in scan.findings if not found.exploited]
    fixable = [found for found in rest if found.state is State.FIXED]
    opened = [found for found in rest if found.state in {State.OPEN, State.WONT_FIX}]
    yield from _section("Known to be exploited", [_sentence(found) for found in exploited], columns)
    yield from _section("Fixable", [_sentence(found) for found in fixable], columns)
    yield from _section("Open", [_sentence(found) for found in opened], columns)
    yield from _section("Coverage", list(_coverage(scan)), columns)
    yield "", Style.PLAIN
    yield from _wrapped(_verdict(scan), columns)


def _sentence(found: ScanFinding) -> str:
    package = found.package
    return f"{found.id} {package.source or package.name} {package.source_version or package.version}: {found.advice}"


def _coverage(scan: Scan) -> Iterator[str]:
    yield from count_sources(scan.coverage)
    for item in scan.coverage.not_covered:
        yield f"not covered: {item.what}: {item.why}"


def _verdict(scan: Scan) -> str:
    total = scan.summary.vulnerabilities.total
    known = "not known" if total is None else plural(total, "vulnerability", "vulnerabilities")
    complete = "complete" if scan.coverage.complete else "incomplete"
    return f"{scan.summary.verdict}: {known}; evidence {complete}"


def _section(title: str, sentences: Sequence[str], columns: int) -> Iterator[Line]:
    for at, sentence in enumerate(sentences):
        if at == 0:
            yield "", Style.PLAIN
            yield title, Style.BOLD
        yield from _wrapped(sentence, columns, bullet="- ")


def _wrapped(text: str, columns: int, *, bullet: str = "") -> Iterator[Line]:
    for line in wrap(
        plain_line(text), columns, initial_indent=bullet, subsequent_indent="  ", break_on_hyphens=False
    ):
        yield line, Style.PLAIN
