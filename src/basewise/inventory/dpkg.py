"""Packages of Debian and its kin: `status`, or the stanzas of distroless images, and which files they own."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.text import plural
from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.inventory.database import (
    Database,
    decode_database,
    first_layers,
    installed_packages,
    problems_of,
    real_path,
)
from basewise.inventory.dpkg_records import read_checksums, read_file_list, read_status, read_status_part
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Owner
from basewise.model.package import PackageType

__all__ = ["DpkgCataloger"]

STATUS = "var/lib/dpkg/status"
PARTS = "var/lib/dpkg/status.d"
INFO = "var/lib/dpkg/info"
_LIST, _CHECKSUMS = ".list", ".md5sums"
_MAX_NAMES_SHOWN = 5
_FAMILY = frozenset({"debian", "ubuntu"})
_OPKG = ("usr/lib/opkg/status", "var/lib/opkg/status")


class DpkgCataloger:
    """Finds `deb` packages."""

    name = "dpkg"
    version = 1
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = (STATUS, f"{PARTS}/*", f"{INFO}/*{_LIST}", f"{INFO}/*{_CHECKSUMS}")
    max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:
        """Keep the records of a database, and of a list the paths that somebody may ask for."""
        if path == STATUS:
            return read_status(content).encode()
        if path.endswith(_CHECKSUMS):
            return msgspec.msgpack.encode(read_checksums(content))
        if path.startswith(f"{INFO}/"):
            return msgspec.msgpack.encode(read_file_list(content))
        return read_status_part(content).encode()

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the packages, their layers and their files."""
        tree = view.tree
        paths = tree.condensed_paths(self.name)
        status = decode_database(tree.condensed(STATUS, self.name))
        found, damaged = self._parts(tree, [path for path in paths if path.startswith(f"{PARTS}/")])
        not_covered = (
            [NotCovered(f"packages of `{PARTS}`", plural(damaged, "damaged file"))] if damaged else []
        )
        if status is not None:
            if status.records or status.damaged or not found:
                not_covered += problems_of(status, STATUS)
            history = tree.condensed_history(tree.resolve(STATUS) or STATUS, self.name)
            layers = first_layers([(layer, decode_database(kept)) for layer, kept in history])
            found += installed_packages(PackageType.DEB, status, STATUS, layers)
        not_covered += self._missing(view, paths, status, found=bool(found))
        owned, checksums = self._files(tree, paths)
        return CatalogResult(
            packages=tuple(sorted(found)), owned=owned, checksums=checksums, not_covered=tuple(not_covered)
        )

    def _parts(self, tree: FileTree, paths: list[str]) -> tuple[list[InstalledPackage], int]:
        """Return the packages of `status.d`, and how many of its files are damaged."""
        found: list[InstalledPackage] = []
        damaged = 0
        for path in paths:
            if path.endswith(_CHECKSUMS):
                continue
            part = decode_database(tree.condensed(path, self.name)) or Database(damaged=1)
            damaged += part.damaged
            entry = tree.entry(path)
            layers = {record.key: entry.layer for record in part.records} if entry is not None else {}
            found += installed_packages(PackageType.DEB, part, path, layers)
        return found, damaged

    def _missing(
        self, view: ImageView, paths: list[str], status: Database | None, *, found: bool
    ) -> Iterable[NotCovered]:
        """Yield what shows that packages are there of which the database says nothing."""
        tree = view.tree
        listed = {
            path[len(INFO) + 1 : -len(_LIST)].partition(":")[0]
            for path in paths
            if path.startswith(f"{INFO}/") and path.endswith(_LIST)
        }
        if status is None and tree.entry(STATUS) is not None:
            yield NotCovered(f"packages of `{STATUS}`", "it is too large, no file, or leads nowhere")
        elif listed and status is None:
            why = f"it is gone, and {plural(len(listed), 'file list')} of packages are there"
            yield NotCovered(f"packages of `{STATUS}`", why)
        elif status is not None and (
            unknown := listed - {record.name for record in status.records} - set(status.others)
        ):
            why = f"it does not name {_shown(sorted(unknown))}, whose file lists are there"
            yield NotCovered(f"packages of `{STATUS}`", why)
        elif status is None and not found and view.distro is not None and view.distro.id in _FAMILY:
            yield NotCovered("deb packages", f"this is {view.distro} without a package database")
        for path in _OPKG:
            if path in tree:
                yield NotCovered(f"packages of `{path}`", "databases of opkg are not read")

    def _files(self, tree: FileTree, paths: list[str]) -> tuple[dict[str, Owner], dict[str, str]]:
        """Return owner and checksum of the paths that another cataloger may ask for."""
        owned: dict[str, Owner] = {}
        checksums: dict[str, str] = {}
        for path in paths:
            directory, _, last = path.rpartition("/")
            stem, dot, _ = last.rpartition(_CHECKSUMS if last.endswith(_CHECKSUMS) else _LIST)
            if not dot or directory not in {INFO, PARTS}:
                continue
            for owned_path, checksum in _decode_lines(tree.condensed(path, self.name)):
                real = real_path(tree, owned_path)
                if real is None:
                    continue
                owned.setdefault(real, Owner(PackageType.DEB, stem.partition(":")[0]))
                if checksum:
                    checksums[real] = checksum
        return owned, checksums


def _decode_lines(content: bytes | None) -> list[tuple[str, str]]:
    """Return path and checksum of what was condensed of a list."""
    if not content or content == _NOTHING:
        return []
    lines = msgspec.msgpack.decode(content, type=prepared(list[str | tuple[str, str]]))
    return [(line, "") if isinstance(line, str) else line for line in lines]


_NOTHING = msgspec.msgpack.encode(())


def _shown(names: list[str]) -> str:
    more = len(names) - _MAX_NAMES_SHOWN
    return ", ".join(names[:_MAX_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
