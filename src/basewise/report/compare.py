"""The forms of `compare`: a list of names, each with the function that writes it, imported when it is asked for."""

from __future__ import annotations

from basewise.model.compare import Compare
from basewise.report.writers import written

__all__ = ["COMPARE_FORMATS", "render_compare", "render_compare_png"]

_WRITERS = {
    "table": "compare_table.render_compare_table",
    "json": "json_document.render_document",
    "markdown": "compare_markdown.render_compare_markdown",
    "html": "compare_pages.render_compare_html",
    "svg": "compare_pages.render_compare_svg",
}
COMPARE_FORMATS = (*_WRITERS, "png")


def render_compare(compare: Compare, form: str, *, width: int, color: bool) -> str:
    """Write a comparison in one of `COMPARE_FORMATS` that is text.

    Args:
        compare: What was found.
        form: Its name.
        width: Columns of the terminal.
        color: Allow escape sequences for style.

    Raises:
        UsageError: There is no such form.
    """
    return written(compare, form, _WRITERS, width=width, color=color, known=COMPARE_FORMATS)


def render_compare_png(compare: Compare) -> bytes:
    """Return the picture as PNG.

    Raises:
        UsageError: The extra `charts` is not installed.
    """
    from basewise.report.chart_of_compare import chart_of_compare  # noqa: PLC0415 - only for a picture
    from basewise.report.png_picture import render_png  # noqa: PLC0415 - the same

    return render_png(chart_of_compare(compare))
