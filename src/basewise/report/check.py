"""The forms of `check`: a list of names, each with the function that writes it, imported when it is asked for."""

from __future__ import annotations

from basewise.model.check import Check
from basewise.report.writers import written

__all__ = ["CHECK_FORMATS", "render_check"]

_WRITERS = {
    "table": "check_table.render_check_table",
    "json": "json_document.render_document",
    "sarif": "check_sarif.render_check_sarif",
    "github": "check_github.render_check_github",
    "gitlab": "check_gitlab.render_check_gitlab",
}
CHECK_FORMATS = tuple(_WRITERS)


def render_check(result: Check, form: str, *, width: int, color: bool) -> str:
    """Write the result of a check in one of `CHECK_FORMATS`.

    Args:
        result: What was found.
        form: Its name.
        width: Columns of the terminal.
        color: Allow escape sequences for style.

    Raises:
        UsageError: There is no such form.
    """
    return written(result, form, _WRITERS, width=width, color=color)
