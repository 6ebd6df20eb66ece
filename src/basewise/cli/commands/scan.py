"""`basewise scan`: what is known to be wrong with images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from basewise.cli.answer import write_answer, write_picture
from basewise.cli.image_options import image_options
from basewise.cli.judging_options import judging_options, scan_options
from basewise.cli.options import common_options, now_option, output_options
from basewise.cli.running import shown_progress, stated_moment

if TYPE_CHECKING:
    from basewise.model.scan import Scan, Scans

__all__ = ["command"]

FORMATS = (
    "table",
    "json",
    "sarif",
    "cyclonedx",
    "spdx",
    "openvex",
    "markdown",
    "junit",
    "gitlab",
    "html",
    "svg",
    "png",
)
ONE_IMAGE_FORMATS = ("cyclonedx", "spdx")
SEVERITIES = ("critical", "high", "medium", "low", "negligible")
EXIT_VIOLATED = 1
EXIT_INCOMPLETE = 3
EXIT_NOT_READ = 4


@click.command("scan")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--only-fixable", is_flag=True, default=None, help="Show findings with a fixed version only.")
@click.option(
    "--severity", type=click.Choice(SEVERITIES), help="Show this severity and worse; unknown is above low."
)
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(["critical", "high", "medium", "low", "exploited", "fixable", "any"]),
    help="Exit with 1 on this severity or worse (unknown is above low), on what is exploited or fixable (repeatable).",
)
@judging_options
@image_options()
@output_options(FORMATS)
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Find what is known to be wrong with each IMAGE, and say what could not be known.

    IMAGE is `python:3.12-slim` (registry), `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`, `dir:ROOTFS`,
    `docker:NAME` or `podman:NAME`; a path that exists is recognised by what it holds. Nothing of the image is
    executed or unpacked.

    With `--fail-on` the exit code is 1 when the gate is violated, and 3 when it is not but something was not seen.
    """
    from basewise.report.scan import render_scan

    now = stated_moment(flags)
    _check_format(flags)
    options = scan_options(flags)
    result: Scan | Scans
    with shown_progress(flags) as progress:
        if len(flags["images"]) == 1:
            from basewise.operations.scan import scan

            result = scan(flags["images"][0], options, now=now, progress=progress)
        else:
            from basewise.operations.scan_several import scan_several

            result = scan_several(flags["images"], options, now=now, progress=progress)
    if flags["output_format"] == "png":
        from basewise.report.scan import render_scan_png

        write_picture(render_scan_png(result), flags["output"])
        return _exit_code(result)
    write_answer(render_scan, result, flags)
    return _exit_code(result)


def _check_format(flags: dict[str, Any]) -> None:
    """Refuse several images for a form that describes one, before any is read."""
    from basewise.errors import UsageError

    form = flags["output_format"]
    if form in ONE_IMAGE_FORMATS and len(flags["images"]) > 1:
        raise UsageError(
            f"a document in the format `{form}` describes one image, and {len(flags['images'])} were named",
            hint="scan each image by itself, with its own `-o FILE`",
        )


def _exit_code(result: Scan | Scans) -> int:
    """Return 4 for an image that was not read, else 1 for a violated gate, else 3 for one that cannot be told."""
    from basewise._internal.text import safe_text
    from basewise.cli.console import say
    from basewise.model.scan import Scans

    if isinstance(result, Scans):
        for sentence in result.failed:
            say(f"error: {safe_text(sentence, limit=4000)}")
        if result.failed:
            return EXIT_NOT_READ
    scans = result.scans if isinstance(result, Scans) else (result,)
    gates = [scan.gate for scan in scans if scan.gate is not None]
    if any(gate.passed is False for gate in gates):
        return EXIT_VIOLATED
    return EXIT_INCOMPLETE if any(gate.passed is None for gate in gates) else 0
