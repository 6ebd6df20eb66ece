"""The answer for a terminal: a ranked table, then the reasons. ASCII only, but for names from elsewhere.

The layout is plain text, so the terminal library is not loaded: it alone would take a tenth of the time
that a warm run has.
"""

from __future__ import annotations

from collections.abc import Iterator

from basewise.model.choice import Choice
from basewise.report.plain import plain_line, plain_lines
from basewise.report.sections import app_lines, from_line, legend, sections_of
from basewise.report.style import Style
from basewise.report.table_candidates import candidate_lines
from basewise.report.text_lines import HANGING, Line, printed, wrapped

__all__ = ["DEFAULT_WIDTH", "render_table"]

DEFAULT_WIDTH = 100
MIN_WIDTH = 40


def render_table(choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
    """Return the answer as lines of at most `width` columns; only a FROM line and a Dockerfile may be longer."""
    columns = max(MIN_WIDTH, width or DEFAULT_WIDTH)
    lines = _lines(choice, columns, with_dockerfile=with_dockerfile)
    return printed(lines, color=color)


def _lines(choice: Choice, columns: int, *, with_dockerfile: bool) -> Iterator[Line]:
    for line in app_lines(choice.app):
        yield from wrapped(line, columns, hanging=HANGING)
    if any(candidate.rank is not None for candidate in choice.candidates):
        yield "", Style.PLAIN
        yield from candidate_lines(choice, columns)
        for line in legend(choice):
            yield from wrapped(line, columns, style=Style.DIM)
    for section in sections_of(choice):
        yield from _heading(section.title)
        for sentence in section.sentences:
            yield from wrapped(sentence, columns, bullet="- ")
    yield from _recommendation(choice, with_dockerfile=with_dockerfile)


def _recommendation(choice: Choice, *, with_dockerfile: bool) -> Iterator[Line]:
    line = from_line(choice)
    if line is None or choice.recommendation is None:
        return
    yield from _heading("Recommendation")
    yield plain_line(line), Style.FIRST
    if with_dockerfile:
        yield from _heading("Dockerfile")
        for each in plain_lines(choice.recommendation.dockerfile):
            yield each, Style.PLAIN


def _heading(title: str) -> Iterator[Line]:
    yield "", Style.PLAIN
    yield plain_line(title), Style.BOLD
