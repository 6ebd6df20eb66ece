"""A comparison as a page."""

from __future__ import annotations

from collections.abc import Iterator

from basewise.model.compare import Changes, Compare, FindingChanges, PackageChanges
from basewise.report.chart_of_compare import chart_of_compare
from basewise.report.compare_sections import LEGEND, compare_sections
from basewise.report.html.assets import chart_scripts, table_script
from basewise.report.html.compare_tables import (
    difference_table,
    facts_table,
    finding_change_table,
    image_table,
    package_change_table,
)
from basewise.report.html.markup import Markup, join, tag
from basewise.report.html.parts import badge, coverage_section, footer, header, section, sentences
from basewise.report.html.picture import picture, picture_data
from basewise.report.html.shell import page

__all__ = ["render_compare_page"]


def render_compare_page(compare: Compare) -> str:
    """Return the page of a comparison."""
    chart = chart_of_compare(compare)
    body = join(
        [
            tag("a", "Skip to the tables", href="#images", class_="skip"),
            _header(compare),
            tag(
                "main",
                *_gate(compare),
                picture(chart),
                section("All images", image_table(compare), sentences([LEGEND]), name="images"),
                *_changes(compare.changes),
                section("Everything that is known of each", facts_table(compare), name="facts"),
                *_failed(compare),
                coverage_section(compare.coverage),
            ),
            footer(compare.version, compare.generated_at, carries_runtime=True),
        ]
    )
    return page(
        title=chart.title,
        body=body,
        scripts=(table_script(), *chart_scripts()),
        data=picture_data(chart),
    )


def _header(compare: Compare) -> Markup:
    named = " and ".join(image.image for image in compare.images) if compare.changes else ""
    title = named or f"{len(compare.images)} images compared"
    return header(
        "compare",
        title,
        tag("p", f"For the application {compare.app.path}.") if compare.app is not None else None,
        generated_at=compare.generated_at,
        complete=compare.coverage.complete,
    )


def _gate(compare: Compare) -> Iterator[Markup]:
    gate = compare.gate
    if gate is None:
        return
    state = {
        True: badge("not worse", "good"),
        False: badge("worse", "bad"),
        None: badge("cannot be told", "plain"),
    }[gate.passed]
    lines = next(compare_sections(compare))
    yield section(lines.title, tag("p", state), sentences(lines.sentences), name="gate")


def _changes(changes: Changes | None) -> Iterator[Markup]:
    if changes is None:
        return
    yield section(f"From {changes.before} to {changes.after}", difference_table(changes), name="changes")
    if changes.findings is not None:
        yield section("Findings gained and lost", _finding_changes(changes.findings), name="finding-changes")
    if changes.packages is not None:
        yield section("Packages that change", _package_changes(changes.packages), name="package-changes")


def _finding_changes(found: FindingChanges) -> Markup:
    same = not (found.gained or found.lost or found.changed)
    return tag("p", "The same in both.") if same else finding_change_table(found)


def _package_changes(found: PackageChanges) -> Markup:
    same = not (found.added or found.removed or found.changed)
    types = tag("p", f"Compared are packages of the types {', '.join(found.types)}.", class_="dim")
    return join([tag("p", "The same in both.") if same else package_change_table(found), types])


def _failed(compare: Compare) -> Iterator[Markup]:
    if compare.failed:
        yield section("Could not be compared", sentences(compare.failed), name="failed")
