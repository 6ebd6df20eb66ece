"""The forms of `check`: a list of names, each with the function that writes it, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from basewise.errors import UsageError
from basewise.model.check import Check

__all__ = ["CHECK_FORMATS", "render_check"]

CheckWriter = Callable[..., str]
"""Takes a `Check`, and by name `width` (columns) and `color`; returns text that ends with a line end."""

_WRITERS = {
    "table": "check_table.render_check_table",
    "json": "check_json.render_check_json",
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
    if form not in _WRITERS:
        raise UsageError(f"no format is called `{form[:40]}`", hint=f"use one of: {', '.join(CHECK_FORMATS)}")
    module, _, name = _WRITERS[form].partition(".")
    write: CheckWriter = getattr(import_module(f"basewise.report.{module}"), name)
    return write(result, width=width, color=color)
