"""The errors of basewise: one tree, each class with its exit code and a hint.

::

    BasewiseError (5: a bug when raised as itself)
    ├── UsageError (2): wrong flags, settings or names
    │   └── InvalidValueError (2): text that does not parse: digest, reference, platform, version
    ├── InputError (4): something could not be read
    │   ├── ApplicationError (4): the application folder
    │   │   ├── NoManifestError (4): no file says what the application needs
    │   │   └── ManifestError (4): a manifest does not parse; carries file and line
    │   ├── ImageError (4): an image or its catalogue entry
    │   ├── StoreError (4): the advisory store
    │   ├── ArchiveError (4): a package archive (`Packages`, `InRelease`, `.deb`)
    │   ├── KnowledgeError (4): embedded data that is damaged
    │   ├── PolicyError (4): a file of ignore rules or VEX statements
    │   └── ResolveError (4): the resolver or the package index
    └── OutputError (4): a result could not be written; the old file is untouched

A message says what, where and why; `hint` says what to do next. Foreign errors are translated
where they enter.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

__all__ = [
    "ApplicationError",
    "ArchiveError",
    "BasewiseError",
    "ImageError",
    "InputError",
    "InvalidValueError",
    "KnowledgeError",
    "ManifestError",
    "NoManifestError",
    "OutputError",
    "PolicyError",
    "ResolveError",
    "StoreError",
    "UsageError",
]


class BasewiseError(Exception):
    """Every error that basewise raises on purpose.

    Args:
        message: What went wrong, where and why; no full stop.
        hint: What to do next; empty when there is nothing to advise.
    """

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(BasewiseError):
    """The command, a flag or a setting was used wrongly."""

    exit_code = 2


class InvalidValueError(UsageError, ValueError):
    """A text is not a valid digest, reference, platform, version or size."""


class InputError(BasewiseError):
    """The image, application or store could not be read."""

    exit_code = 4


class ApplicationError(InputError):
    """The application folder could not be read."""


class NoManifestError(ApplicationError):
    """No file of the folder says what the application needs."""


class ManifestError(ApplicationError):
    """A manifest does not parse.

    Args:
        path: The file, as the user would name it.
        line: The line, counted from 1, or None when the format has no lines.
        problem: What is wrong there.
        hint: What to do next.
    """

    def __init__(self, path: Path | str, line: int | None, problem: str, *, hint: str = "") -> None:
        where = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"cannot read {where}: {problem}", hint=hint)
        self.path = str(path)
        self.line = line
        self.problem = problem


class ImageError(InputError):
    """An image could not be read."""


class StoreError(InputError):
    """The advisory store is missing, empty or damaged."""


class ArchiveError(InputError):
    """A package archive could not be read or verified."""


class KnowledgeError(InputError):
    """Embedded data is damaged."""


class PolicyError(InputError):
    """A file of ignore rules or VEX statements could not be read."""


class ResolveError(InputError):
    """The resolver failed or the package index could not be asked."""


class OutputError(BasewiseError):
    """A result could not be written; what stood there before is untouched."""

    exit_code = 4
