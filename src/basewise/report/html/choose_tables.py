"""The tables of the page of `choose`: all images, what each needs, what is left out, what could be swapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from basewise._internal.text import plural
from basewise.model.choice import ApplicationFinding, Candidate, Choice
from basewise.model.evidence import Support
from basewise.model.finding import Vulnerabilities
from basewise.model.verdict import AddedPackage, Verdict
from basewise.report.chart_points import family_of, row_name
from basewise.report.html.count_cells import COUNT_COLUMNS, count_cells
from basewise.report.html.markup import Markup, join, prose, tag
from basewise.report.html.table import Cell, Column, TableRow, number_cell, size_cell, table
from basewise.report.scan_facts import advisory_link
from basewise.report.support_words import first_end
from basewise.report.words import UNKNOWN, truth_text

__all__ = [
    "ESTIMATED",
    "application_table",
    "candidate_table",
    "exclusion_table",
    "needs_table",
    "swap_table",
]

MAX_WHY = 3
ESTIMATED = "estimated"
_COLUMNS = (
    Column(title="rank", numeric=True, help="* no other is both cleaner and smaller"),
    Column(title="image"),
    Column(title="distribution", choices=True),
    Column(title="variant", choices=True),
    Column(title="verdict", choices=True),
    Column(title="app to download", numeric=True, help="base, OS packages and wheels"),
    Column(title="app on disk", numeric=True, help="base, OS packages and wheels"),
    Column(title="base to download", numeric=True),
    Column(title="base on disk", numeric=True),
    *COUNT_COLUMNS,
    Column(title="supported until"),
    Column(title="days old", numeric=True),
)


def candidate_table(choice: Choice) -> Markup:
    """Return all candidates in their order; the excluded ones last, as they come."""
    covered = bool(choice.coverage.sources)
    rows = (
        _candidate_row(candidate, index, counts_are_covered=covered)
        for index, candidate in enumerate(choice.candidates)
    )
    return table("Images with size and vulnerabilities", _COLUMNS, rows, name="image-table", heading=1)


def _candidate_row(candidate: Candidate, index: int, *, counts_are_covered: bool) -> TableRow:
    counts = candidate.vulnerabilities if counts_are_covered else Vulnerabilities()
    size = candidate.size
    star = "*" if candidate.pareto else ""
    rank = (
        Cell(content="left out")
        if candidate.rank is None
        else number_cell(candidate.rank, f"{candidate.rank}{star}")
    )
    estimated = size.basis == ESTIMATED
    return TableRow(
        cells=(
            rank,
            Cell(content=candidate.image),
            Cell(content=family_of(candidate.distro)),
            Cell(content=candidate.variant),
            Cell(content=str(candidate.verdict)),
            size_cell(size.download_bytes),
            size_cell(size.disk_bytes, estimated=estimated),
            size_cell(size.base_compressed_bytes),
            size_cell(size.base_disk_bytes),
            *count_cells(counts),
            Cell(content=_support(candidate.support)),
            number_cell(candidate.age_days),
        ),
        name=row_name(index),
        kind="pale" if candidate.excluded else "best" if candidate.rank == 1 else None,
    )


def _support(support: Support) -> str:
    """Return the first end of support that is known, with the phase."""
    end = first_end(support)
    return f"{end} ({support.phase})" if end else UNKNOWN


def facts_table(choice: Choice) -> Markup:
    """Return what else is known of each image: what it is exactly, how its size is known, its attack surface."""
    columns = (
        Column(title="image"), Column(title="platform", choices=True), Column(title="Python"), Column(title="C library", choices=True),
        Column(title="built"), Column(title="evidence of"), Column(title="publisher", choices=True), Column(title="packages", numeric=True),
        Column(title="package list", choices=True), Column(title="size", choices=True), Column(title="shell", choices=True),
        Column(title="compiler", choices=True), Column(title="user", choices=True), Column(title="also known as", wide=True),
        Column(title="digest", wide=True),
    )  # fmt: skip
    rows = (TableRow(cells=tuple(_fact_cells(candidate))) for candidate in choice.candidates)
    return table("Facts of each image", columns, rows, name="facts-table")


def _fact_cells(candidate: Candidate) -> Iterator[Cell]:
    surface = candidate.surface
    yield Cell(content=candidate.image)
    yield Cell(content=candidate.platform)
    yield Cell(content=candidate.python)
    yield Cell(content=f"{candidate.libc.family} {candidate.libc.version}")
    yield Cell(content=candidate.created[:10])
    yield Cell(content=candidate.evidence_date)
    yield Cell(content=candidate.trust.publisher)
    yield number_cell(surface.packages)
    yield Cell(content=candidate.packages_basis)
    yield Cell(content=candidate.size.basis)
    yield Cell(content=truth_text(surface.shell))
    yield Cell(content=truth_text(surface.compiler))
    yield Cell(content=surface.default_user or UNKNOWN)
    yield Cell(content=", ".join(candidate.also_known_as))
    yield Cell(content=candidate.digest or UNKNOWN)


def needs_table(choice: Choice) -> Markup:
    """Return a row for each package that an image needs, and a sentence for those that need nothing."""
    columns = (
        Column(title="image"),
        Column(title="package"),
        Column(title="version"),
        Column(title="when", choices=True),
        Column(title="brings", numeric=True, help="packages that come along"),
        Column(title="to download", numeric=True),
        Column(title="on disk", numeric=True),
        Column(title="why", wide=True),
    )
    left = [candidate for candidate in choice.candidates if not candidate.excluded]
    nothing = [
        each.image
        for each in left
        if each.verdict is not Verdict.UNKNOWN and not each.add_packages and not each.build_packages
    ]
    rows = [row for candidate in left for row in _needs(candidate)]
    return join(
        [
            table("OS packages to install", columns, rows, name="needs-table") if rows else None,
            tag("p", f"No OS package is missing on {plural(len(nothing), 'image')}: {', '.join(nothing)}.")
            if nothing
            else None,
        ]
    )


def _needs(candidate: Candidate) -> Iterator[TableRow]:
    yield from _package_rows(candidate, candidate.add_packages, "run time")
    yield from _package_rows(candidate, candidate.build_packages, "build")


def _package_rows(candidate: Candidate, packages: Iterable[AddedPackage], when: str) -> Iterator[TableRow]:
    for package in packages:
        more = f"; {plural(len(package.why) - MAX_WHY, 'more')}" if len(package.why) > MAX_WHY else ""
        yield TableRow(
            cells=(
                Cell(content=candidate.image),
                Cell(content=f"{package.manager}: {package.name}"),
                Cell(content=package.version or UNKNOWN),
                Cell(content=when),
                number_cell(len(package.closure)),
                size_cell(package.download_bytes),
                size_cell(package.installed_bytes),
                Cell(content="; ".join(package.why[:MAX_WHY]) + more),
            )
        )


def exclusion_table(choice: Choice) -> Markup:
    """Return a row for each constraint that an image breaks, with every reason that blocks it."""
    columns = (
        Column(title="image"),
        Column(title="constraint", choices=True),
        Column(title="reason", wide=True),
    )
    rows = (
        TableRow(
            cells=(
                Cell(content=candidate.image),
                Cell(content=exclusion.constraint),
                Cell(content=_reason(candidate, exclusion.constraint, exclusion.sentence)),
            )
        )
        for candidate in choice.candidates
        for exclusion in candidate.excluded
    )
    return table("Images that are left out", columns, rows, name="exclusion-table")


def _reason(candidate: Candidate, constraint: str, sentence: str) -> Markup:
    blocking = [reason.sentence for reason in candidate.reasons if reason.blocking]
    if constraint != "fit" or len(blocking) <= 1:
        return prose(sentence)
    items = tag("ul", *(tag("li", prose(each)) for each in blocking))
    return tag("details", tag("summary", prose(sentence)), items)


def application_table(choice: Choice) -> Markup:
    """Return the vulnerabilities of the application's own packages; the same finding on several minors is one row."""
    columns = (
        Column(title="id"), Column(title="package"), Column(title="version"), Column(title="severity", choices=True),
        Column(title="state", choices=True), Column(title="raise it to"), Column(title="on Python"),
    )  # fmt: skip
    minors: dict[ApplicationFinding, list[str]] = {}
    for found in choice.application_vulnerabilities:
        for finding in found.findings:
            minors.setdefault(finding, []).append(found.python)
    rows = (
        TableRow(
            cells=(
                Cell(content=finding.id, link=advisory_link(finding.id)),
                Cell(content=finding.package),
                Cell(content=finding.version),
                Cell(content=str(finding.severity)),
                Cell(content=str(finding.state)),
                Cell(content=finding.fixed_version or ""),
                Cell(content=", ".join(on)),
            )
        )
        for finding, on in minors.items()
    )
    return table("Vulnerabilities of the application's own packages", columns, rows, name="application-table")


def swap_table(choice: Choice) -> Markup:
    """Return what could be replaced by what, and what that saves."""
    columns = (
        Column(title="instead of"), Column(title="write"), Column(title="saves to download", numeric=True),
        Column(title="saves on disk", numeric=True), Column(title="safe when", wide=True),
    )  # fmt: skip
    rows = (
        TableRow(
            cells=(
                Cell(content=swap.replace),
                Cell(content=swap.with_),
                size_cell(swap.saves_download_bytes),
                size_cell(swap.saves_disk_bytes),
                Cell(content=prose(swap.why)),
            )
        )
        for swap in choice.swaps
    )
    return table("Cheaper swaps", columns, rows, name="swap-table")
