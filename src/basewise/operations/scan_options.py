"""The wishes that `scan` takes, and how settings of files become them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from basewise.errors import UsageError
from basewise.model.finding import Severity
from basewise.model.platform import Platform
from basewise.operations.read_image import ImageAccess
from basewise.policy.gate import check_conditions

if TYPE_CHECKING:
    from basewise.policy.ignore import IgnoreRule
    from basewise.policy.vex import VexStatement
    from basewise.settings import FileSettings

__all__ = ["ScanOptions", "ignore_rules", "parse_severity", "vex_statements"]


class ScanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How images are read and judged.

    Args:
        platform: Which image of several; None takes the only one, else linux/amd64.
        access: How images may be had; the defaults when None.
        base: The base image, as `scan` takes an image; None lets it be recognised.
        only_fixable: Leave findings without a fixed version out of the document; counts and gate keep them.
        severity: Leave less severe findings out likewise; unknown stands above low.
        fail_on: Conditions of the gate: `critical`, `high`, `medium`, `low`, `exploited`, `fixable`, `any`.
        rules: What is ignored, see `ignore_rules`.
        statements: VEX, see `vex_statements`.
    """

    platform: Platform | None = None
    access: ImageAccess | None = None
    base: str | None = None
    only_fixable: bool = False
    severity: Severity | None = None
    fail_on: tuple[str, ...] = ()
    rules: tuple[IgnoreRule, ...] = ()
    statements: tuple[VexStatement, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a condition that there is not.

        Raises:
            UsageError: There is none of that name.
        """
        check_conditions(self.fail_on)


def ignore_rules(files: Iterable[Path], settings: FileSettings | None = None) -> tuple[IgnoreRule, ...]:
    """Return the rules of files, then those of the settings.

    Raises:
        PolicyError: A file cannot be read.
        UsageError: A rule lacks its id, reason or last day.
    """
    paths = tuple(files)
    stated = settings.ignore if settings is not None else None
    if not paths and stated is None:
        return ()
    from basewise.policy.ignore import read_ignore_file, rules_from  # noqa: PLC0415 - only where there is a rule

    read = [rule for path in paths for rule in read_ignore_file(path)]
    return (*read, *(rules_from(stated, "[tool.basewise.ignore]") if stated is not None else ()))


def vex_statements(files: Iterable[Path]) -> tuple[VexStatement, ...]:
    """Return the statements of VEX documents, in the order of the files.

    Raises:
        PolicyError: A file cannot be read, or is neither OpenVEX nor CycloneDX.
    """
    paths = tuple(files)
    if not paths:
        return ()
    from basewise.policy.read_vex import read_vex_file  # noqa: PLC0415 - only where there is such a file

    return tuple(statement for path in paths for statement in read_vex_file(path))


def parse_severity(text: str | None) -> Severity | None:
    """Return a severity by its name.

    Raises:
        UsageError: There is none of that name.
    """
    if text is None:
        return None
    if text not in tuple(Severity):
        raise UsageError(f"there is no severity `{text[:40]}`", hint=f"use one of: {', '.join(Severity)}")
    return Severity(text)
