"""Options of the commands that judge images by advisories: the base image, ignore rules, VEX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from basewise.cli.image_options import image_access, image_platform

if TYPE_CHECKING:
    from basewise.operations.scan_options import ScanOptions

__all__ = ["judging_options", "scan_options"]

Command = TypeVar("Command", bound=Callable[..., Any])


def judging_options(command: Command) -> Command:
    """Add `--base`, `--ignore-file` and `--vex`."""
    for option in reversed(
        (
            click.option("--base", metavar="IMAGE", help="The base image: tell its layers from the image's own."),
            click.option(
                "--ignore-file", multiple=True, metavar="FILE", help="Rules that ignore findings: TOML (repeatable)."
            ),
            click.option("--vex", multiple=True, metavar="FILE", help="OpenVEX or CycloneDX VEX (repeatable)."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def scan_options(flags: Mapping[str, Any]) -> ScanOptions:
    """Combine flags with the settings of the working directory and the environment; a flag wins, rules add up.

    Raises:
        PolicyError: A file of rules or VEX cannot be read.
        UsageError: A setting or a rule is wrong.
    """
    from basewise.operations.scan_options import ScanOptions, ignore_rules, parse_severity, vex_statements
    from basewise.settings import load_settings

    settings = load_settings(Path())
    only_fixable = flags.get("only_fixable")
    return ScanOptions(
        platform=image_platform(flags),
        access=image_access(flags),
        base=flags["base"],
        only_fixable=bool(settings.only_fixable if only_fixable is None else only_fixable),
        severity=parse_severity(flags.get("severity") or settings.severity),
        fail_on=tuple(flags.get("fail_on", ())) or settings.fail_on or (),
        rules=ignore_rules(map(Path, flags["ignore_file"]), settings),
        statements=vex_statements(map(Path, flags["vex"])),
    )
