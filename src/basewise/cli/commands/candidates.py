"""`basewise candidates`: the catalogue of base images."""

from __future__ import annotations

import os
from datetime import UTC, datetime
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


@click.group("candidates")
def command() -> None:
    """The catalogue of base images."""


@command.command("list")
@click.option("--platform", default="linux/amd64", show_default=True, metavar="OS/ARCH", help="Platform.")
@output_options(("table", "json"))
@now_option
@common_options
def list_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Show the base images that `choose` considers, with sizes, support and how each fact is known."""
    from basewise.cli.console import use_color
    from basewise.model.platform import Platform
    from basewise.operations.candidates_list import list_candidates
    from basewise.report.listing import render_catalogue

    now = parse_now(flags["now"], os.environ.get("SOURCE_DATE_EPOCH")) or datetime.now(UTC)
    listing = list_candidates(Platform.parse(flags["platform"]), now.date())
    color = use_color(flags["color"]) and flags["output"] is None
    text = render_catalogue(
        listing, flags["output_format"], width=terminal_width(flags["output"]), color=color
    )
    write_result(text, flags["output"])
    return 0
