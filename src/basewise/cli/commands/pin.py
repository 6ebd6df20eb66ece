"""`basewise pin`: write digests behind tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from basewise.cli.answer import terminal_width, write_result
from basewise.cli.image_options import image_access, image_options, image_platform
from basewise.cli.options import common_options, now_option, output_options
from basewise.cli.running import shown_progress, stated_moment

__all__ = ["command"]

EXIT_NOT_PINNED = 4


@click.command("pin")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--refresh", is_flag=True, help="Move digests that stand there to the newest build of their tag."
)
@click.option("--diff", is_flag=True, help="Show the changes instead of making them.")
@image_options(offline="Ask no registry; the catalogue says what a tag leads to.")
@output_options(("table", "json"))
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Insert `@sha256:...` behind the tags of Dockerfiles and compose files, and write `basewise.lock`.

    PATH is a Dockerfile, a compose file, or a folder that is searched for them; default: the working directory.
    What a tag leads to is asked of its registry; with `--offline` the catalogue says it. Nothing else of a file
    changes, and a name that has a digest is left alone.

    The exit code is 4 when an image could not be pinned; the others are.
    """
    from basewise.model.pin import PinChange
    from basewise.model.platform import LINUX_AMD64
    from basewise.operations.pin import PinOptions, pin
    from basewise.report.pin import render_pin
    from basewise.report.plain import plain_line

    access = image_access(flags)
    options = PinOptions(
        refresh=flags["refresh"],
        offline=access.offline,
        write=not flags["diff"],
        platform=image_platform(flags) or LINUX_AMD64,
        access=access,
    )
    now = stated_moment(flags)
    with shown_progress(flags) as progress:
        result = pin([Path(path) for path in flags["paths"] or (".",)], options, now=now, progress=progress)
    if flags["diff"]:
        write_result(result.diff, flags["output"])
        for row in result.images:
            if row.change is PinChange.NOT_PINNED:
                progress.note(plain_line(f"{row.path}:{row.line} {row.change} {row.image}: {row.why}"))
    else:
        text = render_pin(result, flags["output_format"], width=terminal_width(flags["output"]))
        write_result(text, flags["output"])
    for line in result.refresh:
        progress.note(f"refresh later with: {line}")
    failed = any(row.change is PinChange.NOT_PINNED for row in result.images)
    return EXIT_NOT_PINNED if failed else 0
