"""The tables of the page of `scan`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from basewise.model.finding import SEVERITY_ORDER, State, Vulnerabilities
from basewise.model.scan import IgnoredFinding, Scan, ScanFinding, ScanPackage, ScanUpgrade
from basewise.report.chart_points import row_name
from basewise.report.html.long_table import LongTable, long_table
from basewise.report.html.markup import Markup
from basewise.report.html.table import Cell, Column, TableRow, number_cell, size_cell, table
from basewise.report.scan_facts import advisory_link, package_words
from basewise.report.scan_lines import COUNT_COLUMNS, brought_by, count_rows
from basewise.report.words import shortened, truth_text

__all__ = [
    "Room",
    "count_table",
    "finding_table",
    "ignored_table",
    "overview_table",
    "package_table",
    "uncounted_table",
    "upgrade_table",
]

MAX_IDS = 12
_FINDING_COLUMNS = (
    Column(title="id"),
    Column(title="severity", choices=True),
    Column(title="state", choices=True),
    Column(title="exploited", choices=True),
    Column(title="package"),
    Column(title="installed"),
    Column(title="fixed in"),
    Column(title="type", choices=True),
    Column(title="brought by", choices=True, help="the base image or the image's own layers"),
    Column(title="layer", numeric=True),
    Column(title="CVSS", numeric=True),
    Column(title="EPSS", numeric=True, help="probability that it is exploited within 30 days"),
    Column(title="rated by"),
    Column(title="what to do", wide=True),
)


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What one table may have of a page: bytes of packed rows, and rows that stand in the page as they are."""

    packed_bytes: int
    first_rows: int


def overview_table(scans: Sequence[Scan]) -> Markup:
    """Return a row for each scanned image."""
    columns = (
        Column(title="image"), Column(title="verdict", choices=True), Column(title="vulnerabilities", numeric=True),
        Column(title="exploited", numeric=True), Column(title="fixable", numeric=True), Column(title="after a rebuild", numeric=True),
        Column(title="undetermined", numeric=True), Column(title="packages", numeric=True),
        Column(title="to download", numeric=True), Column(title="on disk", numeric=True),
    )  # fmt: skip
    rows = (
        TableRow(cells=tuple(_overview_cells(scan)), name=row_name(index)) for index, scan in enumerate(scans)
    )
    return table("Scanned images", columns, rows, name="image-table")


def _overview_cells(scan: Scan) -> Iterator[Cell]:
    counts = scan.summary.vulnerabilities if scan.coverage.sources else Vulnerabilities()
    yield Cell(content=scan.image.reference)
    yield Cell(content=scan.summary.verdict)
    for number in (counts.total, counts.exploited, counts.fixable, counts.after_rebuild, counts.undetermined):
        yield number_cell(number)
    yield number_cell(scan.summary.packages)
    for size in (scan.image.size.compressed_bytes, scan.image.size.disk_bytes):
        yield size_cell(size)


def count_table(scan: Scan, *, name: str) -> Markup:
    """Return the counts of the image, and of base and own layers where they are told apart."""
    columns = (Column(title="of"), *(Column(title=title, numeric=True) for title in COUNT_COLUMNS))
    rows = (
        TableRow(cells=(Cell(content=row[0]), *(_counted(text) for text in row[1:])))
        for row in count_rows(scan)
    )
    return table("Findings by state", columns, rows, name=name)


def _counted(text: str) -> Cell:
    return number_cell(int(text) if text.isdecimal() else None)


def upgrade_table(scan: Scan, *, name: str, room: Room) -> LongTable:
    """Return a row for each package to upgrade, most urgent first."""
    columns = (
        Column(title="package"), Column(title="upgrade to"), Column(title="removes", numeric=True),
        Column(title="worst", choices=True), Column(title="exploited", numeric=True), Column(title="brought by"), Column(title="findings", wide=True),
    )  # fmt: skip
    rows = (_upgrade_row(upgrade) for upgrade in scan.upgrades)
    return long_table(
        "Upgrades", columns, rows, name=name, max_bytes=room.packed_bytes, first_rows=room.first_rows
    )


def _upgrade_row(upgrade: ScanUpgrade) -> TableRow:
    return TableRow(
        cells=(
            Cell(content=package_words(upgrade)),
            Cell(content=upgrade.to),
            number_cell(len(upgrade.fixes)),
            Cell(content=str(upgrade.severity), order=SEVERITY_ORDER.index(upgrade.severity)),
            number_cell(upgrade.exploited),
            Cell(content=brought_by(upgrade)),
            Cell(content=shortened(upgrade.fixes, MAX_IDS)),
        )
    )


def finding_table(scan: Scan, *, name: str, room: Room) -> LongTable:
    """Return all findings, most urgent first."""
    rows = (_finding_row(found) for found in scan.findings)
    return long_table(
        "Findings, most urgent first",
        _FINDING_COLUMNS,
        rows,
        name=name,
        max_bytes=room.packed_bytes,
        first_rows=room.first_rows,
    )


def _finding_row(found: ScanFinding) -> TableRow:
    package = found.package
    return TableRow(
        cells=(
            Cell(content=found.id, link=advisory_link(found.id)),
            Cell(content=str(found.severity), order=SEVERITY_ORDER.index(found.severity)),
            Cell(content=str(found.state)),
            Cell(content=truth_text(found.exploited)),
            Cell(content=package.source or package.name),
            Cell(content=package.source_version or package.version),
            Cell(content=found.fixed_version or ""),
            Cell(content=str(package.type)),
            Cell(content=str(found.introduced_by)),
            number_cell(found.layer),
            number_cell(found.cvss.score if found.cvss is not None else None),
            number_cell(found.epss, None if found.epss is None else f"{found.epss:.1%}"),
            Cell(content=found.severity_source),
            Cell(content=found.advice),
        )
    )


def package_table(scan: Scan, *, name: str, room: Room) -> LongTable:
    """Return the packages that have findings, those with the most first."""
    columns = (
        Column(title="package"), Column(title="version"), Column(title="type", choices=True), Column(title="findings", numeric=True),
        Column(title="fixable", numeric=True), Column(title="exploited", numeric=True), Column(title="undetermined", numeric=True),
        Column(title="worst", choices=True), Column(title="ids"),
    )  # fmt: skip
    groups: dict[ScanPackage, list[ScanFinding]] = defaultdict(list)
    for found in scan.findings:
        groups[found.package].append(found)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0].name, item[0].version))
    rows = (_package_row(package, found) for package, found in ordered)
    return long_table(
        "Packages with findings",
        columns,
        rows,
        name=name,
        max_bytes=room.packed_bytes,
        first_rows=room.first_rows,
    )


def _package_row(package: ScanPackage, findings: Sequence[ScanFinding]) -> TableRow:
    counted = [found for found in findings if found.state is not State.UNDETERMINED]
    worst = min((SEVERITY_ORDER.index(found.severity) for found in findings), default=len(SEVERITY_ORDER))
    return TableRow(
        cells=(
            Cell(content=package.source or package.name),
            Cell(content=package.source_version or package.version),
            Cell(content=str(package.type)),
            number_cell(len(counted)),
            number_cell(sum(found.state is State.FIXED for found in counted)),
            number_cell(_exploited(counted)),
            number_cell(len(findings) - len(counted)),
            Cell(content=str(SEVERITY_ORDER[worst]), order=worst),
            Cell(content=shortened([found.id for found in findings], MAX_IDS)),
        )
    )


def _exploited(findings: Sequence[ScanFinding]) -> int | None:
    """Return how many are known to be exploited; None when none is and no list knows all of them."""
    known = sum(found.exploited is True for found in findings)
    return None if not known and any(found.exploited is None for found in findings) else known


def uncounted_table(scan: Scan, *, name: str, most: int) -> Markup:
    """Return what stands beside the count: kernel headers, entries without a CVE."""
    columns = (
        Column(title="id"), Column(title="package", choices=True), Column(title="state", choices=True), Column(title="fixed in"),
        Column(title="detail", wide=True),
    )  # fmt: skip
    rows = (
        TableRow(
            cells=(
                Cell(content=found.id, link=advisory_link(found.id)),
                Cell(content=found.package.source or found.package.name),
                Cell(content=str(found.state)),
                Cell(content=found.fixed_version or ""),
                Cell(content=found.detail),
            )
        )
        for found in scan.uncounted[:most]
    )
    return table(_cut("Findings beside the count", len(scan.uncounted), most), columns, rows, name=name)


def ignored_table(ignored: Iterable[IgnoredFinding], *, name: str, most: int) -> Markup:
    """Return what rules of the user and VEX statements take out of the count, with their reasons."""
    columns = (
        Column(title="id"), Column(title="package"), Column(title="status", choices=True), Column(title="reason", wide=True),
        Column(title="until"), Column(title="source", choices=True),
    )  # fmt: skip
    every = tuple(ignored)
    rows = (
        TableRow(
            cells=(
                Cell(content=each.finding.id, link=advisory_link(each.finding.id)),
                Cell(content=package_words(each.finding)),
                Cell(content=str(each.status)),
                Cell(content=each.reason),
                Cell(content=each.expires or "no end"),
                Cell(content=each.source),
            )
        )
        for each in every[:most]
    )
    return table(_cut("Ignored findings", len(every), most), columns, rows, name=name)


def _cut(caption: str, count: int, most: int) -> str:
    return caption if count <= most else f"{caption}: the first {most} of {count:,}"
