"""Packages of conda: one JSON file each, in the `conda-meta` directory of an environment.

Reference:
    conda documentation, "Package metadata", on the records of installed packages.
"""

from __future__ import annotations

import msgspec

from basewise._internal.prepared import prepared
from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.inventory.database import Database, Record, decode_database, is_field, owned_files, real_path
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Owner
from basewise.model.package import Package, PackageType

__all__ = ["CondaCataloger", "read_conda_record"]

_PATTERN = "**/conda-meta/*.json"
_DIRECTORY = "/conda-meta/"


class _Stored(msgspec.Struct):
    name: str
    version: str
    subdir: str = ""
    files: list[str] = []


class CondaCataloger:
    """Finds `conda` packages."""

    name = "conda"
    version = 1
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = (_PATTERN,)
    max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:  # noqa: ARG002 - of the protocol; one kind of file
        """Keep the record, with the files that somebody may ask for."""
        return read_conda_record(content).encode()

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the packages of every environment, and the files that they own."""
        tree = view.tree
        found: list[InstalledPackage] = []
        owned: dict[str, Owner] = {}
        not_covered: list[NotCovered] = []
        for path in tree.condensed_paths(self.name):
            database = decode_database(tree.condensed(path, self.name)) or Database(damaged=1)
            if database.damaged:
                not_covered.append(NotCovered(f"package of `{path}`", "its record is damaged"))
            for record in database.records:
                found.append(_package(record, path, tree))
                prefix = f"/{path}".rpartition(_DIRECTORY)[0].lstrip("/")
                _own(record, prefix, tree, owned)
        return CatalogResult(packages=tuple(sorted(found)), owned=owned, not_covered=tuple(not_covered))


def read_conda_record(content: bytes) -> Database:
    """Read one file of `conda-meta`; a file that is no record gives a database with one damaged record."""
    try:
        stored = msgspec.json.decode(content, type=prepared(_Stored))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Database(damaged=1)
    if not is_field(stored.name) or not is_field(stored.version) or not is_field(stored.subdir or "any"):
        return Database(damaged=1)
    paths = owned_files(path.encode("utf-8", "replace") for path in stored.files)
    files = tuple((path.decode("ascii"), "") for path in paths if path.isascii())
    return Database((Record(stored.name, stored.version, stored.subdir or None, files=files),))


def _package(record: Record, path: str, tree: FileTree) -> InstalledPackage:
    entry = tree.entry(path)
    return InstalledPackage(
        package=Package(type=PackageType.CONDA, name=record.name, version=record.version, arch=record.arch),
        location=path,
        layer=entry.layer if entry is not None else None,
        installer="conda",
    )


def _own(record: Record, prefix: str, tree: FileTree, owned: dict[str, Owner]) -> None:
    for file, _ in record.files:
        real = real_path(tree, f"{prefix}/{file}")
        if real is not None:
            owned.setdefault(real, Owner(PackageType.CONDA, record.name))
