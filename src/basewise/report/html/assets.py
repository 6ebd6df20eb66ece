"""The page's own script and style, and the vendored chart runtime."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from basewise.errors import KnowledgeError
from basewise.report.svg_style import PICTURE_STYLE

__all__ = ["chart_scripts", "licences", "page_style", "table_script"]


@lru_cache(maxsize=16)
def _read(package: str, name: str) -> str:
    try:
        return files(package).joinpath(name).read_text(encoding="utf-8")
    except OSError as error:
        raise KnowledgeError(
            f"cannot read `{name}` of the page: {error}", hint="install basewise again"
        ) from error


def page_style() -> str:
    """Return the style sheet of a page with a picture."""
    return PICTURE_STYLE + "\n" + _read("basewise.report.html", "assets/page.css")


def table_script() -> str:
    """Return the script that sorts, filters and pages tables."""
    return _read("basewise.report.html", "assets/table.js")


def chart_scripts() -> tuple[str, ...]:
    """Return the chart runtime, its interpreter and the script that draws the picture, in this order."""
    return (
        _read("basewise.vendor", "vega/vega.min.js"),
        _read("basewise.vendor", "vega/vega-interpreter.js"),
        _read("basewise.report.html", "assets/picture.js"),
    )


def licences() -> str:
    """Return the licence texts of what `chart_scripts` carries."""
    return _read("basewise.vendor", "vega/LICENSES.txt")
