"""What a manifest reader is: something that finds its files in a folder and says what they ask for."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Protocol

import msgspec

from basewise.app.folder import Folder
from basewise.model.requirement import (
    Accelerator,
    IndexLine,
    Location,
    Manifest,
    NotRead,
    Requirement,
    Resolution,
    StatedPython,
)

__all__ = ["ManifestContent", "ManifestReader", "PythonRange", "ReadOptions", "Tier"]


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chose to have read.

    Args:
        requirement_files: `-r FILE`, read instead of everything else; relative to the working directory, or
            else to the application folder.
        extras: Extras of the project (`--extra`).
        groups: Dependency groups of the project (`--group`).
        project_root: Folder above the application that `-r` lines and links may reach; None: the application.
        accelerator: From settings or flags.
    """

    requirement_files: tuple[Path, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    project_root: Path | None = None
    accelerator: Accelerator = Accelerator.UNKNOWN


class Tier(IntEnum):
    """Precedence of a kind of manifest, first read wins: what is pinned, then what is declared."""

    LOCK = 1
    PROJECT = 2
    REQUIREMENTS = 3
    ENVIRONMENT = 4


class PythonRange(msgspec.Struct, frozen=True, order=True):
    """A `requires-python` and where it stands."""

    specifier: str
    location: Location


class ManifestContent(msgspec.Struct, frozen=True, kw_only=True):
    """What one manifest, with the files it includes, says.

    Args:
        manifests: The files read.
        requirements: What is asked for directly.
        constraints: Bounds on whatever is installed.
        not_read: What was left out, with reasons.
        index_lines: Index options.
        python_ranges: Every `requires-python`.
        stated_pythons: Every Python minor that is stated outright, first wins.
        lock: The pins, from a lock.
        warnings: Sentences.
        extras: Names of the extras that could be asked for.
        groups: Names of the dependency groups that could be asked for.
        declares: False when the file has no table or line of this kind at all (a `pyproject.toml` that only
            configures tools); it then does not count as a manifest.
    """

    manifests: tuple[Manifest, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    not_read: tuple[NotRead, ...] = ()
    index_lines: tuple[IndexLine, ...] = ()
    python_ranges: tuple[PythonRange, ...] = ()
    stated_pythons: tuple[StatedPython, ...] = ()
    lock: Resolution | None = None
    warnings: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    declares: bool = True


class ManifestReader(Protocol):
    """Reads one kind of manifest. It has no state, executes nothing and opens files through `Folder` only."""

    format: str
    tier: Tier

    def recognises(self, name: str) -> bool:
        """Return whether a file of this name is of this kind, for files that the user names."""

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return the production files of this kind in the folder, preferred first; the first is read."""

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:
        """Return the files of this kind that are not production (tests, docs), with what to do to have them read."""

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:
        """Read one file and what it includes.

        Raises:
            ManifestError: It cannot be read or does not parse.
            UsageError: An extra or group was asked for that it does not have.
        """
