"""The form of `data/catalogue/catalogue.json.gz`: what the generator writes and the loader reads.

Package and soname lists stand once and are named by the images that have them, so that images with the
same list share it in the file and in memory.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from basewise.model.package import Basis

__all__ = [
    "CATALOGUE_FILE",
    "CATALOGUE_SCHEMA",
    "CatalogueNote",
    "CatalogueSource",
    "StoredCatalogue",
    "StoredImage",
    "StoredPlatform",
    "SupersededBuild",
]

CATALOGUE_FILE = "catalogue/catalogue.json.gz"
CATALOGUE_SCHEMA = "basewise.catalogue/1"


class CatalogueSource(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A source that the catalogue was made from.

    Args:
        name: What it is (`docker-library/repo-info`, `Debian bookworm`).
        as_of: Date of its newest fact.
        detail: What was taken from it, and what its limits are.
    """

    name: str
    as_of: date
    detail: str


class CatalogueNote(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Something known about an image that is no field of it.

    Args:
        image: Familiar name, `python:3.11-bookworm`.
        on: The date it is about.
        sentence: What is known.
    """

    image: str
    on: date
    sentence: str


class SupersededBuild(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """An older build of an image of the catalogue, by which a pinned digest is recognised.

    Args:
        image: Familiar name of the entry that took its place.
        index_digest: Multi-platform index.
        manifest_digest: Manifest for linux/amd64.
        created: When it was built.
        python: Full version.
    """

    image: str
    index_digest: str
    manifest_digest: str
    created: datetime
    python: str


class StoredPlatform(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an image on one platform; the names of lists are keys of the catalogue's lists."""

    manifest_digest: str | None = None
    layers: tuple[tuple[str, int], ...] = ()
    compressed_bytes: int | None = None
    compressed_basis: Basis
    disk_bytes: int | None = None
    disk_basis: Basis
    packages: str | None = None
    packages_basis: Basis
    sonames: str | None = None
    sonames_basis: Basis


class StoredImage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An image: its explicit tag, what holds on every platform, and one part a platform."""

    tag: str
    also_known_as: tuple[str, ...] = ()
    variant: str
    python: str
    created: datetime
    index_digest: str
    distro: tuple[str, str, str]
    libc: tuple[str, str]
    glibcxx: str = ""
    cxxabi: str = ""
    platforms: dict[str, StoredPlatform]
    source: str


class StoredCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. Lists are decoded only when an image of the wanted platform names them."""

    schema: str
    as_of: date
    repository: str
    publisher: str
    default_user: str
    sources: tuple[CatalogueSource, ...]
    notes: tuple[CatalogueNote, ...]
    superseded: tuple[SupersededBuild, ...]
    images: tuple[StoredImage, ...]
    packages: dict[str, msgspec.Raw]
    sonames: dict[str, msgspec.Raw]
