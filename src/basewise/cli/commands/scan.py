"""`basewise scan`: what is known to be wrong with an image."""

from __future__ import annotations

import os
from typing import Any

import click

from basewise.cli.image_options import image_access, image_options, image_platform
from basewise.cli.options import (
    common_options,
    now_option,
    output_options,
    parse_now,
    terminal_width,
    write_result,
)

__all__ = ["command"]


@click.command("scan")
@click.argument("image", metavar="IMAGE")
@image_options
@output_options(("table", "json"))
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Find what is known to be wrong with IMAGE, and say what could not be known.

    IMAGE is `python:3.12-slim` (registry), `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, `dir:ROOTFS`,
    `docker:NAME` or `podman:NAME`; a path that exists is recognised by what it holds. Nothing of the image is
    executed or unpacked.
    """
    from basewise.cli.console import ConsoleProgress, use_color
    from basewise.operations.scan import ScanOptions, scan
    from basewise.report.scan import render_scan

    now = parse_now(flags["now"], os.environ.get("SOURCE_DATE_EPOCH"))
    options = ScanOptions(platform=image_platform(flags), access=image_access(flags))
    progress = ConsoleProgress(1 if flags["verbose"] else -1 if flags["quiet"] else 0)
    try:
        result = scan(flags["image"], options, now=now, progress=progress)
    finally:
        progress.close()
    color = use_color(flags["color"]) and flags["output"] is None
    text = render_scan(result, flags["output_format"], width=terminal_width(flags["output"]), color=color)
    write_result(text, flags["output"])
    return 0
