"""The result of `sbom`: the JSON document `basewise.sbom/1`, field for field."""

from __future__ import annotations

import msgspec

from basewise.model.choice import CandidateDistro, CandidateLibc
from basewise.model.evidence import Coverage
from basewise.model.inventory import ImageSurface
from basewise.model.package import PackageType

__all__ = [
    "Sbom",
    "SbomEmbedded",
    "SbomImage",
    "SbomLayer",
    "SbomOwner",
    "SbomPackage",
    "SbomPython",
    "SbomSize",
]

SCHEMA = "basewise.sbom/1"


class SbomOwner(msgspec.Struct, frozen=True):
    """The OS package that brought something."""

    type: PackageType
    name: str


class SbomPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package. See `InstalledPackage`; `layer` is an index into the image's layers, None when not known."""

    type: PackageType
    name: str
    version: str
    arch: str | None
    source: str | None
    source_version: str | None
    location: str
    layer: int | None
    owner: SbomOwner | None
    installer: str
    direct: str
    module: str
    files_changed: bool


class SbomLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer, and what made it: only the instruction and its place in the history, because the text may hold secrets.

    Args:
        index: 0 is the lowest.
        history: Number of its line in the history, from 0; None when the history does not say.
        instruction: `RUN`, `COPY` …, "" when the line begins with none.
    """

    index: int
    digest: str | None
    diff_id: str | None
    size_bytes: int | None
    disk_bytes: int | None
    entries: int
    history: int | None
    instruction: str


class SbomSize(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes; None is unknown. The bases say how each is known."""

    compressed_bytes: int | None
    compressed_basis: str
    disk_bytes: int | None
    disk_basis: str


class SbomImage(msgspec.Struct, frozen=True, kw_only=True):
    """Which image it is.

    Args:
        reference: What the user named, in full.
        name: Tag that the source itself has for it, "" for none.
        created: RFC 3339, None when the image does not say.
    """

    reference: str
    name: str
    digest: str | None
    index_digest: str | None
    config_digest: str | None
    platform: str
    created: str | None
    size: SbomSize
    layers: tuple[SbomLayer, ...]


class SbomPython(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter. See `PythonRuntime`."""

    version: str
    implementation: str
    prefix: str
    location: str
    layer: int | None
    owner: SbomOwner | None


class SbomEmbedded(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence that is no installed package. See `EmbeddedComponent`."""

    kind: str
    name: str
    version: str
    location: str
    within: str
    layer: int | None


class Sbom(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found in an image. It holds no clock: the same image gives the same document."""

    schema: str = SCHEMA
    image: SbomImage
    distro: CandidateDistro | None
    libc: CandidateLibc | None
    packages: tuple[SbomPackage, ...]
    pythons: tuple[SbomPython, ...]
    embedded: tuple[SbomEmbedded, ...]
    surface: ImageSurface
    coverage: Coverage
