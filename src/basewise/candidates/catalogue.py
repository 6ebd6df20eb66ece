"""The catalogue of base images: loading, checking and looking up."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TypeVar

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise._internal.prepared import prepared
from basewise.candidates.stored import (
    CATALOGUE_FILE,
    CATALOGUE_SCHEMA,
    CatalogueNote,
    CatalogueSource,
    StoredCatalogue,
    StoredImage,
    StoredPlatform,
    SupersededBuild,
)
from basewise.errors import ImageError, InvalidValueError, KnowledgeError
from basewise.model.base_image import BaseImage, BlobSize, ImageSize, Surface, SymbolLevels, Trust
from basewise.model.digest import Digest
from basewise.model.distro import Distro, Libc
from basewise.model.evidence import NotCovered
from basewise.model.package import BasisKind, Package, PackageType
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.model.reference import Reference

__all__ = ["Catalogue", "catalogue_platforms", "expand_catalogue", "load_catalogue"]

_Shape = TypeVar("_Shape")
_SHELLS = frozenset({"bash", "dash", "busybox"})
_PACKAGE_MANAGERS = frozenset({"apt", "apk-tools", "dnf", "microdnf"})
_COMPILERS = frozenset({"gcc", "clang", "tcc"})


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The base images for one platform, sorted by Python minor and name.

    Args:
        platform: What the facts of all images are about.
        images: The images, an alias being part of the image that it names.
        as_of: Date of the newest build that the catalogue has; newer builds may exist.
        sources: What it was made from.
        notes: What is known beside the fields, by image.
        superseded: Older builds, for recognising a pinned digest.
        not_covered: What could not be read of images that were measured.
    """

    platform: Platform
    images: tuple[BaseImage, ...]
    as_of: date
    sources: tuple[CatalogueSource, ...]
    notes: tuple[CatalogueNote, ...]
    superseded: tuple[SupersededBuild, ...]
    not_covered: tuple[NotCovered, ...] = ()

    def find(self, text: str) -> BaseImage:
        """Return the image that a reference names, by tag, alias or digest.

        Args:
            text: `python:3.12-slim`, with or without digest; a digest decides over the tag.

        Raises:
            ImageError: The catalogue has no such image.
            InvalidValueError: The text is no reference.
        """
        wanted = Reference.parse(text)
        for image in self.images:
            if _names(image, wanted):
                return image
        older = next((build for build in self.superseded if str(wanted.digest) == build.index_digest), None)
        if older is not None:
            raise ImageError(
                f"`{text}` is the build of {older.created.date()} of `{older.image}`; the catalogue has a newer one",
                hint=f"name it as `{older.image}`",
            )
        raise ImageError(
            f"the catalogue has no image `{text}` for {self.platform}",
            hint="`basewise candidates list` shows what it has",
        )


def load_catalogue(platform: Platform = LINUX_AMD64) -> Catalogue:
    """Return the embedded catalogue for a platform, read once.

    Raises:
        KnowledgeError: The embedded file is missing or damaged.
        ImageError: No image of the catalogue is known for this platform.
    """
    return _load(platform)


@lru_cache(maxsize=4)
def _load(platform: Platform) -> Catalogue:
    return expand_catalogue(decode_embedded(CATALOGUE_FILE, StoredCatalogue), platform)


def catalogue_platforms() -> tuple[Platform, ...]:
    """Return the platforms that the embedded catalogue knows, sorted."""
    stored = decode_embedded(CATALOGUE_FILE, StoredCatalogue)
    return tuple(sorted({Platform.parse(name) for image in stored.images for name in image.platforms}))


def expand_catalogue(stored: StoredCatalogue, platform: Platform) -> Catalogue:
    """Build the typed catalogue of one platform from its stored form.

    Raises:
        KnowledgeError: A value does not parse, a list is missing, a name stands twice, or sizes disagree.
        ImageError: No image of the catalogue is known for this platform.
    """
    if stored.schema != CATALOGUE_SCHEMA:
        raise _damaged(f"its schema is `{stored.schema}`, not `{CATALOGUE_SCHEMA}`")
    if not stored.images:
        raise _damaged("it holds no image")
    lists = _Lists(stored)
    images = []
    for image in stored.images:
        part = image.platforms.get(str(platform))
        if part is None:
            continue
        try:
            images.append(_expand(stored, image, part, platform, lists))
        except (InvalidValueError, ValueError) as error:
            raise _damaged(f"`{image.tag}`: {error}") from error
    if not images:
        raise ImageError(
            f"the catalogue has no image for {platform}", hint="it knows `linux/amd64` and `linux/arm64`"
        )
    _check_names(stored.images)
    return Catalogue(
        platform=platform,
        images=tuple(sorted(images, key=_order)),
        as_of=stored.as_of,
        sources=stored.sources,
        notes=stored.notes,
        superseded=stored.superseded,
    )


class _Lists:
    """The package and soname lists, each decoded once and shared by its images."""

    def __init__(self, stored: StoredCatalogue) -> None:
        self._stored = stored
        self._packages: dict[str, tuple[Package, ...]] = {}
        self._sonames: dict[str, frozenset[str]] = {}
        self._surfaces: dict[str | None, Surface] = {}

    def packages(self, key: str) -> tuple[Package, ...]:
        if key not in self._packages:
            self._packages[key] = _decode(self._stored.packages, key, tuple[Package, ...])
        return self._packages[key]

    def sonames(self, key: str) -> frozenset[str]:
        if key not in self._sonames:
            self._sonames[key] = _decode(self._stored.sonames, key, frozenset[str])
        return self._sonames[key]

    def surface(self, key: str | None) -> Surface:
        if key not in self._surfaces:
            packages = self.packages(key) if key is not None else None
            self._surfaces[key] = _surface(packages, self._stored.default_user)
        return self._surfaces[key]


def _decode(lists: dict[str, msgspec.Raw], key: str, shape: type[_Shape]) -> _Shape:
    raw = lists.get(key)
    if raw is None:
        raise _damaged(f"the list `{key}` is missing")
    try:
        found = msgspec.json.decode(raw, type=prepared(shape))
    except msgspec.DecodeError as error:
        raise _damaged(f"the list `{key}`: {error}") from error
    if not found:
        raise _damaged(f"the list `{key}` is empty")
    return found


def _expand(
    stored: StoredCatalogue, image: StoredImage, part: StoredPlatform, platform: Platform, lists: _Lists
) -> BaseImage:
    reference = Reference.parse(f"{stored.repository}:{image.tag}")
    return BaseImage(
        reference=reference,
        also_known_as=tuple(f"{stored.repository}:{alias}" for alias in image.also_known_as),
        platform=platform,
        index_digest=Digest.parse(image.index_digest),
        manifest_digest=Digest.parse(part.manifest_digest) if part.manifest_digest else None,
        created=image.created,
        python=image.python,
        variant=image.variant,
        distro=Distro(*image.distro),
        libc=_libc(image),
        symbols=SymbolLevels(glibcxx=image.glibcxx, cxxabi=image.cxxabi),
        layers=tuple(BlobSize(Digest.parse(digest), size) for digest, size in part.layers),
        size=_size(image, part),
        packages=_packages_of(image, part, lists),
        packages_basis=part.packages_basis,
        sonames=_sonames_of(image, part, lists),
        sonames_basis=part.sonames_basis,
        surface=lists.surface(part.packages),
        trust=Trust(publisher=stored.publisher, official=True, explicit_tag=True, digest_pinned=True),
        source=image.source,
    )


def _packages_of(image: StoredImage, part: StoredPlatform, lists: _Lists) -> tuple[Package, ...] | None:
    """Return the OS packages and the CPython of `/usr/local`, which no OS package owns."""
    if (part.packages is None) is not (part.packages_basis.kind is BasisKind.UNKNOWN):
        raise _damaged(f"`{image.tag}`: a package list and its basis contradict each other")
    if part.packages is None:
        return None
    interpreter = Package(type=PackageType.CPYTHON, name="cpython", version=image.python)
    return (*lists.packages(part.packages), interpreter)


def _sonames_of(image: StoredImage, part: StoredPlatform, lists: _Lists) -> frozenset[str] | None:
    if (part.sonames is None) is not (part.sonames_basis.kind is BasisKind.UNKNOWN):
        raise _damaged(f"`{image.tag}`: a soname list and its basis contradict each other")
    if part.sonames is None:
        return None
    minor = ".".join(image.python.split(".")[:2])
    # The official images build CPython with --enable-shared and run ldconfig.
    return lists.sonames(part.sonames) | {f"libpython{minor}.so.1.0", "libpython3.so"}


def _libc(image: StoredImage) -> Libc:
    libc = Libc(*image.libc)
    if libc.family not in {"glibc", "musl"}:
        raise _damaged(f"`{image.tag}`: unknown C library `{libc.family}`")
    _ = libc.release
    return libc


def _size(image: StoredImage, part: StoredPlatform) -> ImageSize:
    compressed = part.compressed_bytes
    layers = sum(size for _, size in part.layers)
    if part.layers and part.compressed_basis.kind is BasisKind.EXACT and layers != compressed:
        raise _damaged(f"`{image.tag}`: its layers sum up to {layers} bytes, not to {compressed}")
    for size, basis in ((compressed, part.compressed_basis), (part.disk_bytes, part.disk_basis)):
        if (size is None) is not (basis.kind is BasisKind.UNKNOWN) or (size is not None and size <= 0):
            raise _damaged(f"`{image.tag}`: a size and its basis contradict each other")
    return ImageSize(
        compressed_bytes=compressed,
        disk_bytes=part.disk_bytes,
        compressed_basis=part.compressed_basis,
        disk_basis=part.disk_basis,
    )


def _surface(packages: tuple[Package, ...] | None, default_user: str) -> Surface:
    """Return what the OS packages tell; the number of executables is not in any list."""
    if packages is None:
        return Surface(default_user=default_user)
    names = {package.name for package in packages}
    return Surface(
        packages=len(packages),
        shell=not _SHELLS.isdisjoint(names),
        package_manager=not _PACKAGE_MANAGERS.isdisjoint(names),
        compiler=not _COMPILERS.isdisjoint(names),
        default_user=default_user,
    )


def _check_names(images: tuple[StoredImage, ...]) -> None:
    """Refuse a tag that names two images: a look-up would answer by chance."""
    seen: set[str] = set()
    for image in images:
        for name in (image.tag, *image.also_known_as):
            if name in seen:
                raise _damaged(f"`{name}` names two images")
            seen.add(name)


def _names(image: BaseImage, wanted: Reference) -> bool:
    if (wanted.registry, wanted.repository) != (image.reference.registry, image.reference.repository):
        return False
    if wanted.digest is not None:
        return wanted.digest in {image.index_digest, image.manifest_digest}
    return wanted.familiar == image.name or wanted.familiar in image.also_known_as


def _order(image: BaseImage) -> tuple[tuple[int, ...], str]:
    return tuple(int(part) for part in image.python_minor.split(".")), image.name


def _damaged(problem: str) -> KnowledgeError:
    return KnowledgeError(f"the embedded catalogue is damaged: {problem}", hint="install basewise again")
