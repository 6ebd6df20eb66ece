"""`basewise check`: hold Dockerfiles and compose files against the rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from basewise.cli.answer import write_answer, write_result
from basewise.cli.image_options import access_options, image_access, image_platform
from basewise.cli.options import (
    accelerator_option,
    allow_index_option,
    common_options,
    now_option,
    output_options,
    platform_option,
)
from basewise.cli.running import shown_progress, stated_moment

if TYPE_CHECKING:
    from basewise.model.check import Check
    from basewise.operations.check_options import CheckOptions

__all__ = ["command"]

FORMATS = ("table", "json", "sarif", "github", "gitlab")
EXIT_VIOLATED = 1
EXIT_INCOMPLETE = 3


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--fix", is_flag=True, help="Repair what is safe to repair, then check again.")
@click.option("--diff", is_flag=True, help="Show the repairs instead of making them.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note"]),
    help="Least severity that gives exit code 1.",
)
@click.option("--policy", metavar="FILE", help="Your policy (TOML), which a folder can only make stricter.")
@click.option("--app", metavar="DIR", help="The application's folder; default: the build context.")
@accelerator_option("the application")
@allow_index_option
@click.option("--online", is_flag=True, help="Ask registries and the package index; default: ask nobody.")
@click.option("--offline", is_flag=True, default=None, help="Ask nobody, also with `--online`.")
@access_options
@platform_option("Platform of the images; default `linux/amd64`.")
@output_options(FORMATS)
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Hold Dockerfiles and compose files against the rules, and say what could not be seen.

    PATH is a Dockerfile, a compose file, or a folder that is searched for them; default: the working directory.
    Nobody is asked and nothing is executed.

    The exit code is 1 when a rule is violated, 3 when none is but something was not seen.
    """
    from basewise.operations.check import check

    paths = [Path(path) for path in flags["paths"] or (".",)]
    options = _options(flags)
    now = stated_moment(flags)
    with shown_progress(flags) as progress:
        if flags["fix"] or flags["diff"]:
            from basewise.operations.check_fix import fix

            repaired = fix(paths, options, write=not flags["diff"], now=now, progress=progress)
            for file in repaired.files:
                progress.note(
                    f"{'would repair' if flags['diff'] else 'repaired'} {file.path}: {', '.join(file.rules)}"
                )
            if flags["diff"]:
                write_result(repaired.diff, flags["output"])
                return _exit_code(repaired.check)
            result = repaired.check
        else:
            result = check(paths, options, now=now, progress=progress)
    _print(result, flags)
    return _exit_code(result)


def _print(result: Check, flags: dict[str, Any]) -> None:
    from basewise.report.check import render_check

    write_answer(render_check, result, flags)


def _exit_code(result: Check) -> int:
    from basewise.model.check import CheckVerdict

    codes = {CheckVerdict.VIOLATED: EXIT_VIOLATED, CheckVerdict.INCOMPLETE: EXIT_INCOMPLETE}
    return codes.get(result.summary.verdict, 0)


def _options(flags: dict[str, Any]) -> CheckOptions:
    from basewise.model.check import CheckSeverity
    from basewise.model.platform import LINUX_AMD64
    from basewise.model.requirement import Accelerator
    from basewise.operations.check_options import CheckOptions

    access = image_access(flags)
    return CheckOptions(
        platform=image_platform(flags) or LINUX_AMD64,
        online=flags["online"] and not access.offline,
        access=access,
        app=None if flags["app"] is None else Path(flags["app"]),
        accelerator=None if flags["accelerator"] is None else Accelerator(flags["accelerator"]),
        allow_index=tuple(flags["allow_index"]),
        policy_file=None if flags["policy"] is None else Path(flags["policy"]),
        fail_on=None if flags["fail_on"] is None else CheckSeverity(flags["fail_on"]),
    )
