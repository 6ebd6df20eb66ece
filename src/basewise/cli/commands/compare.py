"""`basewise compare`: images side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from basewise.cli.answer import write_answer, write_picture
from basewise.cli.image_options import image_access, image_options, image_platform
from basewise.cli.options import accelerator_option, common_options, now_option, output_options
from basewise.cli.running import shown_progress, stated_moment

if TYPE_CHECKING:
    from basewise.model.compare import Compare

__all__ = ["command"]

FORMATS = ("table", "json", "markdown", "html", "svg", "png")
EXIT_VIOLATED = 1
EXIT_INCOMPLETE = 3
EXIT_NOT_READ = 4


@click.command("compare")
@click.argument("images", nargs=-1, metavar="[IMAGE...]")
@click.option("--catalogue", is_flag=True, help="Compare all images of the catalogue.")
@click.option("--app", metavar="DIR", help="Add the totals of this application, finished, on each image.")
@accelerator_option("that application")
@click.option(
    "--fail-on",
    type=click.Choice(["worse"]),
    help="Exit with 1 when an image is worse than the baseline, with 3 when that cannot be told.",
)
@click.option(
    "--baseline",
    metavar="IMAGE|FILE",
    help="What the images are measured against: an image, or a saved report of scan or compare (JSON); default: the first.",
)
@image_options()
@output_options(FORMATS)
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Put two to fifty images side by side: sizes, packages, vulnerabilities, attack surface, support.

    IMAGE is a name of the catalogue (`python:3.13-slim-trixie`), a pattern over its names (`'python:3.12-*'`), or whatever
    `scan` takes; what the catalogue does not have is read. Of two images the answer says what changes from the first to the
    second: packages, libraries, environment, labels, and findings by id.
    """
    from basewise.operations.compare import compare

    options = _options(flags)
    now = stated_moment(flags)
    with shown_progress(flags) as progress:
        result = compare(flags["images"], options, now=now, progress=progress)
    if flags["output_format"] == "png":
        from basewise.report.compare import render_compare_png

        write_picture(render_compare_png(result), flags["output"])
    else:
        from basewise.report.compare import render_compare

        write_answer(render_compare, result, flags)
    return _exit_code(result)


def _options(flags: dict[str, Any]) -> Any:  # noqa: ANN401 - the type is of a module that is imported here
    from basewise.errors import UsageError
    from basewise.model.requirement import Accelerator
    from basewise.operations.compare import CompareOptions

    if flags["baseline"] is not None and flags["fail_on"] is None:
        raise UsageError("`--baseline` belongs to a gate", hint="add `--fail-on worse`")
    return CompareOptions(
        platform=image_platform(flags),
        access=image_access(flags),
        whole_catalogue=flags["catalogue"],
        app=None if flags["app"] is None else Path(flags["app"]),
        accelerator=Accelerator(flags["accelerator"] or "unknown"),
        fail_on_worse=flags["fail_on"] is not None,
        baseline=flags["baseline"],
    )


def _exit_code(result: Compare) -> int:
    """Return 4 for an image that was not read, else 1 for one that is worse, else 3 where that cannot be told."""
    from basewise._internal.text import safe_text
    from basewise.cli.console import say

    for sentence in result.failed:
        say(f"error: {safe_text(sentence, limit=4000)}")
    gate = result.gate
    if gate is not None:
        for each in gate.worse:
            say(f"worse than {safe_text(gate.baseline)}: {safe_text(each.image)}: {safe_text(each.sentence)}")
    if result.failed:
        return EXIT_NOT_READ
    if gate is None or gate.passed is True:
        return 0
    return EXIT_VIOLATED if gate.passed is False else EXIT_INCOMPLETE
