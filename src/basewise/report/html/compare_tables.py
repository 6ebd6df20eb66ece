"""The tables of the page of `compare`."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import format_bytes
from basewise.model.compare import (
    Changes,
    Compare,
    ComparedFinding,
    ComparedImage,
    FindingChanges,
    NameChanges,
    PackageChanges,
)
from basewise.model.evidence import SupportPhase
from basewise.model.finding import Severity, Vulnerabilities
from basewise.model.verdict import Verdict
from basewise.report.chart_points import family_of, row_name
from basewise.report.compare_cells import facts_of
from basewise.report.html.count_cells import COUNT_COLUMNS, count_cells
from basewise.report.html.markup import Markup
from basewise.report.html.table import Cell, Column, TableRow, number_cell, size_cell, table
from basewise.report.support_words import support_until
from basewise.report.words import UNKNOWN, truth_text

__all__ = ["difference_table", "facts_table", "finding_change_table", "image_table", "package_change_table"]

_BASE_COLUMNS = (
    Column(title="image"),
    Column(title="distribution", choices=True),
    Column(title="variant", choices=True),
    Column(title="to download", numeric=True),
    Column(title="on disk", numeric=True),
    Column(title="packages", numeric=True),
    *COUNT_COLUMNS,
    *(Column(title=severity.value, numeric=True) for severity in Severity),
    Column(title="supported until"),
    Column(title="days old", numeric=True),
)
_APP_COLUMNS = (
    Column(title="application", choices=True),
    Column(title="adds", numeric=True, help="OS packages to install"),
    Column(title="app to download", numeric=True),
    Column(title="app on disk", numeric=True),
    Column(title="app as pulled", numeric=True),
    Column(title="app after a rebuild", numeric=True),
)


def image_table(compare: Compare) -> Markup:
    """Return all images; the columns of an application only where one is asked about."""
    with_app = compare.app is not None
    columns = (*_BASE_COLUMNS, *_APP_COLUMNS) if with_app else _BASE_COLUMNS
    covered = bool(compare.coverage.sources)
    rows = (
        TableRow(
            cells=(
                *_base_cells(image, covered=covered),
                *(_app_cells(image, covered=covered) if with_app else ()),
            ),
            name=row_name(index),
            kind="pale" if image.support is not None and image.support.phase is SupportPhase.EOL else None,
        )
        for index, image in enumerate(compare.images)
    )
    return table("Images with size and vulnerabilities", columns, rows, name="image-table")


def _base_cells(image: ComparedImage, *, covered: bool) -> Iterator[Cell]:
    counts = image.vulnerabilities if covered else Vulnerabilities()
    yield Cell(content=image.image)
    yield Cell(content=family_of(image.distro) if image.distro is not None else UNKNOWN)
    yield Cell(content=image.variant or "other")
    yield size_cell(image.size.base_compressed_bytes)
    yield size_cell(image.size.base_disk_bytes)
    yield number_cell(image.packages)
    yield from count_cells(counts)
    for severity in Severity:
        yield number_cell(getattr(counts.by_severity, severity.value))
    yield Cell(content=support_until(image.support))
    yield number_cell(image.age_days)


def _app_cells(image: ComparedImage, *, covered: bool) -> Iterator[Cell]:
    counts = image.finished_vulnerabilities if covered else None
    counts = counts or Vulnerabilities()
    yield Cell(content=UNKNOWN if image.verdict is None else str(image.verdict))
    judged = image.verdict not in {None, Verdict.UNKNOWN}
    yield number_cell(len(image.add_packages) if judged or image.add_packages else None)
    yield size_cell(image.size.download_bytes)
    yield size_cell(image.size.disk_bytes)
    yield number_cell(counts.total)
    yield number_cell(counts.after_rebuild)


def facts_table(compare: Compare) -> Markup:
    """Return a row for each image with everything in words: surface, digest, publisher, evidence."""
    with_app = compare.app is not None
    facts = [dict(facts_of(image, with_app=with_app)) for image in compare.images]
    shown = ("by severity", "beside the count", "shell", "package manager", "compiler", "executables", "setuid", "user",
             "Python", "built", "evidence of", "publisher", "facts", "digest")  # fmt: skip
    columns = (Column(title="image"), *(Column(title=what, wide=what == "digest") for what in shown))
    rows = (
        TableRow(cells=(Cell(content=image.image), *(Cell(content=each[what]) for what in shown)))
        for image, each in zip(compare.images, facts, strict=True)
    )
    return table("Facts of each image", columns, rows, name="facts-table")


def difference_table(changes: Changes) -> Markup:
    """Return what changes besides packages and findings, one thing a row; what one image does not tell is unknown."""
    columns = (Column(title="what"), Column(title="change", wide=True))
    rows = [
        TableRow(cells=(Cell(content=what), Cell(content=_difference(size))))
        for what, size in (("to download", changes.compressed_bytes), ("on disk", changes.disk_bytes))
    ]
    user = (
        "the same, or not known" if changes.user is None else f"{changes.user[0]} becomes {changes.user[1]}"
    )
    rows.append(TableRow(cells=(Cell(content="default user"), Cell(content=user))))
    for what, found in (
        ("libraries", changes.libraries),
        ("environment (names)", changes.environment),
        ("labels (names)", changes.labels),
    ):
        rows += [TableRow(cells=(Cell(content=what), Cell(content=each))) for each in _names(found)]
    return table("Differences", columns, rows, name="difference-table")


def _difference(size: int | None) -> str:
    if size is None:
        return UNKNOWN
    return "the same" if size == 0 else f"{format_bytes(abs(size))} {'more' if size > 0 else 'less'}"


def _names(found: NameChanges | None) -> Iterator[str]:
    if found is None:
        yield f"{UNKNOWN} (one of the images does not tell)"
        return
    parts = (("added", found.added), ("removed", found.removed), ("changed", found.changed))
    named = [f"{words}: {', '.join(names)}" for words, names in parts if names]
    yield from named or ["the same"]


def finding_change_table(found: FindingChanges) -> Markup:
    """Return a row for each finding that only one image has, or that is in another state."""
    columns = (
        Column(title="change", choices=True), Column(title="id"), Column(title="package"), Column(title="state", choices=True),
        Column(title="severity", choices=True), Column(title="exploited", choices=True), Column(title="fixed in"),
    )  # fmt: skip
    rows = [
        _finding_row(words, each)
        for words, group in (("gained", found.gained), ("lost", found.lost))
        for each in group
    ]
    rows += [
        TableRow(
            cells=(
                Cell(content="other state"), Cell(content=each.id), Cell(content=each.package),
                Cell(content=f"{each.before} -> {each.after}"), Cell(content=""), Cell(content=""), Cell(content=""),
            )
        )
        for each in found.changed
    ]  # fmt: skip
    return table("Findings that change", columns, rows, name="finding-change-table", heading=1)


def _finding_row(words: str, each: ComparedFinding) -> TableRow:
    texts = (
        words,
        each.id,
        each.package,
        str(each.state),
        str(each.severity),
        truth_text(each.exploited),
        each.fixed_version or "",
    )
    return TableRow(cells=tuple(Cell(content=text) for text in texts))


def package_change_table(found: PackageChanges) -> Markup:
    """Return a row for each package that only one image has, or that has another version."""
    columns = (
        Column(title="change", choices=True), Column(title="type", choices=True), Column(title="package"),
        Column(title="before"), Column(title="after"),
    )  # fmt: skip
    texts = [("added", str(each.type), each.name, "", each.version) for each in found.added]
    texts += [("removed", str(each.type), each.name, each.version, "") for each in found.removed]
    texts += [("changed", str(each.type), each.name, each.before, each.after) for each in found.changed]
    rows = (TableRow(cells=tuple(Cell(content=text) for text in each)) for each in texts)
    return table("Packages that change", columns, rows, name="package-change-table", heading=2)
