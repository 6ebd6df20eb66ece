"""`basewise explain`: what one vulnerability is to one image."""

from __future__ import annotations

from typing import Any

import click

from basewise.cli.answer import write_answer
from basewise.cli.image_options import image_options
from basewise.cli.judging_options import judging_options, scan_options
from basewise.cli.options import common_options, now_option, output_options
from basewise.cli.running import shown_progress, stated_moment

__all__ = ["command"]


@click.command("explain")
@click.argument("vulnerability", metavar="CVE")
@click.argument("image", metavar="IMAGE")
@judging_options
@image_options()
@output_options(("table", "json"))
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Say in plain words what the vulnerability CVE is to IMAGE: where, why, and how to get the fix.

    CVE is an id of any kind (`CVE-2023-5363`, `GHSA-...`, `PYSEC-...`), also one that does not apply: then the
    answer says why. IMAGE is named as for `scan`.
    """
    from basewise.operations.explain import explain
    from basewise.report.explain import render_explanation

    now = stated_moment(flags)
    options = scan_options(flags)
    with shown_progress(flags) as progress:
        explanation = explain(flags["vulnerability"], flags["image"], options, now=now, progress=progress)
    write_answer(render_explanation, explanation, flags)
    return 0
