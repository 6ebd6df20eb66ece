r"""The protocol of a cataloger: what it reads of an image, and what it finds there.

A cataloger declares the files it reads as patterns, because layers are read once and streaming: when it runs,
the bytes of those files have been kept and nothing else can be read.

Patterns are relative to the root, without leading slash: `*` stands for any part of one name, `**/` at the
beginning for any directories. Those whose last name is fixed (`**/*.dist-info/METADATA`) or ends in a fixed
suffix after its last dot (`var/lib/dpkg/info/*.list`) cost nothing for the files they do not match.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from basewise.image.config import ImageConfig
from basewise.image.tree import FileTree
from basewise.image.wanted import FileReader
from basewise.model.base_image import SymbolLevels
from basewise.model.distro import Distro, Libc
from basewise.model.evidence import NotCovered
from basewise.model.inventory import EmbeddedComponent, ImageSurface, InstalledPackage, Owner, PythonRuntime
from basewise.model.package import PackageType

__all__ = ["CatalogResult", "Cataloger", "ImageView"]


class CatalogResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one cataloger found; None and empty say nothing.

    Args:
        embedded: Evidence that is no installed package.
        owned: Path to the OS package that brought it; only paths that another cataloger may ask for.
        checksums: Of such paths, what their content was when installed: `md5:…`, `sha1:…`, `sha256:…`, lower hex.
        not_covered: What was there and could not be read, with the reason.
    """

    packages: tuple[InstalledPackage, ...] = ()
    distro: Distro | None = None
    libc: Libc | None = None
    symbols: SymbolLevels | None = None
    sonames: frozenset[str] | None = None
    pythons: tuple[PythonRuntime, ...] = ()
    surface: ImageSurface | None = None
    embedded: tuple[EmbeddedComponent, ...] = ()
    owned: Mapping[str, Owner] = msgspec.field(default_factory=dict)
    checksums: Mapping[str, str] = msgspec.field(default_factory=dict)
    not_covered: tuple[NotCovered, ...] = ()


class ImageView(msgspec.Struct, frozen=True, kw_only=True):
    """What a cataloger sees: the merged files, the configuration, and what the catalogers before it found."""

    tree: FileTree
    config: ImageConfig
    earlier: tuple[CatalogResult, ...] = ()

    def owner_of(self, path: str) -> Owner | None:
        """Return the OS package that brought `path`, as far as earlier catalogers say."""
        return next((result.owned[path] for result in self.earlier if path in result.owned), None)

    def checksum_of(self, path: str) -> str | None:
        """Return what the content of an owned path was when its package was installed, where that is known."""
        return next((result.checksums[path] for result in self.earlier if path in result.checksums), None)

    def packages(self, *types: PackageType) -> tuple[InstalledPackage, ...]:
        """Return the packages of these types that earlier catalogers found; all when no type is given."""
        return tuple(
            found
            for result in self.earlier
            for found in result.packages
            if not types or found.package.type in types
        )

    @property
    def distro(self) -> Distro | None:
        """The distribution, when an earlier cataloger found it."""
        return next((result.distro for result in self.earlier if result.distro is not None), None)


class Cataloger(FileReader, Protocol):
    """Finds one kind of thing in an image. See `FileReader` for what it declares."""

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find things. Bad data is skipped and told in `not_covered`; an exception is a bug."""
