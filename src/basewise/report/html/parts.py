"""Sections that every page shares: coverage with dates, lists of sentences, the footer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from basewise.model.evidence import Coverage
from basewise.report.html.assets import licences
from basewise.report.html.markup import Markup, code_lines, join, prose, tag
from basewise.report.html.table import Cell, Column, TableRow, number_cell, table

__all__ = ["badge", "coverage_section", "footer", "header", "section", "sentences", "tiles"]

MAX_NOT_COVERED = 500
MAX_OPEN = 8


def section(title: str, *children: Markup | None, name: str) -> Markup:
    """Return a section with a heading."""
    return tag(
        "section", tag("h2", title, id=f"{name}-title"), *children, id=name, aria_labelledby=f"{name}-title"
    )


def sentences(lines: Sequence[str]) -> Markup | None:
    """Return a list, None when there is nothing to say."""
    return tag("ul", *(tag("li", prose(line)) for line in lines)) if lines else None


def tiles(numbers: Iterable[tuple[str, str]]) -> Markup:
    """Return large numbers, each with the words below it."""
    made = (tag("p", tag("strong", number), f" {words}", class_="tile") for number, words in numbers)
    return tag("div", *made, class_="tiles")


def badge(words: str, kind: str) -> Markup:
    """Return a short word that stands out; `kind` is `good`, `bad` or `plain`."""
    return tag("span", words, class_=f"badge {kind}")


def header(command: str, title: str, *below: Markup | None, generated_at: str, complete: bool) -> Markup:
    """Return the head of a page: the command with its day and whether all was seen, and the title.

    Args:
        command: What wrote the page.
        title: The heading.
        below: What stands under it.
        generated_at: The clock of the result, in ISO 8601.
        complete: The evidence covers all that was asked about.
    """
    state = badge("evidence complete", "good") if complete else badge("evidence incomplete", "bad")
    return tag(
        "header",
        tag("p", f"basewise {command}, {generated_at[:10]} ", state, class_="dim"),
        tag("h1", title),
        *below,
    )


def coverage_section(coverage: Coverage, *, name: str = "coverage", title: str = "Coverage") -> Markup:
    """Return the sources with their dates, and what could not be seen."""
    state = badge("complete", "good") if coverage.complete else badge("incomplete", "bad")
    columns = (
        Column(title="source"), Column(title="of", choices=True), Column(title="data of"), Column(title="days old", numeric=True),
        Column(title="entries", numeric=True), Column(title="signature"),
    )  # fmt: skip
    rows = [
        TableRow(
            cells=(
                Cell(content=source.name),
                Cell(content=source.ecosystem),
                Cell(content=source.as_of),
                number_cell(source.age_days),
                number_cell(source.entries, f"{source.entries:,}"),
                Cell(content="checked" if source.verified else "not verified"),
            )
        )
        for source in coverage.sources
    ]
    missing = [f"{item.what}: {item.why}" for item in coverage.not_covered[:MAX_NOT_COVERED]]
    more = len(coverage.not_covered) - len(missing)
    if more > 0:
        missing.append(f"{more} more, each in `--format json`")
    return section(
        title,
        tag("p", "What was looked at is ", state, "."),
        table("Sources of the counts", columns, rows, name=f"{name}-sources")
        if rows
        else tag("p", "No source is named."),
        _missing(missing),
        name=name,
    )


def _missing(lines: Sequence[str]) -> Markup | None:
    if not lines:
        return None
    if len(lines) <= MAX_OPEN:
        return join([tag("h3", "Not covered"), sentences(lines)])
    return tag("details", tag("summary", f"Not covered: {len(lines)} things"), sentences(lines))


def footer(version: str, generated_at: str, *, carries_runtime: bool) -> Markup:
    """Return who wrote the page and when, and the licences of what it carries."""
    notices = (
        tag(
            "details",
            tag("summary", "Licences of the chart runtime that this page carries"),
            code_lines(licences()),
        )
        if carries_runtime
        else None
    )
    return tag(
        "footer",
        tag("p", f"Written {generated_at} by basewise {version}".rstrip() + ". The page loads nothing."),
        notices,
    )
