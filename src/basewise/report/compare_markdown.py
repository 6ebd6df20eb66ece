"""A comparison as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.compare import Compare
from basewise.report.compare_cells import compare_row, facts_of, severities_known
from basewise.report.compare_sections import (
    LEGEND,
    MAX_SENTENCE_CHARACTERS,
    compare_sections,
    counted_sentence,
)
from basewise.report.markdown_text import escape_markdown, list_item, table_row

__all__ = ["render_compare_markdown"]

MAX_SIDE_BY_SIDE = 4
_COLUMNS = (
    ("image", "image"),
    ("application", "verdict"),
    ("download", "download"),
    ("disk", "disk"),
    ("app disk", "app_disk"),
    ("packages", "packages"),
    ("vulnerabilities", "total"),
    ("critical/high", "severe"),
    ("fixable", "fixable"),
    ("after a rebuild", "after"),
    ("undetermined", "undetermined"),
    ("support until", "support"),
    ("days old", "age"),
)
_LEFT = frozenset({"image", "verdict", "support"})


def render_compare_markdown(compare: Compare, *, width: int, color: bool) -> str:
    """Return a document with headings, a table and lists; width and color change nothing."""
    del width, color
    return "\n".join(_lines(compare)) + "\n"


def _lines(compare: Compare) -> Iterator[str]:
    yield "# Images compared"
    yield ""
    if compare.app is not None:
        yield list_item(
            f"application: {compare.app.path}, {plural(len(compare.app.requirements), 'requirement')}"
        )
        yield ""
    if len(compare.images) <= MAX_SIDE_BY_SIDE:
        yield from _side_by_side(compare)
    else:
        yield from _one_line_each(compare)
    yield ""
    yield list_item(counted_sentence(compare))
    yield list_item(LEGEND)
    for section in compare_sections(compare):
        yield from ("", f"## {escape_markdown(section.title)}", "")
        yield from (list_item(sentence, limit=MAX_SENTENCE_CHARACTERS) for sentence in section.sentences)
    yield from (
        "",
        f"Written {escape_markdown(compare.generated_at)} by basewise {escape_markdown(compare.version)}.",
    )


def _side_by_side(compare: Compare) -> Iterator[str]:
    facts = [dict(facts_of(image, with_app=compare.app is not None)) for image in compare.images]
    yield table_row(["", *(escape_markdown(image.image) for image in compare.images)])
    yield table_row([":--", *("--:" for _ in facts)])
    for what in facts[0] if facts else ():
        yield table_row([escape_markdown(what), *(escape_markdown(each[what]) for each in facts)])


def _one_line_each(compare: Compare) -> Iterator[str]:
    hidden = set() if compare.app is not None else {"verdict", "app_disk"}
    if not severities_known(compare):
        hidden.add("severe")
    shown = [column for column in _COLUMNS if column[1] not in hidden]
    yield table_row([heading for heading, _ in shown])
    yield table_row([":--" if field in _LEFT else "--:" for _, field in shown])
    for image in compare.images:
        row = compare_row(image, with_app=compare.app is not None)
        yield table_row([escape_markdown(getattr(row, field)) for _, field in shown])
