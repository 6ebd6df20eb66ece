"""The command group: which commands exist, and how an error becomes an exit code.

Each command lives in its own module, which is imported only when the command runs or shows its help.
"""

from __future__ import annotations

from errno import ENOSPC
from importlib import import_module
from io import StringIO

import click

from basewise import __version__
from basewise.errors import BasewiseError

__all__ = ["COMMANDS", "basewise", "run"]

EXIT_NO_RESOURCES = 4
EXIT_BUG = 5
EXIT_INTERRUPTED = 130

COMMANDS = {
    "candidates": ("basewise.cli.commands.candidates", "The catalogue of base images."),
    "check": ("basewise.cli.commands.check", "Hold Dockerfiles and compose files against the rules."),
    "choose": ("basewise.cli.commands.choose", "Rank base images for an application, with evidence."),
    "compare": ("basewise.cli.commands.compare", "Images side by side, and what changes between two."),
    "db": ("basewise.cli.commands.db", "The advisory store."),
    "explain": ("basewise.cli.commands.explain", "What one vulnerability is to one image, and why."),
    "pin": ("basewise.cli.commands.pin", "Write digests behind tags."),
    "sbom": ("basewise.cli.commands.sbom", "Everything that is inside an image."),
    "scan": ("basewise.cli.commands.scan", "What is known to be wrong with an image."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all command names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in sorted(COMMANDS.items())])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="basewise", message="%(prog)s %(version)s")
def basewise() -> None:
    """Choose the right Python base image for an application, with evidence."""


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code (see `docs/reference/exit-codes.md`)."""
    try:
        result = basewise.main(arguments, prog_name="basewise", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        from basewise.cli.console import say

        shown = StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"))
        return error.exit_code
    except BasewiseError as error:
        from basewise.cli.console import print_error

        print_error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last seam: a bug gets exit code 5 and a way to report it
        return _end_unexpectedly(error)


def _end_unexpectedly(error: Exception) -> int:
    """Print what nobody foresaw; a full disk and too little memory are no bugs."""
    from basewise.cli.console import print_bug, say

    if isinstance(error, OSError) and error.errno == ENOSPC:
        say("error: there is no space left to write to")
        return EXIT_NO_RESOURCES
    if isinstance(error, MemoryError):
        say("error: there is not enough memory")
        return EXIT_NO_RESOURCES
    print_bug(error)
    return EXIT_BUG
