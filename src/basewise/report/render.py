"""One answer, many forms."""

from __future__ import annotations

from basewise.model.choice import Choice
from basewise.report.builtin import FORMATS
from basewise.report.writers import unknown_format

__all__ = ["render"]


def render(
    choice: Choice, form: str, *, width: int | None = None, color: bool = False, with_dockerfile: bool = True
) -> str:
    """Write a choice in one of the formats of `builtin.py`.

    Args:
        choice: The answer.
        form: `table`, `json`, `markdown`, `html` or `svg`.
        width: Columns of the terminal; None for 100.
        color: Allow escape sequences for style.
        with_dockerfile: Print the recommended Dockerfile too, where the format has room for it.

    Raises:
        UsageError: There is no such format.
    """
    if form not in FORMATS:
        raise unknown_format(form, FORMATS)
    return FORMATS[form](choice, width=width, color=color, with_dockerfile=with_dockerfile)
