"""One search of an image for Python distributions: what stands where, who owns it, what only looks like one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from basewise._internal.prepared import prepared
from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.inventory.python_metadata import Metadata, Recorded, name_of_directory, normalise_name
from basewise.inventory.python_places import BUNDLED, INSTALLED, PythonPlaces
from basewise.model.evidence import NotCovered
from basewise.model.inventory import EmbeddedComponent, InstalledPackage, Owner
from basewise.model.package import Package, PackageType

__all__ = ["PythonSearch"]

_OS_TYPES = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM})
_METADATA_NAMES = ("METADATA", "PKG-INFO")
_MAX_EMBEDDED = 10_000
_Shape = TypeVar("_Shape")


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one distribution: its files by name, and what they say."""

    directory: str
    path: str
    files: dict[str, str]
    name: str
    version: str
    layer: int | None
    checksums: tuple[str, ...]


class PythonSearch:
    """One search through an image."""

    def __init__(self, view: ImageView, cataloger: str) -> None:
        self._view = view
        self._tree: FileTree = view.tree
        self._name = cataloger
        self._places = PythonPlaces(view.tree, view.config)
        self._found: list[InstalledPackage] = []
        self._embedded: list[EmbeddedComponent] = []
        self._not_covered: list[NotCovered] = []
        self._os_layers = {
            (found.package.type, found.package.name): found.layer for found in view.packages(*_OS_TYPES)
        }

    def run(self) -> CatalogResult:
        """Look at everything that was condensed, and at names of archives."""
        paths = self._tree.condensed_paths(self._name)
        by_directory: dict[str, dict[str, str]] = defaultdict(dict)
        links = [path for path in paths if path.endswith(".egg-link")]
        for path in paths:
            directory, _, last = path.rpartition("/")
            if last.lower().endswith(".egg-info"):
                by_directory[path]["PKG-INFO"] = path
            elif not last.endswith(".egg-link"):
                by_directory[directory][last] = path
        linked = {real for path in links if (real := self._link_target(path)) is not None}
        within = self._recorded(by_directory)
        for directory in sorted(by_directory):
            self._distribution(directory, by_directory[directory], linked, within)
        self._archives()
        self._report_twins()
        return CatalogResult(
            packages=tuple(sorted(self._mark_overwritten())),
            embedded=tuple(sorted(self._embedded)[:_MAX_EMBEDDED]),
            not_covered=tuple(self._not_covered),
        )

    def _distribution(
        self, directory: str, files: dict[str, str], linked: set[str], within: dict[str, str]
    ) -> None:
        """Add what one metadata directory, or file, stands for."""
        parent = directory.rpartition("/")[0]
        if directory.endswith("/EGG-INFO"):
            directory, parent = parent, parent.rpartition("/")[0]
        seen = self._read(directory, files)
        kind = (
            INSTALLED
            if parent in linked
            else self._places.kind_of(parent, has_installer="INSTALLER" in files)
        )
        if kind != INSTALLED:
            self._embedded.append(
                EmbeddedComponent(
                    location=seen.path,
                    kind=kind,
                    name=seen.name,
                    version=seen.version,
                    within=within.get(seen.path, ""),
                    layer=seen.layer,
                )
            )
        elif not seen.name or not seen.version:
            what = "metadata without a usable name and version" if seen.checksums else "no metadata"
            self._not_covered.append(NotCovered(f"Python distribution `{directory}`", f"it has {what}"))
        else:
            self._sboms(seen)
            self._found.append(self._package(seen))

    def _read(self, directory: str, files: dict[str, str]) -> _Seen:
        """Read what the metadata says; where it says nothing usable, the name of the directory does."""
        path = next((files[last] for last in _METADATA_NAMES if last in files), "")
        metadata = self._decode(path, Metadata) or Metadata("", "", ())
        said_name, said_version = name_of_directory(directory)
        entry = self._tree.entry(path or next(iter(files.values())))
        return _Seen(
            directory=directory,
            path=path or directory,
            files=files,
            name=normalise_name(metadata.name or said_name),
            version=metadata.version or said_version,
            layer=entry.layer if entry is not None else None,
            checksums=metadata.checksums,
        )

    def _package(self, seen: _Seen) -> InstalledPackage:
        owner = self._view.owner_of(seen.path)
        installer = self._text(seen.files.get("INSTALLER"))
        if owner is not None and owner.type not in _OS_TYPES:
            installer = installer or str(owner.type)
            owner = None
        return InstalledPackage(
            package=Package(type=PackageType.PYPI, name=seen.name, version=seen.version),
            location=seen.path,
            layer=seen.layer,
            owner=owner,
            installer=installer,
            files_changed=owner is not None and self._is_changed(seen, owner),
            direct=self._text(seen.files.get("direct_url.json")),
        )

    def _is_changed(self, seen: _Seen, owner: Owner) -> bool:
        """Tell whether an owned distribution is no longer what its owner installed.

        Another tool leaves its name beside the metadata; else the checksum of the metadata decides, and where
        the package recorded none, that a later layer brought the file.
        """
        added = [seen.files[last] for last in ("INSTALLER", "RECORD") if last in seen.files]
        if any(self._view.owner_of(beside) is None for beside in added):
            return True
        checksum = self._view.checksum_of(seen.path)
        if checksum is not None and seen.checksums:
            return checksum not in seen.checksums
        installed = self._os_layers.get((owner.type, owner.name))
        return seen.layer is not None and installed is not None and seen.layer > installed

    def _mark_overwritten(self) -> Iterator[InstalledPackage]:
        """Yield the packages; one that is owned has changed where another of its name stands beside it."""
        places = defaultdict(set)
        for one in self._found:
            places[_site_of(one), one.package.name].add(one.owner is None)
        for one in self._found:
            beside = one.owner is not None and True in places[_site_of(one), one.package.name]
            yield msgspec.structs.replace(one, files_changed=True) if beside else one

    def _report_twins(self) -> None:
        """Say where two versions of a distribution stand in one directory: which is imported is not known."""
        versions = defaultdict(set)
        for one in self._found:
            versions[_site_of(one), one.package.name].add(one.package.version)
        for (site, name), several in sorted(versions.items()):
            if len(several) > 1:
                why = f"`{site}` has metadata of {', '.join(sorted(several)[:4])}; which one is imported is not known"
                self._not_covered.append(NotCovered(f"Python distribution {name}", why))

    def _sboms(self, seen: _Seen) -> None:
        """Add the lists that a wheel carries of its own contents (PEP 770)."""
        place = f"{seen.directory}/sboms"
        if place not in self._tree:
            return
        self._embedded.extend(
            EmbeddedComponent(
                location=f"{place}/{file}",
                kind="sbom",
                name=seen.name,
                version=seen.version,
                within=seen.name,
                layer=seen.layer,
            )
            for file in self._tree.children(place)
        )

    def _archives(self) -> None:
        """Add wheels that are kept for later, and eggs that are imported from their archive."""
        for path in self._tree.paths():
            if not path.endswith((".whl", ".egg")):
                continue
            entry = self._tree.entry(path)
            if entry is None or not entry.is_file:
                continue
            name, version = name_of_directory(path)
            site = path.rpartition("/")[0]
            if path.endswith(".whl") or self._places.kind_of(site, has_installer=False) != INSTALLED:
                self._embedded.append(
                    EmbeddedComponent(
                        location=path,
                        kind=BUNDLED,
                        name=normalise_name(name),
                        version=version,
                        layer=entry.layer,
                    )
                )
            elif name and version:
                package = Package(type=PackageType.PYPI, name=normalise_name(name), version=version)
                self._found.append(InstalledPackage(package=package, location=path, layer=entry.layer))
            else:
                self._not_covered.append(NotCovered(f"Python distribution `{path}`", "eggs are not opened"))

    def _recorded(self, by_directory: dict[str, dict[str, str]]) -> dict[str, str]:
        """Return path of metadata to the distribution that says it brought it, itself apart."""
        found: dict[str, str] = {}
        for directory, files in by_directory.items():
            recorded = self._decode(files.get("RECORD", ""), Recorded)
            if recorded is None:
                continue
            site, _, own = directory.rpartition("/")
            name = normalise_name(name_of_directory(directory)[0])
            for path in recorded.metadata:
                if not path.startswith(f"{own}/"):
                    found.setdefault(f"{site}/{path}", name)
        return found

    def _link_target(self, path: str) -> str | None:
        """Return the directory that an `.egg-link` in a site directory names."""
        site = path.rpartition("/")[0]
        if self._places.kind_of(site, has_installer=False) != INSTALLED:
            return None
        target = (self._condensed(path) or b"").decode("utf-8", "surrogateescape")
        real = (
            self._tree.resolve(target if target.startswith("/") else f"{site}/{target}") if target else None
        )
        if real is None:
            self._not_covered.append(
                NotCovered(f"Python distribution `{path}`", "what it links to is not there")
            )
        return real

    def _text(self, path: str | None) -> str:
        return (self._condensed(path or "") or b"").decode("ascii", "replace")

    def _condensed(self, path: str) -> bytes | None:
        return self._tree.condensed(path, self._name) if path else None

    def _decode(self, path: str, shape: type[_Shape]) -> _Shape | None:
        content = self._condensed(path)
        return msgspec.msgpack.decode(content, type=prepared(shape)) if content else None


def _site_of(found: InstalledPackage) -> str:
    """Return the directory in which Python finds the distribution."""
    directory, _, last = found.location.rpartition("/")
    if last not in _METADATA_NAMES:
        return directory
    outer = directory.rpartition("/")[0]
    return outer.rpartition("/")[0] if directory.endswith("/EGG-INFO") else outer
