"""The parts of an SPDX document that an SBOM and a scan share: the image and what is in it.

Reference:
    SPDX specification 2.3, clauses 6 (document), 7 (packages), 8 (annotations) and 11 (relationships).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from basewise._internal.text import format_moment
from basewise.model.package import PackageType
from basewise.model.sbom import SbomImage, SbomPackage
from basewise.report.cyclonedx_parts import Contents, content_uuid
from basewise.report.purl import image_purl, package_purl, sha256_of
from basewise.report.short_hash import numbered, short_hash

__all__ = [
    "IMAGE",
    "Annotation",
    "Document",
    "ExternalReference",
    "SpdxPackage",
    "document_of",
    "image_package",
    "spdx_packages",
]

IMAGE = "SPDXRef-Image"
_DOCUMENT = "SPDXRef-DOCUMENT"
_NOT_STATED = "NOASSERTION"
_OUTSIDE_ID = re.compile(r"[^A-Za-z0-9.-]+")
_MAX_ID_NAME = 60


class ExternalReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A name of a package elsewhere: its package URL unless another kind is said."""

    reference_category: str = "PACKAGE-MANAGER"
    reference_type: str = "purl"
    reference_locator: str


class Annotation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a tool says of a package."""

    annotation_date: str
    annotation_type: str = "OTHER"
    annotator: str
    comment: str


class _Checksum(msgspec.Struct, frozen=True, rename="camel"):
    algorithm: str
    checksum_value: str


class SpdxPackage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something that the image holds, or the image."""

    identifier: str = msgspec.field(name="SPDXID")
    name: str
    version_info: str = ""
    download_location: str = msgspec.field(name="downloadLocation")
    files_analyzed: bool = msgspec.field(name="filesAnalyzed")
    primary_package_purpose: str = ""
    checksums: tuple[_Checksum, ...] = ()
    external_refs: tuple[ExternalReference, ...] = ()
    source_info: str = ""
    comment: str = ""
    annotations: tuple[Annotation, ...] = ()


class _Creation(msgspec.Struct, frozen=True):
    created: str
    creators: tuple[str, ...]


class Relationship(msgspec.Struct, frozen=True, kw_only=True):
    """What one element is to another."""

    element: str = msgspec.field(name="spdxElementId")
    type: str = msgspec.field(name="relationshipType")
    related: str = msgspec.field(name="relatedSpdxElement")


class Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A document."""

    spdx_version: str = msgspec.field(name="spdxVersion")
    data_license: str = msgspec.field(name="dataLicense")
    identifier: str = msgspec.field(name="SPDXID")
    name: str
    document_namespace: str
    comment: str = ""
    creation_info: _Creation
    packages: tuple[SpdxPackage, ...]
    relationships: tuple[Relationship, ...]


def document_of(
    contents: Contents,
    image: SpdxPackage,
    packages: Iterable[SpdxPackage],
    *,
    identity: object,
    form: str,
    moment: datetime,
    version: str,
    comment: str,
) -> Document:
    """Return the document of an image.

    Args:
        contents: The image.
        image: Its package, from `image_package`.
        packages: What is in it, from `spdx_packages`.
        identity: What the namespace is made of: all that the document says but the clock.
        form: Name of the form, which enters the namespace too.
        moment: The clock; it is the time of creation.
        version: Of basewise.
        comment: Of the document, "" for none.
    """
    inside = (*_distro(contents), *packages)
    contains = (
        Relationship(element=IMAGE, type="CONTAINS", related=package.identifier) for package in inside
    )
    return Document(
        spdx_version="SPDX-2.3",
        data_license="CC0-1.0",
        identifier=_DOCUMENT,
        name=contents.image.reference,
        document_namespace=f"urn:uuid:{content_uuid(form, identity)}",
        comment=comment,
        creation_info=_Creation(
            created=format_moment(moment),
            creators=(f"Tool: basewise-{version}",),
        ),
        packages=(image, *inside),
        relationships=(Relationship(element=_DOCUMENT, type="DESCRIBES", related=IMAGE), *contains),
    )


def image_package(image: SbomImage) -> SpdxPackage:
    """Return the package that is the image."""
    sha256 = sha256_of(image)
    purl = image_purl(image)
    layers = ", ".join(layer.digest or layer.diff_id or "not stored" for layer in image.layers)
    return SpdxPackage(
        identifier=IMAGE,
        name=image.reference,
        download_location=_NOT_STATED,
        files_analyzed=False,
        version_info=image.digest or image.config_digest or "",
        primary_package_purpose="CONTAINER",
        checksums=(_Checksum("SHA256", sha256),) if sha256 else (),
        external_refs=(ExternalReference(reference_locator=purl),) if purl else (),
        source_info=f"platform {image.platform}; layers from the lowest up: {layers}",
    )


def _distro(contents: Contents) -> Iterator[SpdxPackage]:
    if contents.distro is not None and contents.distro.id:
        yield SpdxPackage(
            identifier=f"SPDXRef-Distro-{short_hash(contents.distro.id, contents.distro.version)}",
            name=contents.distro.id,
            download_location=_NOT_STATED,
            files_analyzed=False,
            version_info=contents.distro.version,
            primary_package_purpose="OPERATING-SYSTEM",
        )


def spdx_packages(contents: Contents) -> Iterator[SpdxPackage]:
    """Yield what stands for each package of an image, in their order, each with an id of its own."""
    seen: Counter[str] = Counter()
    for package in contents.packages:
        purl = package_purl(package, contents.distro)
        name = _OUTSIDE_ID.sub("-", package.name)[:_MAX_ID_NAME]
        unique = short_hash(purl, package.location)
        identifier = numbered(f"SPDXRef-{package.type}-{name}-{unique}", seen)
        interpreter = package.type is PackageType.CPYTHON
        yield SpdxPackage(
            identifier=identifier,
            name="python" if interpreter else package.name,
            download_location=_NOT_STATED,
            files_analyzed=False,
            version_info=package.version,
            primary_package_purpose="APPLICATION" if interpreter else "LIBRARY",
            external_refs=(ExternalReference(reference_locator=purl),) if package.name else (),
            source_info=_origin(package, contents.image),
        )


def _origin(package: SbomPackage, image: SbomImage) -> str:
    said = [f"recorded in {package.location}"]
    if package.layer is not None:
        layer = image.layers[package.layer]
        said.append(f"layer {layer.index} ({layer.digest or layer.diff_id or 'not stored'})")
    if package.source is not None:
        said.append(f"built from source package {package.source} {package.source_version or ''}".rstrip())
    if package.owner is not None:
        said.append(f"brought by {package.owner.type} package {package.owner.name}")
    return "; ".join(said)
