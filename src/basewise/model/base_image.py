"""Base images as the catalogue knows them, before an application is looked at."""

from __future__ import annotations

from datetime import datetime

import msgspec

from basewise.model.digest import Digest
from basewise.model.distro import Distro, Libc
from basewise.model.package import Basis, Package
from basewise.model.platform import Platform
from basewise.model.reference import Reference

__all__ = ["BaseImage", "BlobSize", "ImageSize", "Surface", "SymbolLevels", "Trust"]


class BlobSize(msgspec.Struct, frozen=True):
    """A compressed layer and its size in bytes."""

    digest: Digest
    size_bytes: int


class ImageSize(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of an image in bytes, compressed (pulled) and on disk; None is unknown.

    The bases say how each is known: read (exact), estimated from another image (computed), or unknown.
    """

    compressed_bytes: int | None
    disk_bytes: int | None
    compressed_basis: Basis
    disk_basis: Basis


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """Attack surface; None is unknown."""

    packages: int | None = None
    executables: int | None = None
    setuid: int | None = None
    shell: bool | None = None
    package_manager: bool | None = None
    compiler: bool | None = None
    default_user: str | None = None


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Who publishes an image and how firmly it is named."""

    publisher: str
    official: bool
    explicit_tag: bool
    digest_pinned: bool


class SymbolLevels(msgspec.Struct, frozen=True, kw_only=True):
    """Highest symbol versions that the C++ runtime of the image offers, "" when there is none known."""

    glibcxx: str = ""
    cxxabi: str = ""


class BaseImage(msgspec.Struct, frozen=True, kw_only=True):
    """A base image that could be chosen, with measured facts and how each is known.

    Args:
        reference: Repository and explicit tag, without digest.
        also_known_as: Floating tags with the same digests.
        platform: What these facts are about.
        index_digest: Multi-platform index; what a FROM line pins.
        manifest_digest: Manifest of this platform; None when not read.
        created: When it was built.
        python: Full version, `3.12.14` or `3.15.0rc1`.
        variant: `slim`, `full` or `alpine`.
        packages: OS packages; None when unknown (see `packages_basis`).
        sonames: Shared libraries on the loader path; None when unknown.
        source: Where the facts come from, with date.
    """

    reference: Reference
    also_known_as: tuple[str, ...]
    platform: Platform
    index_digest: Digest | None
    manifest_digest: Digest | None
    created: datetime
    python: str
    variant: str
    distro: Distro
    libc: Libc
    symbols: SymbolLevels
    layers: tuple[BlobSize, ...]
    size: ImageSize
    packages: tuple[Package, ...] | None
    packages_basis: Basis
    sonames: frozenset[str] | None
    sonames_basis: Basis
    surface: Surface
    trust: Trust
    source: str

    @property
    def name(self) -> str:
        """Familiar name with the catalogue's tag: `python:3.12-slim-trixie`."""
        return self.reference.familiar

    @property
    def python_minor(self) -> str:
        """`3.12`."""
        return ".".join(self.python.split(".")[:2])

    @property
    def prerelease(self) -> bool:
        """The Python inside is an alpha, beta or release candidate."""
        return not self.python.replace(".", "").isdigit()
