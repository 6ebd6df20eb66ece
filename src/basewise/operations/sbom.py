"""`basewise sbom`: everything that is inside an image, as a document."""

from __future__ import annotations

import re

from basewise._internal.text import format_moment
from basewise.model.inventory import HistoryLine, InstalledPackage, Inventory, LayerSummary, Owner
from basewise.model.platform import Platform
from basewise.model.sbom import (
    Sbom,
    SbomEmbedded,
    SbomImage,
    SbomLayer,
    SbomOwner,
    SbomPackage,
    SbomPython,
    SbomSize,
)
from basewise.operations.document_words import document_distro, document_libc
from basewise.operations.read_image import ImageAccess, read_image
from basewise.progress import Progress

__all__ = ["make_sbom", "sbom_of"]

_INSTRUCTIONS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip
_INSTRUCTION = re.compile(
    rf"(?:\|\d+ .*?)?(?:/bin/sh -c )?(?:#\(nop\) +)?({'|'.join(_INSTRUCTIONS)})\s", re.DOTALL
)
_SHELL = re.compile(r"(?:\|\d+ .*?)?/bin/sh -c ", re.DOTALL)


def make_sbom(
    image: str,
    *,
    platform: Platform | None = None,
    access: ImageAccess | None = None,
    progress: Progress | None = None,
) -> Sbom:
    """Read an image and write down everything that is inside.

    Args:
        image: A reference, a path, or `oci:`, `docker-archive:`, `dir:` … with a path or name.
        platform: Which image of several; None takes the only one, else linux/amd64.
        access: How the image may be had; the defaults when None.
        progress: Told of slow parts.

    Returns:
        The document. What could not be read is named in its coverage.

    Raises:
        ImageError: The image cannot be had or read.
        UsageError: The text names nothing.
    """
    return sbom_of(read_image(image, platform=platform, access=access, progress=progress))


def sbom_of(inventory: Inventory) -> Sbom:
    """Return the document of an inventory: no value of a variable and no text of the history enters it."""
    distro, libc = inventory.distro, inventory.libc
    return Sbom(
        image=_image(inventory),
        distro=document_distro(distro) if distro else None,
        libc=document_libc(libc) if libc else None,
        packages=tuple(_package(found) for found in inventory.packages),
        pythons=tuple(
            SbomPython(
                version=found.version,
                implementation=found.implementation,
                prefix=found.prefix,
                location=found.location,
                layer=found.layer,
                owner=_owner(found.owner),
            )
            for found in inventory.pythons
        ),
        embedded=tuple(
            SbomEmbedded(
                kind=found.kind,
                name=found.name,
                version=found.version,
                location=found.location,
                within=found.within,
                layer=found.layer,
            )
            for found in inventory.embedded
        ),
        surface=inventory.surface,
        coverage=inventory.coverage,
    )


def _image(inventory: Inventory) -> SbomImage:
    facts = inventory.image
    history = {line.layer: (at, line) for at, line in enumerate(facts.history) if line.layer is not None}
    return SbomImage(
        reference=facts.reference,
        name=facts.name,
        digest=_text(facts.digest),
        index_digest=_text(facts.index_digest),
        config_digest=_text(facts.config_digest),
        platform=str(facts.platform),
        created=format_moment(facts.created) if facts.created is not None else None,
        size=SbomSize(
            compressed_bytes=facts.size.compressed_bytes,
            compressed_basis=str(facts.size.compressed_basis),
            disk_bytes=facts.size.disk_bytes,
            disk_basis=str(facts.size.disk_basis),
        ),
        layers=tuple(_layer(index, layer, history.get(index)) for index, layer in enumerate(facts.layers)),
    )


def _layer(index: int, layer: LayerSummary, made: tuple[int, HistoryLine] | None) -> SbomLayer:
    return SbomLayer(
        index=index,
        digest=_text(layer.digest),
        diff_id=_text(layer.diff_id),
        size_bytes=layer.size_bytes,
        disk_bytes=layer.disk_bytes,
        entries=layer.entries,
        history=made[0] if made else None,
        instruction=_instruction(made[1].created_by) if made else "",
    )


def _instruction(line: str) -> str:
    """Return the instruction of a history line, in the form of BuildKit or of the classic builder."""
    found = _INSTRUCTION.match(line)
    if found is not None:
        return found[1]
    return "RUN" if _SHELL.match(line) else ""


def _package(found: InstalledPackage) -> SbomPackage:
    package = found.package
    return SbomPackage(
        type=package.type,
        name=package.name,
        version=package.version,
        arch=package.arch,
        source=package.source,
        source_version=package.source_version,
        location=found.location,
        layer=found.layer,
        owner=_owner(found.owner),
        installer=found.installer,
        direct=found.direct,
        module=found.module,
        files_changed=found.files_changed,
    )


def _owner(owner: Owner | None) -> SbomOwner | None:
    return SbomOwner(owner.type, owner.name) if owner is not None else None


def _text(value: object | None) -> str | None:
    return str(value) if value is not None else None
