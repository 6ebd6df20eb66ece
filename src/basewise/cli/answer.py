"""Where an answer goes, how wide and how coloured."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from basewise.cli.console import use_color, write_stdout, write_stdout_bytes
from basewise.errors import UsageError

__all__ = ["is_colored", "terminal_width", "write_answer", "write_picture", "write_result"]

DEFAULT_WIDTH_COLUMNS = 100
LEAST_WIDTH_COLUMNS = 60
Result = TypeVar("Result")


def write_answer(render: Callable[..., str], result: object, flags: Mapping[str, Any]) -> None:
    """Write a result in the form that `--format` names, to where `-o` says.

    Args:
        render: Called with the result, the form, and by name the width in columns and whether to colour.
        result: What a command found.
        flags: Of the command, with those of `output_options` and `common_options`.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
        UsageError: The file name is empty.
    """
    output = flags["output"]
    text = render(result, flags["output_format"], width=terminal_width(output), color=is_colored(flags))
    write_result(text, output)


def is_colored(flags: Mapping[str, Any]) -> bool:
    """Tell whether to colour: never in a file."""
    return use_color(flags["color"]) and flags["output"] is None


def terminal_width(output: str | None) -> int:
    """Return the columns to print for: 100 for a file or without a terminal, never under 60."""
    if output is not None:
        return DEFAULT_WIDTH_COLUMNS
    return max(LEAST_WIDTH_COLUMNS, shutil.get_terminal_size((DEFAULT_WIDTH_COLUMNS, 24)).columns)


def write_result(text: str, output: str | None) -> None:
    """Write a result to a file (whole or not at all) or to stdout.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
        UsageError: The file name is empty.
    """
    if output is None:
        write_stdout(text)
        return
    _write_file(text.encode("utf-8", "backslashreplace"), output)


def write_picture(content: bytes, output: str | None) -> None:
    """Write bytes to a file (whole or not at all), or to stdout where that is no terminal.

    Raises:
        OutputError: The file could not be written; an old one is untouched.
        UsageError: The file name is empty, or a terminal would get the bytes.
    """
    if output is not None:
        _write_file(content, output)
    elif sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("a terminal shows no PNG", hint="name a file with `-o picture.png`")
    else:
        write_stdout_bytes(content)


def _write_file(content: bytes, output: str) -> None:
    if not output:
        raise UsageError("`-o` needs a file name", hint="leave `-o` out to write to stdout")
    from basewise._internal.paths import write_atomically

    write_atomically(Path(output), content)
