"""The manifest readers, in the order in which they are asked: within a tier the first that finds a file wins."""

from __future__ import annotations

from basewise.app.environment_yml import EnvironmentReader
from basewise.app.manifest import ManifestReader
from basewise.app.pipfile_lock import PipfileLockReader
from basewise.app.poetry_lock import PoetryLockReader
from basewise.app.pylock import PylockReader
from basewise.app.pyproject import PyprojectReader
from basewise.app.requirements_txt import RequirementsReader
from basewise.app.uv_lock import UvLockReader

__all__ = ["READERS"]

READERS: tuple[ManifestReader, ...] = (
    PylockReader(),
    UvLockReader(),
    PoetryLockReader(),
    PipfileLockReader(),
    PyprojectReader(),
    RequirementsReader(),
    EnvironmentReader(),
)
