"""Options that several commands share, each with one text, and reading their values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from basewise.errors import UsageError

__all__ = [
    "accelerator_option",
    "allow_index_option",
    "ca_file_option",
    "common_options",
    "named_folder",
    "now_option",
    "output_options",
    "platform_option",
]

Command = TypeVar("Command", bound=Callable[..., Any])


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


def platform_option(says: str) -> Callable[[Command], Command]:
    """Add `--platform`, with what it is the platform of."""

    def add(command: Command) -> Command:
        return click.option("--platform", metavar="OS/ARCH", help=says)(command)

    return add


def accelerator_option(application: str) -> Callable[[Command], Command]:
    """Add `--accelerator`, of an application that is called so."""

    def add(command: Command) -> Command:
        return click.option(
            "--accelerator",
            type=click.Choice(["cpu", "cuda", "unknown"]),
            help=f"What {application} computes on.",
        )(command)

    return add


def allow_index_option(command: Command) -> Command:
    """Add `--allow-index`."""
    return click.option(
        "--allow-index", multiple=True, metavar="URL", help="Honour this index where files ask for it."
    )(command)


def ca_file_option(command: Command) -> Command:
    """Add `--ca-file`."""
    return click.option(
        "--ca-file", metavar="FILE", help="Trust these certificate authorities besides the system's."
    )(command)


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
