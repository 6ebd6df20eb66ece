"""`basewise sbom`: everything that is inside an image."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from basewise.cli.answer import write_answer
from basewise.cli.image_options import image_access, image_options, image_platform
from basewise.cli.options import common_options, now_option, output_options
from basewise.cli.running import current_moment, shown_progress

__all__ = ["command"]


@click.command("sbom")
@click.argument("image", metavar="IMAGE")
@image_options()
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
    from basewise.operations.sbom import make_sbom
    from basewise.report.sbom import render_sbom

    moment = current_moment(flags)
    with shown_progress(flags) as progress:
        sbom = make_sbom(
            flags["image"], platform=image_platform(flags), access=image_access(flags), progress=progress
        )
    write_answer(partial(render_sbom, moment=moment, version=__version__), sbom, flags)
    if not sbom.coverage.complete:
        missing = len(sbom.coverage.not_covered)
        progress.note(f"incomplete: {missing} {'thing' if missing == 1 else 'things'} could not be read")
    return 0
