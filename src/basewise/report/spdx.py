"""SPDX 2.3: the document that licence and supply-chain tools read.

Reference:
    SPDX specification 2.3, clauses 6 (document), 7 (packages) and 11 (relationships).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from basewise.model.package import PackageType
from basewise.model.sbom import Sbom, SbomImage, SbomPackage
from basewise.report.cyclonedx import content_uuid, short_hash
from basewise.report.json_document import encode_json
from basewise.report.purl import image_purl, package_purl

__all__ = ["render_spdx"]

_DOCUMENT, _IMAGE = "SPDXRef-DOCUMENT", "SPDXRef-Image"
_NOT_STATED = "NOASSERTION"
_OUTSIDE_ID = re.compile(r"[^A-Za-z0-9.-]+")
_MAX_ID_NAME = 60


class _ExternalReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    reference_category: str = "PACKAGE-MANAGER"
    reference_type: str = "purl"
    reference_locator: str


class _Checksum(msgspec.Struct, frozen=True, rename="camel"):
    algorithm: str
    checksum_value: str


class _Package(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    identifier: str = msgspec.field(name="SPDXID")
    name: str
    version_info: str = ""
    download_location: str = msgspec.field(name="downloadLocation")
    files_analyzed: bool = msgspec.field(name="filesAnalyzed")
    primary_package_purpose: str = ""
    checksums: tuple[_Checksum, ...] = ()
    external_refs: tuple[_ExternalReference, ...] = ()
    source_info: str = ""
    comment: str = ""


class _Creation(msgspec.Struct, frozen=True):
    created: str
    creators: tuple[str, ...]


class _Relationship(msgspec.Struct, frozen=True, kw_only=True):
    element: str = msgspec.field(name="spdxElementId")
    type: str = msgspec.field(name="relationshipType")
    related: str = msgspec.field(name="relatedSpdxElement")


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    spdx_version: str = msgspec.field(name="spdxVersion")
    data_license: str = msgspec.field(name="dataLicense")
    identifier: str = msgspec.field(name="SPDXID")
    name: str
    document_namespace: str
    comment: str = ""
    creation_info: _Creation
    packages: tuple[_Package, ...]
    relationships: tuple[_Relationship, ...]


def render_spdx(sbom: Sbom, *, moment: datetime, version: str) -> str:
    """Return the document in JSON, with a line end.

    Args:
        sbom: What is inside the image.
        moment: The clock; it is the time of creation and enters nothing else.
        version: Of basewise.
    """
    inside = (*_distro(sbom), *_packages(sbom))
    contains = (
        _Relationship(element=_IMAGE, type="CONTAINS", related=package.identifier) for package in inside
    )
    document = _Document(
        spdx_version="SPDX-2.3",
        data_license="CC0-1.0",
        identifier=_DOCUMENT,
        name=sbom.image.reference,
        document_namespace=f"urn:uuid:{content_uuid('spdx', sbom)}",
        comment=_coverage(sbom),
        creation_info=_Creation(
            created=moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            creators=(f"Tool: basewise-{version}",),
        ),
        packages=(_image(sbom.image), *inside),
        relationships=(_Relationship(element=_DOCUMENT, type="DESCRIBES", related=_IMAGE), *contains),
    )
    return encode_json(document).decode("ascii")


def _coverage(sbom: Sbom) -> str:
    if sbom.coverage.complete:
        return ""
    said = "; ".join(f"{item.what}: {item.why}" for item in sbom.coverage.not_covered)
    return f"incomplete, not covered: {said}"


def _image(image: SbomImage) -> _Package:
    digest = image.digest or ""
    purl = image_purl(image)
    layers = ", ".join(layer.digest or layer.diff_id or "not stored" for layer in image.layers)
    return _Package(
        identifier=_IMAGE,
        name=image.reference,
        download_location=_NOT_STATED,
        files_analyzed=False,
        version_info=digest or image.config_digest or "",
        primary_package_purpose="CONTAINER",
        checksums=(_Checksum("SHA256", digest.partition(":")[2]),) if digest.startswith("sha256:") else (),
        external_refs=(_ExternalReference(reference_locator=purl),) if purl else (),
        source_info=f"platform {image.platform}; layers from the lowest up: {layers}",
    )


def _distro(sbom: Sbom) -> Iterator[_Package]:
    if sbom.distro is not None and sbom.distro.id:
        yield _Package(
            identifier=f"SPDXRef-Distro-{short_hash(sbom.distro.id, sbom.distro.version)}",
            name=sbom.distro.id,
            download_location=_NOT_STATED,
            files_analyzed=False,
            version_info=sbom.distro.version,
            primary_package_purpose="OPERATING-SYSTEM",
        )


def _packages(sbom: Sbom) -> Iterator[_Package]:
    seen: dict[str, int] = {}
    for package in sbom.packages:
        purl = package_purl(package, sbom.distro)
        name = _OUTSIDE_ID.sub("-", package.name)[:_MAX_ID_NAME]
        identifier = f"SPDXRef-{package.type}-{name}-{short_hash(purl, package.location)}"
        seen[identifier] = seen.get(identifier, 0) + 1
        if seen[identifier] > 1:
            identifier = f"{identifier}-{seen[identifier]}"
        interpreter = package.type is PackageType.CPYTHON
        yield _Package(
            identifier=identifier,
            name="python" if interpreter else package.name,
            download_location=_NOT_STATED,
            files_analyzed=False,
            version_info=package.version,
            primary_package_purpose="APPLICATION" if interpreter else "LIBRARY",
            external_refs=(_ExternalReference(reference_locator=purl),),
            source_info=_origin(package, sbom.image),
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
