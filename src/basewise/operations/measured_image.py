"""From an inventory to a base image that can be ranked: the facts that `choose` needs, read from the image itself."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from basewise.candidates.user_catalogue import MeasuredImage
from basewise.errors import ImageError, InvalidValueError, UsageError
from basewise.model.base_image import BaseImage, BlobSize, Surface, SymbolLevels, Trust
from basewise.model.digest import Digest
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.inventory import Inventory, PythonRuntime
from basewise.model.package import Basis, BasisKind, Package, PackageType
from basewise.model.platform import Platform
from basewise.model.reference import DEFAULT_REGISTRY, Reference
from basewise.operations.read_image import ImageAccess, read_image
from basewise.progress import Progress
from basewise.versions.pep440 import sort_key

if TYPE_CHECKING:
    from basewise.oci.registry_transfer import Transfer

__all__ = ["is_explicit_tag", "measure", "measured_image", "name_of_image", "trust_of", "variant_of"]

_OS_TYPES = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM})
_COUNTED = _OS_TYPES | {PackageType.CPYTHON}
_OFFICIAL = "library/"
_OFFICIAL_PUBLISHER = "Docker Official Images"
_UNKNOWN_DISTRO = Distro("unknown", "")


def measure(
    text: str,
    *,
    name: str | None = None,
    platform: Platform | None = None,
    access: ImageAccess | None = None,
    now: datetime,
    progress: Progress | None = None,
    transfer: Transfer | None = None,
) -> MeasuredImage:
    """Read an image and return its facts as those of a base image.

    Args:
        text: As `open_image` takes it.
        name: What it is called in a FROM line; what the image itself says when None.
        platform: Which image of several; None takes the only one, else linux/amd64.
        access: How the image may be had.
        now: The clock.
        progress: Told of slow parts.
        transfer: Counts what a registry sends.

    Raises:
        ImageError: It cannot be had or read, or is nothing to build a Python application on.
        UsageError: The text names nothing, or nothing says how a FROM line calls the image.
    """
    stated = None if name is None else Reference.parse(name)
    inventory = read_image(text, platform=platform, access=access, progress=progress, transfer=transfer)
    return measured_image(inventory, stated or name_of_image(inventory), now=now)


def measured_image(inventory: Inventory, reference: Reference, *, now: datetime) -> MeasuredImage:
    """Return the facts of an inventory as those of a base image.

    Args:
        inventory: What is inside.
        reference: What a FROM line calls it; a digest in it is the one to pin.
        now: The clock.

    Raises:
        ImageError: It holds no Python or no C library that says its version.
    """
    facts = inventory.image
    called = facts.reference
    python = _python_of(inventory)
    if inventory.libc is None:
        raise ImageError(
            f"cannot rank `{called}`: no C library says its version, so nothing can be said about wheels",
            hint="name an image with glibc or musl",
        )
    distro = _distro_of(inventory)
    missing = {NotCovered(f"{said.what} ({called})", said.why) for said in inventory.coverage.not_covered}
    if facts.created is None:
        missing.add(
            NotCovered(
                f"age ({called})", "the image does not say when it was built; the day of reading is taken"
            )
        )
    pinned = reference.digest or facts.index_digest or facts.digest
    named = _without_digest(reference)
    packages = _packages_of(inventory)
    exact, unknown = (
        Basis(BasisKind.EXACT),
        Basis(BasisKind.UNKNOWN, "the image has no readable package database"),
    )
    image = BaseImage(
        reference=named,
        also_known_as=(),
        platform=Platform(facts.platform.os, facts.platform.architecture),
        index_digest=pinned,
        manifest_digest=facts.digest,
        created=facts.created or now,
        python=python.version,
        variant=variant_of(named.tag, distro, compiler=bool(inventory.surface.compiler)),
        distro=distro,
        libc=inventory.libc,
        symbols=inventory.symbols or SymbolLevels(),
        layers=tuple(
            BlobSize(layer.digest, layer.size_bytes)
            for layer in facts.layers
            if layer.digest is not None and layer.size_bytes is not None
        ),
        size=facts.size,
        packages=packages,
        packages_basis=exact if packages is not None else unknown,
        sonames=inventory.sonames,
        sonames_basis=exact if inventory.sonames is not None else Basis(BasisKind.UNKNOWN),
        surface=_surface_of(inventory),
        trust=trust_of(named, python.minor, distro, pinned),
        source=f"read from {called} on {now.date()}",
    )
    return MeasuredImage(image=image, measured_at=now, not_covered=tuple(sorted(missing)))


def name_of_image(inventory: Inventory) -> Reference:
    """Return what a FROM line calls an image.

    Raises:
        UsageError: Nothing says it: a directory, or a layout whose tag is no full name.
    """
    facts = inventory.image
    for text in (facts.reference, facts.name):
        try:
            found = Reference.parse(text)
        except InvalidValueError:
            continue
        if (text == str(found) and text == facts.reference) or (text == facts.name and found.tag is not None):
            return found
    raise UsageError(
        f"nothing says how a FROM line calls `{facts.reference}`",
        hint="`basewise candidates add IMAGE --name registry.example/team/base:3.12-slim-trixie` names it",
    )


def is_explicit_tag(tag: str | None, python_minor: str, distro: Distro) -> bool:
    """Tell whether a tag names the Python minor and the release of the distribution, so that neither moves."""
    if tag is None or re.search(rf"(?<![0-9.]){re.escape(python_minor)}(?![0-9])", tag) is None:
        return False
    words = {distro.codename, f"{distro.id}{distro.version}", f"{distro.id}-{distro.version}"} - {""}
    if distro.id == "rhel":
        words.add(f"ubi{distro.version.partition('.')[0]}")
    return bool(distro.version or distro.codename) and any(
        re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", tag) for word in words
    )


def variant_of(tag: str | None, distro: Distro, *, compiler: bool) -> str:
    """Return `alpine`, `slim` or `full`, in the words of the official images."""
    if distro.id == "alpine":
        return "alpine"
    return "full" if compiler and "slim" not in (tag or "") else "slim"


def trust_of(reference: Reference, python_minor: str, distro: Distro, pinned: Digest | None) -> Trust:
    """Return who publishes an image, and how firmly it is named."""
    official = reference.registry == DEFAULT_REGISTRY and reference.repository.startswith(_OFFICIAL)
    publisher = reference.repository.rpartition("/")[0]
    return Trust(
        publisher=_OFFICIAL_PUBLISHER
        if official
        else "/".join(filter(None, (reference.registry, publisher))),
        official=official,
        explicit_tag=is_explicit_tag(reference.tag, python_minor, distro),
        digest_pinned=pinned is not None,
    )


def _without_digest(reference: Reference) -> Reference:
    """Return the name alone; without a tag and a digest it is what such a name means, `latest`."""
    tag = reference.tag if reference.digest is not None else reference.tag or "latest"
    return Reference(reference.registry, reference.repository, tag)


def _python_of(inventory: Inventory) -> PythonRuntime:
    """Return the interpreter that the image is for: `/usr/local` before other places before the distribution's own."""
    found = [runtime for runtime in inventory.pythons if runtime.implementation == "cpython"]
    if not found:
        raise ImageError(
            f"cannot rank `{inventory.image.reference}`: it holds no Python",
            hint="a base image brings the interpreter; build it into the image first, or name one that has it",
        )
    places = {"usr/local": 2, "usr": 0, "": 0}
    return max(
        found,
        key=lambda runtime: (places.get(runtime.prefix, 1), sort_key(runtime.version), runtime.location),
    )


def _distro_of(inventory: Inventory) -> Distro:
    """Return the distribution; Alpine's releases are branches, `3.24` and not `3.24.1`."""
    distro = inventory.distro or _UNKNOWN_DISTRO
    if distro.id != "alpine":
        return distro
    return Distro(distro.id, ".".join(distro.version.split(".")[:2]), distro.codename)


def _packages_of(inventory: Inventory) -> tuple[Package, ...] | None:
    """Return OS packages and the interpreters that none of them brought; None when there is no OS package."""
    installed = [found.package for found in inventory.packages]
    if not any(package.type in _OS_TYPES for package in installed):
        return None
    return tuple(sorted({package for package in installed if package.type in _COUNTED}))


def _surface_of(inventory: Inventory) -> Surface:
    """Return the surface in the form that the embedded images have: OS packages are counted."""
    found = inventory.surface
    count = sum(package.package.type in _OS_TYPES for package in inventory.packages)
    return Surface(
        packages=count or None,
        executables=found.executables,
        setuid=found.setuid,
        shell=found.shell,
        package_manager=found.package_manager,
        compiler=found.compiler,
        default_user=found.default_user,
    )
