"""The page and the picture of an answer of `choose`, as formats among the others; loaded only where asked for."""

from __future__ import annotations

from basewise.model.choice import Choice

__all__ = ["render_choice_html", "render_choice_png", "render_choice_svg"]


def render_choice_html(choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
    """Return the page; width, color and Dockerfile change nothing."""
    from basewise.report.html.choose_page import render_choice_page  # noqa: PLC0415 - only for a page

    del width, color, with_dockerfile
    return render_choice_page(choice)


def render_choice_svg(choice: Choice, *, width: int | None, color: bool, with_dockerfile: bool) -> str:
    """Return the picture as SVG; width, color and Dockerfile change nothing."""
    from basewise.report.chart_of_choice import chart_of_choice  # noqa: PLC0415 - only for a picture
    from basewise.report.svg_picture import render_svg  # noqa: PLC0415 - the same

    del width, color, with_dockerfile
    return render_svg(chart_of_choice(choice))


def render_choice_png(choice: Choice) -> bytes:
    """Return the picture as PNG.

    Raises:
        UsageError: The extra `charts` is not installed.
    """
    from basewise.report.chart_of_choice import chart_of_choice  # noqa: PLC0415 - only for a picture
    from basewise.report.png_picture import render_png  # noqa: PLC0415 - the same

    return render_png(chart_of_choice(choice))
