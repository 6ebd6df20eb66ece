"""Installed Python distributions, who owns them, and what only looks like one.

A distribution whose metadata an OS package brought belongs to the distribution's advisories, unless its files
were overwritten since. What stands inside another distribution is evidence with its path, no package.
"""

from __future__ import annotations

import re

import msgspec

from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.inventory.python_metadata import read_direct_url, read_metadata, read_record
from basewise.inventory.python_search import PythonSearch

__all__ = ["PythonCataloger"]

_INSTALLER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9._-]{0,40})\s*\Z")


class PythonCataloger:
    """Finds `pypi` packages."""

    name = "python"
    version = 1
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = (
        "**/*.dist-info/METADATA",
        "**/*.DIST-INFO/METADATA",
        "**/*.egg-info/PKG-INFO",
        "**/EGG-INFO/PKG-INFO",
        "**/*.egg-info",
        "**/*.egg-link",
        "**/*.dist-info/INSTALLER",
        "**/*.dist-info/RECORD",
        "**/*.dist-info/direct_url.json",
    )
    max_file_bytes = 16 * 1024 * 1024

    def condense(self, path: str, content: bytes) -> bytes:
        """Keep name and version of metadata, and of what stands beside it what is asked for."""
        last = path.rpartition("/")[2]
        if last == "INSTALLER":
            match = _INSTALLER.match(content[:64])
            return match[1] if match else b""
        if last == "RECORD":
            return msgspec.msgpack.encode(read_record(content))
        if last == "direct_url.json":
            return read_direct_url(content).encode()
        if last.endswith(".egg-link"):
            return content[:4096].partition(b"\n")[0].strip()
        return msgspec.msgpack.encode(read_metadata(content))

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the distributions and what only looks like one."""
        return PythonSearch(view, self.name).run()
