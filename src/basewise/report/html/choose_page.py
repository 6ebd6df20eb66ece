"""The answer of `choose` as a page."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import Candidate, Choice
from basewise.model.finding import Vulnerabilities
from basewise.report.application_section import application_section
from basewise.report.chart_of_choice import chart_of_choice
from basewise.report.html.assets import chart_scripts, table_script
from basewise.report.html.choose_tables import (
    ESTIMATED,
    application_table,
    candidate_table,
    exclusion_table,
    facts_table,
    needs_table,
    swap_table,
)
from basewise.report.html.markup import Markup, code_lines, join, tag
from basewise.report.html.parts import coverage_section, footer, header, section, sentences, tiles
from basewise.report.html.picture import picture, picture_data
from basewise.report.html.shell import page
from basewise.report.sections import app_lines, from_line, legend, remarks
from basewise.report.support_words import distro_end
from basewise.report.words import UNKNOWN, number_text

__all__ = ["render_choice_page"]


def render_choice_page(choice: Choice) -> str:
    """Return the page of an answer."""
    chart = chart_of_choice(choice)
    title = f"Base image for {choice.app.path}"
    body = join(
        [
            tag("a", "Skip to the tables", href="#images", class_="skip"),
            header(
                "choose",
                title,
                sentences(app_lines(choice.app)),
                generated_at=choice.generated_at,
                complete=choice.coverage.complete,
            ),
            tag(
                "main",
                _advice(choice),
                picture(chart),
                *_why(choice),
                section(
                    "All images",
                    candidate_table(choice),
                    sentences(legend(choice)),
                    name="images",
                ),
                section("What must be installed, and what it costs", needs_table(choice), name="needs"),
                *_below(choice),
                section("Everything that is known of each", facts_table(choice), name="facts"),
                coverage_section(choice.coverage),
            ),
            footer(choice.version, choice.generated_at, carries_runtime=True),
        ]
    )
    return page(
        title=title,
        body=body,
        scripts=(table_script(), *chart_scripts()),
        data=picture_data(chart),
    )


def _advice(choice: Choice) -> Markup:
    line = from_line(choice)
    advice = choice.recommendation
    if advice is None or line is None:
        causes = [
            f"{cause.cause} ({plural(cause.candidates, 'candidate')}); {cause.hint}"
            for cause in choice.blocking
        ]
        return section("Nothing can be recommended", sentences(causes), name="advice")
    return section(
        f"Recommended: {advice.image}",
        tiles(_numbers(choice.candidates[0], covered=bool(choice.coverage.sources))),
        code_lines(line),
        tag("details", tag("summary", "Dockerfile"), code_lines(advice.dockerfile)),
        sentences([line for line in (advice.refresh_reason, f"today's digest: `{advice.refresh}`") if line]),
        name="advice",
    )


def _why(choice: Choice) -> Iterator[Markup]:
    if choice.recommendation is not None:
        yield section(f"Why {choice.recommendation.image}", sentences(choice.recommendation.why), name="why")


def _numbers(first: Candidate, *, covered: bool) -> tuple[tuple[str, str], ...]:
    counts = first.vulnerabilities if covered else Vulnerabilities()
    return (
        (number_text(counts.total), "vulnerabilities as pulled"),
        (number_text(counts.fixable), "of them fixable"),
        (number_text(counts.after_rebuild), "after a rebuild"),
        (format_bytes(first.size.download_bytes), "to download"),
        (f"{'~' if first.size.basis == ESTIMATED else ''}{format_bytes(first.size.disk_bytes)}", "on disk"),
        (distro_end(first.support) or UNKNOWN, "distribution supported until"),
    )


def _application(choice: Choice) -> Iterator[Markup]:
    said = application_section(choice)
    if said.sentences:
        found = any(each.findings for each in choice.application_vulnerabilities)
        shown = application_table(choice) if found else sentences(said.sentences)
        yield section(said.title, shown, name="application")


def _below(choice: Choice) -> Iterator[Markup]:
    yield from _application(choice)
    notes = remarks(choice)
    if notes:
        yield section("Worth knowing", sentences(notes), name="notes")
    if choice.swaps:
        yield section("Cheaper swaps", swap_table(choice), name="swaps")
    if any(candidate.excluded for candidate in choice.candidates):
        yield section("Left out, and why", exclusion_table(choice), name="left-out")
    if choice.alternatives:
        yield section("Other Python minors", sentences(choice.alternatives), name="minors")
