"""The answer as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Iterator

from basewise.model.choice import Choice
from basewise.report.cells import row_of
from basewise.report.markdown_text import escape_markdown, fenced, list_item, table_row
from basewise.report.sections import app_lines, from_line, legend, sections_of

__all__ = ["render_markdown"]

_COLUMNS = (
    ("#", "rank"),
    ("image", "image"),
    ("verdict", "verdict"),
    ("adds", "adds"),
    ("download", "download"),
    ("disk", "disk"),
    ("fixable", "fixable"),
    ("open", "open"),
    ("minor", "minor"),
    ("undet.", "undetermined"),
    ("support until", "support"),
)
_LEFT = frozenset({"image", "verdict", "adds", "support"})


def render_markdown(choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
    """Return a document with headings, a table, lists and the Dockerfile; width and color change nothing."""
    del width, color
    return "\n".join(_lines(choice, with_dockerfile=with_dockerfile)) + "\n"


def _lines(choice: Choice, *, with_dockerfile: bool) -> Iterator[str]:
    yield "# Base images for this application"
    yield ""
    yield from (list_item(line) for line in app_lines(choice.app))
    line = from_line(choice)
    if line is not None:
        yield from ("", "## Recommendation", "", fenced(line, "dockerfile"))
    yield from _table(choice)
    for section in sections_of(choice):
        yield from ("", f"## {escape_markdown(section.title)}", "")
        yield from (list_item(sentence) for sentence in section.sentences)
    if choice.recommendation is not None and with_dockerfile:
        yield from ("", "## Dockerfile", "", fenced(choice.recommendation.dockerfile, "dockerfile"))
    yield from ("", f"Written {escape_markdown(choice.generated_at)} by basewise.")


def _table(choice: Choice) -> Iterator[str]:
    covered = bool(choice.coverage.sources)
    rows = [row_of(c, counts_are_covered=covered) for c in choice.candidates if c.rank is not None]
    if not rows:
        return
    yield from ("", "## Ranked candidates", "")
    yield table_row([heading for heading, _ in _COLUMNS])
    yield table_row([":--" if field in _LEFT else "--:" for _, field in _COLUMNS])
    for row in rows:
        yield table_row([escape_markdown(getattr(row, field)) for _, field in _COLUMNS])
    yield ""
    for line in legend(choice):
        yield list_item(line)
