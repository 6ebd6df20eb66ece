"""Scanned images as a page: counts, what to do first, every finding, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from basewise._internal.text import format_bytes, plural
from basewise.model.scan import Scan, Scans
from basewise.report.chart_of_scan import chart_of_scan
from basewise.report.html.assets import chart_scripts, table_script
from basewise.report.html.long_table import FIRST_ROWS, MAX_PACKED_BYTES, LongTable
from basewise.report.html.markup import Markup, code_lines, join, tag
from basewise.report.html.parts import badge, coverage_section, footer, header, section, sentences, tiles
from basewise.report.html.picture import picture, picture_data
from basewise.report.html.scan_tables import (
    Room,
    count_table,
    finding_table,
    ignored_table,
    overview_table,
    package_table,
    uncounted_table,
    upgrade_table,
)
from basewise.report.html.shell import page
from basewise.report.scan_lines import (
    gate_sentence,
    head_sentences,
    severity_sentence,
    unjudged_sentence,
    verdict_sentence,
)
from basewise.report.upgrade_command import upgrade_commands

__all__ = ["render_scan_page"]

MAX_IMAGES = 50
MAX_BESIDE = 500
FEWEST_ROWS = 3
MAX_PACKED_BESIDE_PICTURE_BYTES = 260_000
"""Of all tables, where the page carries the chart runtime too."""
BYTES_OF_SECTIONS = 3_000
"""What each further image takes from that for its headings, counts and coverage."""
_BADGES = {"clean": "good", "ignored": "plain", "incomplete": "bad", "findings": "bad"}


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """The sections of one image, and what the page must carry for their tables."""

    sections: tuple[Markup, ...]
    data: dict[str, str]


def render_scan_page(result: Scan | Scans) -> str:
    """Return the page of one or several scanned images."""
    scans = result.scans[:MAX_IMAGES] if isinstance(result, Scans) else (result,)
    several = len(scans) > 1
    parts = [_part(scan, index, len(scans)) for index, scan in enumerate(scans)]
    images = len(result.scans) if isinstance(result, Scans) else 1
    title = scans[0].image.reference if images == 1 else f"{images} images scanned"
    body = join(
        [
            tag("a", "Skip to the findings", href="#findings-1", class_="skip") if scans else None,
            _header(result, title),
            tag(
                "main",
                *_overview(result),
                *(each for part in parts for each in part.sections),
            ),
            footer(result.version, result.generated_at, carries_runtime=several),
        ]
    )
    data: dict[str, object] = {name: held for part in parts for name, held in part.data.items()}
    scripts = (table_script(), *(chart_scripts() if several else ()))
    if several and isinstance(result, Scans):
        data.update(picture_data(chart_of_scan(_shown(result))))
    return page(title=f"Scan of {title}", body=body, scripts=scripts, data=data)


def _shown(result: Scans) -> Scans:
    return msgspec.structs.replace(result, scans=result.scans[:MAX_IMAGES])


def _header(result: Scan | Scans, title: str) -> Markup:
    complete = (
        all(scan.coverage.complete for scan in result.scans)
        if isinstance(result, Scans)
        else result.coverage.complete
    )
    return header("scan", title, generated_at=result.generated_at, complete=complete)


def _overview(result: Scan | Scans) -> Iterator[Markup]:
    if not isinstance(result, Scans):
        return
    if len(result.scans) > 1:
        yield picture(chart_of_scan(_shown(result)))
    yield section("All images", overview_table(result.scans[:MAX_IMAGES]), name="images")
    if len(result.scans) > MAX_IMAGES:
        more = plural(len(result.scans) - MAX_IMAGES, "more image is", "more images are")
        yield tag("p", f"{more} in `--format json`.")
    if result.failed:
        yield section("Could not be scanned", sentences(result.failed), name="failed")


def _part(scan: Scan, index: int, images: int) -> _Part:
    number = index + 1
    of = "" if images == 1 else f" of {scan.image.reference}"
    packed = (
        MAX_PACKED_BYTES if images == 1 else MAX_PACKED_BESIDE_PICTURE_BYTES // images - BYTES_OF_SECTIONS
    )
    first, most = max(FEWEST_ROWS, FIRST_ROWS // images), max(FEWEST_ROWS, MAX_BESIDE // images)
    findings = finding_table(
        scan, name=f"finding-table-{number}", room=Room(packed_bytes=packed * 6 // 10, first_rows=first)
    )
    packages = package_table(
        scan, name=f"package-table-{number}", room=Room(packed_bytes=packed * 2 // 10, first_rows=first)
    )
    upgrades = upgrade_table(
        scan, name=f"upgrade-table-{number}", room=Room(packed_bytes=packed * 2 // 10, first_rows=first)
    )
    made = [
        _summary(scan, number, of),
        *_upgrades(scan, upgrades, number, of),
        _findings(scan, findings, number, of),
        *_beside(scan, number, of, most),
        section(f"Packages by findings{of}", packages.markup, name=f"packages-{number}"),
        coverage_section(scan.coverage, name=f"coverage-{number}", title=f"Coverage{of}"),
    ]
    return _Part(sections=tuple(made), data={**findings.data, **packages.data, **upgrades.data})


def _summary(scan: Scan, number: int, of: str) -> Markup:
    covered = bool(scan.coverage.sources)
    gate = gate_sentence(scan)
    rest = [
        each
        for each in (*head_sentences(scan), severity_sentence(scan), unjudged_sentence(scan), *scan.notes)
        if each
    ]
    state = badge(scan.summary.verdict, _BADGES.get(scan.summary.verdict, "plain"))
    return section(
        f"Summary{of}",
        tag("p", state, f" {verdict_sentence(scan).partition(': ')[2]}"),  # the badge has its first word
        tag("p", tag("strong", gate)) if gate else None,
        tiles(_numbers(scan, covered=covered)),
        count_table(scan, name=f"count-table-{number}")
        if covered
        else tag("p", "No advisory source had a say, so no count is shown."),
        sentences(rest),
        name=f"summary-{number}",
    )


def _numbers(scan: Scan, *, covered: bool) -> tuple[tuple[str, str], ...]:
    counts, size = scan.summary.vulnerabilities, scan.image.size

    def shown(number: int | None) -> str:
        return "?" if number is None or not covered else f"{number:,}"

    return (
        (shown(counts.total), "vulnerabilities"),
        (shown(counts.exploited), "known to be exploited"),
        (shown(counts.fixable), "fixable"),
        (shown(counts.after_rebuild), "after a rebuild"),
        (f"{len(scan.packages):,}", "packages"),
        (format_bytes(size.compressed_bytes), "to download"),
        (format_bytes(size.disk_bytes), "on disk"),
    )


def _upgrades(scan: Scan, upgrades: LongTable, number: int, of: str) -> Iterator[Markup]:
    if scan.upgrades:
        fixes = sum(len(upgrade.fixes) for upgrade in scan.upgrades)
        words = f"{plural(len(scan.upgrades), 'upgrade')} remove{'s' if len(scan.upgrades) == 1 else ''} {plural(fixes, 'finding')}"
        commands = upgrade_commands(scan.upgrades)
        yield section(
            f"What to do first{of}: {words}",
            upgrades.markup,
            tag(
                "details",
                tag("summary", "Commands for a Dockerfile"),
                *(code_lines(each) for each in commands),
            )
            if commands
            else None,
            name=f"upgrades-{number}",
        )


def _findings(scan: Scan, findings: LongTable, number: int, of: str) -> Markup:
    hidden = scan.shown.hidden if scan.shown is not None else 0
    said = (
        tag(
            "p",
            f"{plural(hidden, 'finding is', 'findings are')} not shown because a filter was asked for; counts include them.",
        )
        if hidden
        else None
    )
    return section(
        f"Findings{of} ({len(scan.findings):,})",
        findings.markup
        if scan.findings
        else tag("p", "None was found; the coverage says what was looked at."),
        said,
        name=f"findings-{number}",
    )


def _beside(scan: Scan, number: int, of: str, most: int) -> Iterator[Markup]:
    if scan.uncounted:
        table = uncounted_table(scan, name=f"uncounted-table-{number}", most=most)
        yield section(f"Beside the count{of}", table, name=f"uncounted-{number}")
    if scan.ignored:
        table = ignored_table(scan.ignored, name=f"ignored-table-{number}", most=most)
        yield section(f"Ignored{of}", table, name=f"ignored-{number}")
