"""`basewise sbom`: everything that is inside an image."""

from __future__ import annotations

import os
from datetime import UTC, datetime
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


@click.command("sbom")
@click.argument("image", metavar="IMAGE")
@image_options
@output_options(("table", "json", "cyclonedx", "spdx"))
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """List what is inside IMAGE: packages, interpreters, attack surface, and which layer brought each.

    IMAGE is `python:3.12-slim` (registry), `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, `dir:ROOTFS`,
    `docker:NAME` or `podman:NAME`; a path that exists is recognised by what it holds. Nothing of the image is
    executed or unpacked.
    """
    from basewise import __version__
    from basewise.cli.console import ConsoleProgress, use_color
    from basewise.operations.sbom import make_sbom
    from basewise.report.sbom import render_sbom

    moment = parse_now(flags["now"], os.environ.get("SOURCE_DATE_EPOCH")) or datetime.now(UTC)
    progress = ConsoleProgress(1 if flags["verbose"] else -1 if flags["quiet"] else 0)
    try:
        sbom = make_sbom(
            flags["image"], platform=image_platform(flags), access=image_access(flags), progress=progress
        )
    finally:
        progress.close()
    color = use_color(flags["color"]) and flags["output"] is None
    text = render_sbom(
        sbom,
        flags["output_format"],
        width=terminal_width(flags["output"]),
        color=color,
        moment=moment,
        version=__version__,
    )
    write_result(text, flags["output"])
    if not sbom.coverage.complete:
        missing = len(sbom.coverage.not_covered)
        progress.note(f"incomplete: {missing} {'thing' if missing == 1 else 'things'} could not be read")
    return 0
