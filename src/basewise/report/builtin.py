"""The formats of the answer of `choose`, by name."""

from __future__ import annotations

from collections.abc import Mapping

from basewise.report.format import Format
from basewise.report.json_document import render_json
from basewise.report.markdown import render_markdown
from basewise.report.pictures import render_choice_html, render_choice_svg
from basewise.report.table import render_table

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Format] = {
    "table": render_table,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_choice_html,
    "svg": render_choice_svg,
}
