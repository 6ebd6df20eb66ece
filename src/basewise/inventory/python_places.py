"""Whether metadata of a Python distribution stands where Python looks for packages, or inside something else."""

from __future__ import annotations

from basewise.image.config import ImageConfig
from basewise.image.tree import FileTree

__all__ = ["BUNDLED", "INSTALLED", "NOT_INSTALLED", "VENDORED", "PythonPlaces"]

INSTALLED = "installed"
VENDORED = "vendored"
BUNDLED = "bundled"
NOT_INSTALLED = "not-installed"
_SITES = frozenset({"site-packages", "dist-packages"})
_VENDORS = frozenset({"_vendor", "_vendored", "vendor", "vendored", "_bundled", "_vendored_packages"})


class PythonPlaces:
    """Tells what a directory with metadata in it is.

    Args:
        tree: The image.
        config: Its `PYTHONPATH` names further directories that Python looks into.
    """

    def __init__(self, tree: FileTree, config: ImageConfig) -> None:
        self._tree = tree
        listed = (config.variable("PYTHONPATH") or "").split(":")
        self._named = {real for part in listed if part.startswith("/") and (real := tree.resolve(part))}
        self._known: dict[str, str] = {}

    def kind_of(self, directory: str, *, has_installer: bool) -> str:
        """Return what metadata in `directory` stands for.

        Args:
            directory: The one that holds the `.dist-info` or `.egg-info`.
            has_installer: Something says that it installed the distribution; that is how `--target` is known.
        """
        kind = self._known.get(directory)
        if kind is None:
            kind = self._known[directory] = self._look(directory)
        return INSTALLED if kind == NOT_INSTALLED and has_installer else kind

    def _look(self, directory: str) -> str:
        parts = directory.split("/")
        if directory in self._named:
            return INSTALLED
        if not _VENDORS.isdisjoint(parts):
            return VENDORED
        if not _SITES.isdisjoint(parts[:-1]):
            return VENDORED
        if self._is_package_cache(parts):
            return BUNDLED
        return INSTALLED if parts[-1] in _SITES else NOT_INSTALLED

    def _is_package_cache(self, parts: list[str]) -> bool:
        """Tell whether this is conda's store of unpacked packages, from which it links what it installs."""
        return any(
            part == "pkgs" and "/".join((*parts[:at], "conda-meta")) in self._tree
            for at, part in enumerate(parts)
        )
