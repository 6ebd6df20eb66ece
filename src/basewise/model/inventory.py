"""What is inside an image: packages, Python runtimes, attack surface, and where each came from."""

from __future__ import annotations

from datetime import datetime

import msgspec

from basewise.model.base_image import ImageSize, Surface, SymbolLevels
from basewise.model.digest import DiffId, Digest
from basewise.model.distro import Distro, Libc
from basewise.model.evidence import Coverage
from basewise.model.package import Package, PackageType
from basewise.model.platform import Platform

__all__ = [
    "EmbeddedComponent",
    "HistoryLine",
    "ImageFacts",
    "ImageSurface",
    "InstalledPackage",
    "Inventory",
    "LayerSummary",
    "Owner",
    "PythonRuntime",
    "StatedBase",
]


class Owner(msgspec.Struct, frozen=True, order=True):
    """The OS package that brought a file."""

    type: PackageType
    name: str

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


class InstalledPackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A package of an image, where its record stands and which layer brought it.

    Args:
        package: Name, version and source.
        location: Path of the record that proves it, without leading slash (`var/lib/dpkg/status`).
        layer: Index of the layer that brought this version, 0 is the lowest; None when not known.
        owner: OS package that owns a Python distribution; None when its own tool installed it.
        installer: What says that it installed it (`pip`, `uv`, `conda`), "" when nothing does.
        files_changed: Files of an owned distribution no longer match what the owner installed.
        module: Label of the module stream that an rpm package belongs to, "" for none.
        direct: A Python distribution came from no index: `editable` or `direct` (archive, directory, VCS), else "".
    """

    package: Package
    location: str
    layer: int | None = None
    owner: Owner | None = None
    installer: str = ""
    files_changed: bool = False
    module: str = ""
    direct: str = ""


class EmbeddedComponent(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Something that an image carries inside something else: evidence with its path, no installed package.

    Args:
        location: Where it stands, without leading slash.
        kind: `vendored` (inside another distribution), `bundled` (a wheel kept for later), `sbom` (what a
            wheel says of its own contents), `not-installed` (metadata in a place that is no site directory).
        name, version: As it says itself, "" when it says nothing.
        layer: Index of the layer that brought it.
        within: Distribution that says it brought this file, "" when none does.
    """

    location: str
    kind: str
    name: str = ""
    version: str = ""
    within: str = ""
    layer: int | None = None


class PythonRuntime(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """An interpreter: true version, implementation, prefix and program, and its owner if a package has it."""

    version: str
    implementation: str
    prefix: str
    location: str
    layer: int | None = None
    owner: Owner | None = None

    @property
    def minor(self) -> str:
        """`3.12`."""
        return ".".join(self.version.split(".")[:2])


class ImageSurface(Surface, frozen=True, kw_only=True):
    """The attack surface of an image that was read; `environment` holds names only, values may be secrets.

    Args:
        setgid: Files with the setgid bit and an execute bit.
        shells: Paths of shells; likewise `package_managers` and `compilers`.
        kernel_headers: The kernel's headers for user space are there.
        exposed_ports: As the configuration writes them, `8080/tcp`.
        environment: Names of variables of the configuration.
    """

    setgid: int | None = None
    shells: tuple[str, ...] = ()
    package_managers: tuple[str, ...] = ()
    compilers: tuple[str, ...] = ()
    kernel_headers: bool | None = None
    exposed_ports: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an image's history; `layer` is the index of the layer it made, None for an empty one."""

    created_by: str
    created: datetime | None = None
    comment: str = ""
    layer: int | None = None


class LayerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One layer as it was found.

    Args:
        digest: Of the stored blob; None when the source has no stored blob.
        diff_id: Of the uncompressed tar; None for a directory.
        size_bytes: As stored.
        disk_bytes: Contents of its files.
        entries: Members of its tar.
        created_by: The history line that made it, "" when there is none.
    """

    digest: Digest | None
    diff_id: DiffId | None
    size_bytes: int | None
    disk_bytes: int | None
    entries: int
    created_by: str = ""


class StatedBase(msgspec.Struct, frozen=True, kw_only=True):
    """What an image says about its base image, in its own words: not checked, and inherited labels may be wrong.

    Args:
        name: Reference, "" when only a digest is stated.
        digest: As written, "" when none is stated.
        where: `annotation` of its manifest, which nothing inherits, or `label` of its configuration.
    """

    name: str
    digest: str
    where: str


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An image apart from its packages.

    Args:
        reference: What the user named.
        name: The name the image itself is stored under (a tag), "" when it has none.
        digest: Of the manifest; None when the source has none.
        index_digest: Of the multi-platform index that led to it.
        config_digest: Of the configuration, which is what Docker calls the image's id.
        size: Compressed and on disk.
        base: What the image itself says about its base image.
        variables: Names of the configuration's variables, each with a hash of its value: a change can be seen and no
            value is kept. None when there is no configuration.
        labels: Names of its labels likewise.
    """

    reference: str
    name: str
    digest: Digest | None
    index_digest: Digest | None
    config_digest: Digest | None
    platform: Platform
    created: datetime | None
    size: ImageSize
    layers: tuple[LayerSummary, ...]
    history: tuple[HistoryLine, ...]
    base: StatedBase | None = None
    variables: tuple[tuple[str, str], ...] | None = None
    labels: tuple[tuple[str, str], ...] | None = None


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found in an image, and what could not be seen.

    Args:
        distro: None when nothing says it.
        packages: Sorted.
        sonames: Shared libraries on the loader path; None when not known.
        symbols: Symbol levels of the C++ runtime; None when not known.
        pythons: Interpreters, sorted.
        coverage: Whether everything was read; `not_covered` names what was not.
        embedded: What is evidence and no package, sorted.
    """

    image: ImageFacts
    distro: Distro | None
    packages: tuple[InstalledPackage, ...]
    surface: ImageSurface
    libc: Libc | None
    symbols: SymbolLevels | None
    sonames: frozenset[str] | None
    pythons: tuple[PythonRuntime, ...]
    coverage: Coverage
    embedded: tuple[EmbeddedComponent, ...] = ()
