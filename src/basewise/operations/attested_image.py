"""A new build of a known image, from the SBOM that its publisher attached: kilobytes instead of layers.

An SBOM names packages and no libraries, so it is only enough where an older build of the same tag is known and
nothing but versions changed. In any doubt the layers are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from basewise.candidates.user_catalogue import MeasuredImage
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.inventory.sbom_statement import (
    StatedPackages,
    read_cyclonedx_statement,
    read_spdx_statement,
)
from basewise.model.base_image import BaseImage, BlobSize, ImageSize, Surface
from basewise.model.package import Basis, BasisKind, Package, PackageType
from basewise.model.refresh import BelievedSbom
from basewise.oci.attestation import find_attestations
from basewise.oci.registry_client import RegistryClient
from basewise.oci.repository import Repository

__all__ = ["NotAttestedError", "attested_image"]

# In the order in which they are believed; beginnings of the predicate type.
_FORMATS: Mapping[str, tuple[str, Callable[[bytes], StatedPackages]]] = {
    "https://spdx.dev/Document": ("SPDX", read_spdx_statement),
    "https://cyclonedx.org/bom": ("CycloneDX", read_cyclonedx_statement),
}
_C_LIBRARIES = frozenset({"libc6", "musl"})
_NUMBERS = re.compile(r"(\d+\.\d+)")
_PYTHON = re.compile(r"3\.\d{1,3}\.\d{1,3}(?:(?:a|b|rc)\d{1,3})?\Z")


class NotAttestedError(ImageError):
    """No SBOM of an image can be used; the message says why."""


def attested_image(
    client: RegistryClient, repository: Repository, image: Image, known: BaseImage | None, *, now: datetime
) -> tuple[MeasuredImage, BelievedSbom]:
    """Return the facts of a new build of a known image, from the SBOM in its index.

    Trusted is a statement that stands in the same index as the image: the digest of the index covers both, so
    whoever published the one published the other. One that was attached later, as a referrer, is not. Where there
    are several, SPDX is believed before CycloneDX, and of one format the first.

    Args:
        client: Asks the registry.
        repository: Where the image is.
        image: The new build, opened.
        known: The older build of the same tag.
        now: The clock.

    Returns:
        The facts, and which SBOM was believed.

    Raises:
        NotAttestedError: There is none, or it is not enough.
    """
    if image.index_digest is None or image.digest is None:
        raise NotAttestedError("the image stands in no index, so no SBOM is attached to it")
    there = list(
        find_attestations(
            client,
            repository,
            image.digest,
            index=image.index_digest,
            predicates=tuple(_FORMATS),
            attached_later=False,
        )
    )
    for predicate, (name, read) in _FORMATS.items():
        found = next((one for one in there if one.predicate_type.startswith(predicate)), None)
        if found is None:
            continue
        try:
            stated = read(found.predicate)
        except ImageError as error:
            raise NotAttestedError(error.message) from error
        detail = f"the publisher's SBOM ({name}) in the image's index, {found.digest}"
        basis = Basis(BasisKind.INFERRED, detail)
        entry = _new_build(image, _checked(known, stated, image), stated, basis, now)
        return entry, BelievedSbom(format=name, digest=str(found.digest), found_in=found.source)
    raise NotAttestedError("its index holds no SBOM in SPDX or CycloneDX")


def _checked(known: BaseImage | None, stated: StatedPackages, image: Image) -> BaseImage:
    """Return the known build when nothing but versions can have changed since.

    Raises:
        NotAttestedError: Something else did, or may have.
    """
    if known is None or known.packages is None or known.sonames is None:
        raise NotAttestedError("an SBOM names no libraries, and no older build with its libraries is known")
    if {package.name for package in stated.packages} != _names(known.packages):
        raise NotAttestedError("its SBOM names other packages than the known build has")
    if stated.distros != (f"{known.distro.id}-{known.distro.version}",) and not _is_branch(known, stated):
        raise NotAttestedError("its SBOM does not say that the distribution is that of the known build")
    libc = next((package for package in stated.packages if package.name in _C_LIBRARIES), None)
    version = _NUMBERS.search(libc.version.rpartition(":")[2]) if libc is not None else None
    if version is None or version[1] != ".".join(known.libc.version.split(".")[:2]):
        raise NotAttestedError("its SBOM does not say that the C library is that of the known build")
    if _python(stated, image).split(".")[:2] != known.python.split(".")[:2]:
        raise NotAttestedError("it has another Python minor than the known build")
    return known


def _is_branch(known: BaseImage, stated: StatedPackages) -> bool:
    """Tell whether the SBOM names a patch release of the known branch of Alpine."""
    return (
        known.distro.id == "alpine"
        and len(stated.distros) == 1
        and stated.distros[0].startswith(f"alpine-{known.distro.version}.")
    )


def _names(packages: tuple[Package, ...]) -> set[str]:
    return {package.name for package in packages if package.type is not PackageType.CPYTHON}


def _python(stated: StatedPackages, image: Image) -> str:
    """Return the version of CPython: what the configuration says, and the SBOM must not contradict it.

    Raises:
        NotAttestedError: Nothing says it, or both say different things.
    """
    said = {version for version in (image.config.variable("PYTHON_VERSION"), *stated.pythons) if version}
    if len(said) != 1 or not _PYTHON.match(min(said)):
        raise NotAttestedError("neither its SBOM nor its configuration says one version of Python")
    return min(said)


def _new_build(
    image: Image, known: BaseImage, stated: StatedPackages, basis: Basis, now: datetime
) -> MeasuredImage:
    python = _python(stated, image)
    built = known.created.date()
    same = Basis(BasisKind.INFERRED, f"the build of {built}, which has the same packages")
    interpreter = Package(type=PackageType.CPYTHON, name="cpython", version=python)
    return MeasuredImage(
        image=msgspec.structs.replace(
            known,
            index_digest=image.index_digest,
            manifest_digest=image.digest,
            created=image.config.created or now,
            python=python,
            layers=tuple(
                BlobSize(digest, size)
                for layer in image.layers
                if (digest := getattr(layer, "digest", None)) is not None
                and (size := getattr(layer, "size_bytes", None)) is not None
            ),
            size=_size(image, known),
            packages=(*stated.packages, interpreter),
            packages_basis=basis,
            sonames_basis=same,
            surface=Surface(
                packages=len(stated.packages),
                shell=known.surface.shell,
                package_manager=known.surface.package_manager,
                compiler=known.surface.compiler,
                default_user=image.config.user or "root",
            ),
            source=f"SBOM attestation and manifest of {image.reference} on {now.date()}",
        ),
        measured_at=now,
    )


def _size(image: Image, known: BaseImage) -> ImageSize:
    """Return the exact compressed size, and the size on disk scaled from the known build."""
    compressed, old = image.compressed_bytes, known.size
    exact, unknown = Basis(BasisKind.EXACT), Basis(BasisKind.UNKNOWN)
    disk = None
    if compressed is not None and old.compressed_bytes and old.disk_bytes is not None:
        disk = round(old.disk_bytes * compressed / old.compressed_bytes)
    detail = f"estimate: the build of {known.created.date()} and the ratio of the compressed layers"
    return ImageSize(
        compressed_bytes=compressed,
        disk_bytes=disk,
        compressed_basis=exact if compressed is not None else unknown,
        disk_basis=Basis(BasisKind.COMPUTED, detail) if disk is not None else unknown,
    )
