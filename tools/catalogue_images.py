"""Images of the catalogue: tags with their aliases merged, sizes measured or estimated, versions of libraries."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from tools.catalogue_lists import ARCHITECTURES, CollectedTag, PackageLists, SonameLists

from basewise.candidates.stored import StoredImage, StoredPlatform
from basewise.model.package import Basis, BasisKind

__all__ = ["build_images", "estimate_disk"]

EXPLICIT_TAG = re.compile(
    r"\d+\.\d+(?:-rc)?-(?:slim-)?(?:buster|bullseye|bookworm|trixie)|\d+\.\d+(?:-rc)?-alpine\d+\.\d+"
)
DEBIAN_VERSIONS = {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13"}
GLIBC = {"buster": "2.28", "bullseye": "2.31", "bookworm": "2.36", "trixie": "2.41"}
# libstdc++ of GCC 8, 10, 12 and 14; bookworm and trixie read from the libraries, the others from GCC's ABI history.
CXX_SYMBOLS = {
    "buster": ("3.4.25", "1.3.11"),
    "bullseye": ("3.4.28", "1.3.12"),
    "bookworm": ("3.4.30", "1.3.13"),
    "trixie": ("3.4.33", "1.3.15"),
}
MEGABYTE = 1_000_000
# Where the page of the image itself was not read, its size is stated by a newer build of the same tag.
BASE_OF_VARIANT = {"slim": "debian:{release}-slim", "full": "buildpack-deps:{release}"}


class KnownBase(msgspec.Struct, frozen=True, kw_only=True):
    """A record of `base_images.json`: the image that a family of Python images starts from."""

    repository: str
    tag: str
    compressed_size_bytes: int
    uncompressed_size_mb: float


class KnownSize(msgspec.Struct, frozen=True):
    """An image whose size on disk a page states."""

    tag: CollectedTag
    compressed_bytes: int
    disk_bytes: int
    label: str


def build_images(
    folder: Path, tags: list[CollectedTag], packages: PackageLists, sonames: SonameLists
) -> tuple[StoredImage, ...]:
    """Return the images in the order of their names.

    Args:
        folder: The `catalogue` folder of collected facts.
        tags: All tags, aliases included.
        packages: Package lists.
        sonames: Soname lists.
    """
    bases = msgspec.json.decode((folder / "base_images.json").read_bytes(), type=list[KnownBase])
    newer = msgspec.json.decode((folder / "newer_local_builds.json").read_bytes(), type=list[CollectedTag])
    sizes = _Sizes(tags, newer, bases)
    entries = [tag for tag in tags if tag.alias_of is None]
    for tag in entries:
        if EXPLICIT_TAG.fullmatch(tag.tag) is None:
            raise ValueError(f"{tag.tag} does not name Python minor, variant and release")
    images = [_image(tag, tags, packages, sonames, sizes) for tag in entries]
    return tuple(sorted(images, key=lambda image: image.tag))


def _image(
    tag: CollectedTag, tags: list[CollectedTag], packages: PackageLists, sonames: SonameLists, sizes: _Sizes
) -> StoredImage:
    platforms = {}
    for platform in ARCHITECTURES:
        key, basis = packages.find(tag, tags, platform)
        sonames_key, sonames_basis = sonames.find(tag, key, platform)
        lists = {
            "packages": key,
            "packages_basis": basis,
            "sonames": sonames_key,
            "sonames_basis": sonames_basis,
        }
        facts = _amd64(tag, sizes) if platform == "linux/amd64" else _arm64(tag, sizes)
        platforms[platform] = StoredPlatform(**facts, **lists)  # type: ignore[arg-type] # one dict of unlike values
    symbols = CXX_SYMBOLS.get(tag.distro_release, ("", ""))
    return StoredImage(
        tag=tag.tag,
        also_known_as=_aliases(tag, tags),
        variant=tag.variant,
        python=tag.python_version,
        created=tag.created,
        index_digest=tag.index_digest or "",
        distro=_distro(tag),
        libc=_libc(tag, tags, packages),
        glibcxx=symbols[0],
        cxxabi=symbols[1],
        platforms=platforms,
        source=f"{tag.source.repo} {tag.source.path} at {tag.source.commit[:12]}, build of {tag.created.date()}",
    )


def _aliases(tag: CollectedTag, tags: list[CollectedTag]) -> tuple[str, ...]:
    """Return the floating tags and the patch-level tag whose page was read, for the same digests."""
    floating = {other.tag for other in tags if other.alias_of == tag.tag}
    for other in tags:
        if other.alias_of == tag.tag and other.index_digest != tag.index_digest:
            raise ValueError(f"{other.tag} is said to be {tag.tag} but has other digests")
    return tuple(sorted((floating | {tag.page_tag}) - {tag.tag}))


def _distro(tag: CollectedTag) -> tuple[str, str, str]:
    if tag.distro == "alpine":
        return "alpine", tag.distro_release, ""
    return "debian", DEBIAN_VERSIONS[tag.distro_release], tag.distro_release


def _libc(tag: CollectedTag, tags: list[CollectedTag], packages: PackageLists) -> tuple[str, str]:
    if tag.distro == "debian":
        return "glibc", GLIBC[tag.distro_release]
    key, _ = packages.find(tag, tags, "linux/amd64")
    if key is None:
        raise ValueError(f"the musl version of {tag.tag} is not known")
    (musl,) = (package.version for package in packages.get(key) if package.name == "musl")
    return "musl", musl.partition("-")[0]


def _amd64(tag: CollectedTag, sizes: _Sizes) -> dict[str, object]:
    disk, disk_basis = sizes.disk(tag)
    return {
        "manifest_digest": tag.manifest_digest,
        "layers": tuple((str(layer["digest"]), int(layer["size"])) for layer in tag.layers),
        "compressed_bytes": tag.compressed_size_bytes,
        "compressed_basis": Basis(BasisKind.EXACT),
        "disk_bytes": disk,
        "disk_basis": disk_basis,
    }


def _arm64(tag: CollectedTag, sizes: _Sizes) -> dict[str, object]:
    """Return what the page says of arm64, else estimates from amd64."""
    stated = tag.arm64 or {}
    compressed, compressed_basis = stated.get("compressed_size_bytes"), Basis(BasisKind.EXACT)
    if compressed is None:
        compressed, compressed_basis = sizes.arm64_compressed(tag)
    amd64_disk, _ = sizes.disk(tag)
    disk, disk_basis = None, Basis(BasisKind.UNKNOWN, "nothing to estimate it from")
    if compressed is not None and amd64_disk is not None and tag.compressed_size_bytes:
        disk = round(amd64_disk * compressed / tag.compressed_size_bytes)
        disk_basis = Basis(
            BasisKind.COMPUTED, "estimate: disk size of linux/amd64, scaled by the compressed sizes"
        )
    return {
        "manifest_digest": stated.get("manifest_digest"),
        "compressed_bytes": compressed,
        "compressed_basis": compressed_basis,
        "disk_bytes": disk,
        "disk_basis": disk_basis,
    }


class _Sizes:
    """Sizes that pages state, and estimates from the nearest of them."""

    def __init__(self, tags: list[CollectedTag], newer: list[CollectedTag], bases: list[KnownBase]) -> None:
        self._bases = {f"{base.repository}:{base.tag}": base for base in bases}
        self._tags = [tag for tag in tags if tag.alias_of is None]
        compressed = {tag.tag: tag.compressed_size_bytes or 0 for tag in self._tags}
        self._known = [
            KnownSize(
                tag, tag.compressed_size_bytes or 0, round(tag.uncompressed_size_mb * MEGABYTE), tag.tag
            )
            for tag in self._tags
            if tag.uncompressed_size_mb is not None
        ]
        by_name = {tag.tag: tag for tag in self._tags}
        self._known += [
            KnownSize(
                by_name[build.tag],
                compressed[build.tag],
                round(build.uncompressed_size_mb * MEGABYTE),
                f"the build of {build.created.date()} of {build.tag}",
            )
            for build in newer
            if build.uncompressed_size_mb is not None and by_name[build.tag].uncompressed_size_mb is None
        ]

    def disk(self, tag: CollectedTag) -> tuple[int | None, Basis]:
        """Return the size on disk for amd64: stated on the image's page, or estimated."""
        if tag.uncompressed_size_mb is not None:
            return round(tag.uncompressed_size_mb * MEGABYTE), Basis(BasisKind.EXACT, "as the page rounds it")
        nearest = min(
            (known for known in self._known if known.tag.variant == tag.variant),
            key=lambda known: _distance(tag, known.tag),
        )
        base = (
            self._bases.get(BASE_OF_VARIANT.get(tag.variant, "").format(release=tag.distro_release))
            if nearest.tag.distro_release == tag.distro_release
            else None
        )
        size = estimate_disk(
            tag.compressed_size_bytes or 0, nearest.compressed_bytes, nearest.disk_bytes, base
        )
        return size, Basis(
            BasisKind.COMPUTED, f"estimate: {nearest.label} and the difference of the compressed layers"
        )

    def arm64_compressed(self, tag: CollectedTag) -> tuple[int | None, Basis]:
        """Return an estimate of the compressed size from images of the variant whose arm64 size is stated."""
        pairs = [
            (other.arm64["compressed_size_bytes"], other.compressed_size_bytes)
            for other in self._tags
            if other.arm64
            and other.compressed_size_bytes
            and other.variant == tag.variant
            and not other.is_old
        ]
        if not pairs:
            return None, Basis(BasisKind.UNKNOWN, f"no {tag.variant} image for linux/arm64 was read")
        ratio = sum(arm64 for arm64, _ in pairs) / sum(amd64 for _, amd64 in pairs)
        return round((tag.compressed_size_bytes or 0) * ratio), Basis(
            BasisKind.COMPUTED,
            f"estimate: linux/amd64 times {ratio:.3f}, the ratio of the {tag.variant} images of bookworm",
        )


def estimate_disk(compressed: int, known_compressed: int, known_disk: int, base: KnownBase | None) -> int:
    """Estimate the size on disk of an image from that of a sibling.

    The compressed bytes in which the two differ are multiplied by how much the sibling's layers above the
    common base expand; where the base is not known, by how much the whole sibling expands.

    Args:
        compressed: Compressed bytes of the image.
        known_compressed: The same of the sibling.
        known_disk: Bytes on disk of the sibling.
        base: The image that both start from.
    """
    if base is None:
        expansion = known_disk / known_compressed
    else:
        above = known_compressed - base.compressed_size_bytes
        expansion = (known_disk - base.uncompressed_size_mb * MEGABYTE) / above
    return round(known_disk + (compressed - known_compressed) * expansion)


def _distance(tag: CollectedTag, known: CollectedTag) -> tuple[bool, bool, int, str]:
    """Order siblings: same release, same era, nearest Python minor, then name."""
    minor, other = (int(text.python_version.split(".")[1]) for text in (tag, known))
    return known.distro_release != tag.distro_release, known.era != tag.era, abs(minor - other), known.tag
