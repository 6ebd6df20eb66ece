"""The manifest readers, in the order in which they are asked: within a tier the first that finds a file wins."""

from __future__ import annotations

from basewise.app.manifest import ManifestReader
from basewise.app.requirements_txt import RequirementsReader

__all__ = ["READERS"]

READERS: tuple[ManifestReader, ...] = (RequirementsReader(),)
