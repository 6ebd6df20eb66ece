"""Options that several commands share, and reading their values."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from basewise.cli.console import write_stdout, write_stdout_bytes
from basewise.errors import InvalidValueError, UsageError

__all__ = [
    "common_options",
    "named_folder",
    "now_option",
    "output_options",
    "parse_now",
    "terminal_width",
    "write_picture",
    "write_result",
]

DEFAULT_WIDTH_COLUMNS = 100
LEAST_WIDTH_COLUMNS = 60
Command = TypeVar("Command", bound=Callable[..., Any])


def parse_now(text: str | None, source_date_epoch: str | None) -> datetime | None:
    """Read `--now` (ISO date or time, UTC when it names no zone), else `SOURCE_DATE_EPOCH`, else None.

    Raises:
        InvalidValueError: The text is no date.
    """
    if text is not None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise InvalidValueError(f"not a date: {text[:40]!r}", hint="write `2026-11-23`") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if source_date_epoch:
        try:
            return datetime.fromtimestamp(int(source_date_epoch), tz=UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidValueError(
                f"SOURCE_DATE_EPOCH is no number of seconds: {source_date_epoch[:40]!r}"
            ) from error
    return None


def common_options(command: Command) -> Command:
    """Add `-q`, `-v` and colour."""
    for option in reversed(
        (
            click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors."),
            click.option("-v", "--verbose", is_flag=True, help="Say every step on stderr."),
            click.option(
                "--color/--no-color", default=None, help="Colour; default: on a terminal without NO_COLOR."
            ),
        )
    ):
        command = option(command)
    return command


def now_option(command: Command) -> Command:
    """Add `--now`."""
    return click.option(
        "--now", metavar="DATE", help="Judge as of this date (else SOURCE_DATE_EPOCH, else the clock)."
    )(command)


def output_options(formats: tuple[str, ...]) -> Callable[[Command], Command]:
    """Add `--format` and `-o`."""

    def add(command: Command) -> Command:
        command = click.option("-o", "--output", metavar="FILE", help="Write there instead of stdout.")(
            command
        )
        return click.option(
            "--format", "output_format", type=click.Choice(formats), default=formats[0], show_default=True,
            help="Form of the answer.",
        )(command)  # fmt: skip

    return add


def named_folder(text: str) -> Path:
    """Return the folder that an argument names.

    Raises:
        UsageError: It names none.
    """
    if not text:
        raise UsageError(
            "the application folder is an empty name", hint="write `.` for the working directory"
        )
    return Path(text)


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
