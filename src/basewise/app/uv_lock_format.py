"""The tables of a `uv.lock`, as far as they are read."""

from __future__ import annotations

import msgspec

__all__ = ["Dependency", "File", "Metadata", "Package", "Required", "Source", "UvLock"]


class Source(msgspec.Struct):
    """Where a package comes from: one of these is set."""

    registry: str = ""
    url: str = ""
    git: str = ""
    path: str = ""
    directory: str = ""
    editable: str = ""
    virtual: str = ""


class Dependency(msgspec.Struct):
    """An edge of the lock."""

    name: str
    version: str = ""
    marker: str = ""
    extra: list[str] = []


class File(msgspec.Struct):
    """A wheel or source archive."""

    url: str = ""
    path: str = ""
    filename: str = ""
    hash: str = ""
    size: int | None = None


class Required(msgspec.Struct):
    """A requirement as the project states it."""

    name: str
    specifier: str = ""
    marker: str = ""
    extras: list[str] = []


class Metadata(msgspec.Struct, rename="kebab"):
    """What the project states."""

    requires_dist: list[Required] = []


class Package(msgspec.Struct, rename="kebab"):
    """One pinned package, or the project itself."""

    name: str
    version: str = ""
    source: Source = msgspec.field(default_factory=Source)
    dependencies: list[Dependency] = []
    optional_dependencies: dict[str, list[Dependency]] = {}
    dev_dependencies: dict[str, list[Dependency]] = {}
    sdist: File | None = None
    wheels: list[File] = []
    metadata: Metadata = msgspec.field(default_factory=Metadata)


class UvLock(msgspec.Struct, rename="kebab"):
    """The whole lock."""

    version: int
    requires_python: str = ""
    package: list[Package] = []
