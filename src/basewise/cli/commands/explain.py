"""`basewise explain`: what one vulnerability is to one image."""

from __future__ import annotations

import os
from typing import Any

import click

from basewise.cli.image_options import image_options
from basewise.cli.judging_options import judging_options, scan_options
from basewise.cli.options import (
    common_options,
    now_option,
    output_options,
    parse_now,
    terminal_width,
    write_result,
)

__all__ = ["command"]


@click.command("explain")
@click.argument("vulnerability", metavar="CVE")
@click.argument("image", metavar="IMAGE")
@judging_options
@image_options
@output_options(("table", "json"))
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Say in plain words what the vulnerability CVE is to IMAGE: where, why, and how to get the fix.

    CVE is an id of any kind (`CVE-2023-5363`, `GHSA-...`, `PYSEC-...`), also one that does not apply: then the
    answer says why. IMAGE is named as for `scan`.
    """
    from basewise.cli.console import ConsoleProgress, use_color
    from basewise.operations.explain import explain
    from basewise.report.explain import render_explanation

    now = parse_now(flags["now"], os.environ.get("SOURCE_DATE_EPOCH"))
    options = scan_options(flags)
    progress = ConsoleProgress(1 if flags["verbose"] else -1 if flags["quiet"] else 0)
    try:
        explanation = explain(flags["vulnerability"], flags["image"], options, now=now, progress=progress)
    finally:
        progress.close()
    color = use_color(flags["color"]) and flags["output"] is None
    text = render_explanation(
        explanation, flags["output_format"], width=terminal_width(flags["output"]), color=color
    )
    write_result(text, flags["output"])
    return 0
