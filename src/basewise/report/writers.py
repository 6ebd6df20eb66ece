"""How a result finds the function that writes it in a form: by a list of names, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from basewise.errors import UsageError

__all__ = ["unknown_format", "written"]

MAX_SHOWN_CHARACTERS = 40

Writer = Callable[..., str]
"""Takes a result, and by name `width` (columns) and `color`; returns text that ends with a line end."""


def written(
    result: object,
    form: str,
    writers: Mapping[str, str],
    *,
    width: int,
    color: bool,
    known: Iterable[str] | None = None,
) -> str:
    """Write a result in a form.

    Args:
        result: What was found.
        form: Its name.
        writers: The forms, each with `module.function` below `basewise.report`.
        width: Columns of the terminal.
        color: Allow escape sequences for style.
        known: The forms that the hint of the error names; those of `writers` when None.

    Raises:
        UsageError: There is no such form.
    """
    if form not in writers:
        raise unknown_format(form, writers if known is None else known)
    module, _, name = writers[form].partition(".")
    write: Writer = getattr(import_module(f"basewise.report.{module}"), name)
    return write(result, width=width, color=color)


def unknown_format(form: str, known: Iterable[str]) -> UsageError:
    """Return the error for a form that does not exist, with those that do."""
    return UsageError(
        f"no format is called `{form[:MAX_SHOWN_CHARACTERS]}`", hint=f"use one of: {', '.join(known)}"
    )
