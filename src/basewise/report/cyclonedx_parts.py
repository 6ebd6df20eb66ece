"""The parts of a CycloneDX document that an SBOM and a scan share: the image and what is in it.

Reference:
    ECMA-424, CycloneDX 1.6.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from basewise._internal.text import format_moment
from basewise.model.choice import CandidateDistro
from basewise.model.evidence import Coverage
from basewise.model.package import PackageType
from basewise.model.sbom import SbomImage, SbomPackage
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.purl import image_purl, package_purl, sha256_of
from basewise.report.short_hash import numbered, short_hash

__all__ = [
    "IMAGE",
    "Bom",
    "Component",
    "Composition",
    "Contents",
    "Property",
    "bom_of",
    "content_uuid",
    "package_components",
    "properties_of",
]

IMAGE = "image"
_VERSION_FIELD = 5
_PYTHON_VERSION = re.compile(r"([0-9]+(?:\.[0-9]+)*)((?:a|b|rc)[0-9]+)?")


class Contents(Protocol):
    """An image and what is in it, as `Sbom` and `Scan` both hold it."""

    @property
    def image(self) -> SbomImage:
        """Which image."""

    @property
    def distro(self) -> CandidateDistro | None:
        """Its distribution."""

    @property
    def packages(self) -> tuple[SbomPackage, ...]:
        """Its packages."""

    @property
    def coverage(self) -> Coverage:
        """What was not seen."""


class Property(msgspec.Struct, frozen=True):
    """A name and a value."""

    name: str
    value: str


class _Hash(msgspec.Struct, frozen=True):
    alg: str
    content: str


class Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the image holds, or the image."""

    type: str
    reference: str = msgspec.field(name="bom-ref")
    name: str
    version: str = ""
    hashes: tuple[_Hash, ...] = ()
    cpe: str = ""
    purl: str | None = None
    properties: tuple[Property, ...] = ()


class _Tool(msgspec.Struct, frozen=True, kw_only=True):
    type: str = "application"
    name: str = "basewise"
    version: str


class _Tools(msgspec.Struct, frozen=True):
    components: tuple[_Tool, ...]


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the document is about, and who wrote it when."""

    timestamp: str
    tools: _Tools
    component: Component
    properties: tuple[Property, ...] = ()


class Composition(msgspec.Struct, frozen=True):
    """Whether all parts are known."""

    aggregate: str
    assemblies: tuple[str, ...]


class Bom(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A document; `vulnerabilities` is left out where nothing was looked for."""

    bom_format: str = "CycloneDX"
    spec_version: str = "1.6"
    serial_number: str
    version: int = 1
    metadata: Metadata
    components: tuple[Component, ...]
    compositions: tuple[Composition, ...]
    vulnerabilities: tuple[msgspec.Struct, ...] | msgspec.UnsetType = msgspec.UNSET


def bom_of(
    contents: Contents,
    components: Iterable[Component],
    *,
    identity: object,
    form: str,
    moment: datetime,
    version: str,
    properties: tuple[Property, ...] = (),
    vulnerabilities: tuple[msgspec.Struct, ...] | msgspec.UnsetType = msgspec.UNSET,
) -> Bom:
    """Return the document of an image.

    Args:
        contents: The image.
        components: Of its packages, from `package_components`.
        identity: What the serial number is made of: all that the document says but the clock.
        form: Name of the form, which enters the serial number too.
        moment: The clock; it is the timestamp.
        version: Of basewise.
        properties: Of the document.
        vulnerabilities: What is wrong with the components; left out where nothing was looked for.
    """
    return Bom(
        serial_number=f"urn:uuid:{content_uuid(form, identity)}",
        metadata=Metadata(
            timestamp=format_moment(moment),
            tools=_Tools((_Tool(version=version),)),
            component=_image(contents),
            properties=properties,
        ),
        components=(*_distro(contents), *components),
        compositions=(Composition("complete" if contents.coverage.complete else "incomplete", (IMAGE,)),),
        vulnerabilities=vulnerabilities,
    )


def content_uuid(form: str, content: object) -> UUID:
    """Return an identifier that the content and the form decide: the same image gives the same one."""
    hashed = hashlib.sha256(form.encode() + b"\0" + encode_json(content)).digest()
    return UUID(bytes=hashed[:16], version=_VERSION_FIELD)


def _image(contents: Contents) -> Component:
    image = contents.image
    digest = image.digest or image.config_digest
    stated = [
        ("basewise:image:platform", image.platform),
        ("basewise:image:index-digest", image.index_digest),
        ("basewise:image:manifest-digest", image.digest),
        ("basewise:image:config-digest", image.config_digest),
        ("basewise:image:created", image.created),
        ("basewise:size:compressed-bytes", image.size.compressed_bytes),
        ("basewise:size:disk-bytes", image.size.disk_bytes),
        ("basewise:coverage:complete", str(contents.coverage.complete).lower()),
    ]
    stated += [
        ("basewise:coverage:not-covered", plain_line(f"{said.what}: {said.why}"))
        for said in contents.coverage.not_covered
    ]
    for layer in image.layers:
        stated.append((f"basewise:layer:{layer.index}:digest", layer.digest))
        stated.append((f"basewise:layer:{layer.index}:diff-id", layer.diff_id))
    return Component(
        type="container",
        reference=IMAGE,
        name=image.reference,
        version=digest or "",
        hashes=(_Hash("SHA-256", hexadecimal),) if (hexadecimal := sha256_of(image)) else (),
        purl=image_purl(image),
        properties=properties_of(stated),
    )


def _distro(contents: Contents) -> Iterable[Component]:
    if contents.distro is None or not contents.distro.id:
        return ()
    name, version = contents.distro.id, contents.distro.version
    properties = properties_of([("basewise:distro:codename", contents.distro.codename or None)])
    return (
        Component(
            type="operating-system",
            reference=f"distro-{short_hash(name, version)}",
            name=name,
            version=version,
            properties=properties,
        ),
    )


def package_components(contents: Contents) -> Iterator[Component]:
    """Yield a component for each package, in their order, each with a reference of its own."""
    seen: Counter[str] = Counter()
    for package in contents.packages:
        purl = package_purl(package, contents.distro)
        reference = numbered(f"{package.type}-{short_hash(purl, package.location)}", seen)
        interpreter = package.type is PackageType.CPYTHON
        yield Component(
            type="application" if interpreter else "library",
            reference=reference,
            name="python" if interpreter else package.name,
            version=package.version,
            cpe=_cpe(package.version) if interpreter else "",
            purl=purl,
            properties=properties_of(_package_facts(package, contents.image)),
        )


def _package_facts(package: SbomPackage, image: SbomImage) -> list[tuple[str, object]]:
    layer = image.layers[package.layer] if package.layer is not None else None
    return [
        ("basewise:package:type", str(package.type)),
        ("basewise:package:location", package.location),
        ("basewise:package:arch", package.arch),
        ("basewise:package:source", package.source),
        ("basewise:package:source-version", package.source_version),
        ("basewise:package:owner", f"{package.owner.type} {package.owner.name}" if package.owner else None),
        ("basewise:package:installer", package.installer or None),
        ("basewise:package:direct", package.direct or None),
        ("basewise:package:files-changed", "true" if package.files_changed else None),
        ("basewise:layer:index", layer.index if layer else None),
        ("basewise:layer:digest", layer.digest if layer else None),
        ("basewise:layer:diff-id", layer.diff_id if layer else None),
    ]


def properties_of(stated: Iterable[tuple[str, object]]) -> tuple[Property, ...]:
    """Return the properties that have a value."""
    return tuple(Property(name, str(value)) for name, value in stated if value is not None)


def _cpe(version: str) -> str:
    """Return the name of an interpreter in the dictionary of NIST; a pre-release stands in the update field."""
    found = _PYTHON_VERSION.fullmatch(version)
    return f"cpe:2.3:a:python:python:{found[1]}:{found[2] or '*'}:*:*:*:*:*:*" if found else ""
