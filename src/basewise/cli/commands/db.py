"""`basewise db`: the advisory store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from basewise.cli.options import (
    common_options,
    now_option,
    output_options,
    parse_now,
    terminal_width,
    write_result,
)

__all__ = ["command"]


@click.group("db")
def command() -> None:
    """The advisory store."""


@command.command("status")
@click.option("--store", metavar="FILE", help="This store instead of BASEWISE_STORE or the embedded one.")
@output_options(("table", "json"))
@now_option
@common_options
def status_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Show the sources of the store, with their dates, ages, counts and what they leave unseen."""
    from basewise.cli.console import use_color
    from basewise.operations.db_status import db_status
    from basewise.report.listing import render_store_status

    now = parse_now(flags["now"], os.environ.get("SOURCE_DATE_EPOCH")) or datetime.now(UTC)
    status = db_status(today=now.date(), store=None if flags["store"] is None else Path(flags["store"]))
    color = use_color(flags["color"]) and flags["output"] is None
    text = render_store_status(
        status, flags["output_format"], width=terminal_width(flags["output"]), color=color
    )
    write_result(text, flags["output"])
    return 0
