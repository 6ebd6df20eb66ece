"""CycloneDX: the document that vulnerability scanners and dependency trackers read.

Reference:
    ECMA-424, CycloneDX 1.6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from basewise.model.package import PackageType
from basewise.model.sbom import Sbom, SbomImage, SbomPackage
from basewise.report.json_document import encode_json
from basewise.report.purl import image_purl, package_purl

__all__ = ["content_uuid", "render_cyclonedx", "short_hash"]

_IMAGE = "image"
_REFERENCE_CHARACTERS = 16
_VERSION_FIELD = 5


class _Property(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Hash(msgspec.Struct, frozen=True):
    alg: str
    content: str


class _Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    type: str
    reference: str = msgspec.field(name="bom-ref")
    name: str
    version: str = ""
    hashes: tuple[_Hash, ...] = ()
    cpe: str = ""
    purl: str | None = None
    properties: tuple[_Property, ...] = ()


class _Tool(msgspec.Struct, frozen=True, kw_only=True):
    type: str = "application"
    name: str = "basewise"
    version: str


class _Tools(msgspec.Struct, frozen=True):
    components: tuple[_Tool, ...]


class _Metadata(msgspec.Struct, frozen=True, kw_only=True):
    timestamp: str
    tools: _Tools
    component: _Component


class _Composition(msgspec.Struct, frozen=True):
    aggregate: str
    assemblies: tuple[str, ...]


class _Bom(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    bom_format: str = "CycloneDX"
    spec_version: str = "1.6"
    serial_number: str
    version: int = 1
    metadata: _Metadata
    components: tuple[_Component, ...]
    compositions: tuple[_Composition, ...]


def render_cyclonedx(sbom: Sbom, *, moment: datetime, version: str) -> str:
    """Return the document in JSON, with a line end.

    Args:
        sbom: What is inside the image.
        moment: The clock; it is the timestamp and enters nothing else.
        version: Of basewise.
    """
    components = (*_distro(sbom), *_packages(sbom))
    bom = _Bom(
        serial_number=f"urn:uuid:{content_uuid('cyclonedx', sbom)}",
        metadata=_Metadata(
            timestamp=moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            tools=_Tools((_Tool(version=version),)),
            component=_image(sbom),
        ),
        components=components,
        compositions=(_Composition("complete" if sbom.coverage.complete else "incomplete", (_IMAGE,)),),
    )
    return encode_json(bom).decode("ascii")


def content_uuid(form: str, sbom: Sbom) -> UUID:
    """Return an identifier that the content and the form decide: the same image gives the same one."""
    hashed = hashlib.sha256(form.encode() + b"\0" + encode_json(sbom)).digest()
    return UUID(bytes=hashed[:16], version=_VERSION_FIELD)


def short_hash(*parts: str) -> str:
    """Return 16 hexadecimal digits for a tuple of texts."""
    text = "\0".join(parts).encode("utf-8", "backslashreplace")
    return hashlib.sha256(text).hexdigest()[:_REFERENCE_CHARACTERS]


def _image(sbom: Sbom) -> _Component:
    image = sbom.image
    digest = image.digest or image.config_digest
    stated = [
        ("basewise:image:platform", image.platform),
        ("basewise:image:index-digest", image.index_digest),
        ("basewise:image:manifest-digest", image.digest),
        ("basewise:image:config-digest", image.config_digest),
        ("basewise:image:created", image.created),
        ("basewise:size:compressed-bytes", image.size.compressed_bytes),
        ("basewise:size:disk-bytes", image.size.disk_bytes),
        ("basewise:coverage:complete", str(sbom.coverage.complete).lower()),
    ]
    stated += [
        ("basewise:coverage:not-covered", f"{said.what}: {said.why}") for said in sbom.coverage.not_covered
    ]
    for layer in image.layers:
        stated.append((f"basewise:layer:{layer.index}:digest", layer.digest))
        stated.append((f"basewise:layer:{layer.index}:diff-id", layer.diff_id))
    return _Component(
        type="container",
        reference=_IMAGE,
        name=image.reference,
        version=digest or "",
        hashes=(_Hash("SHA-256", image.digest.partition(":")[2]),)
        if (image.digest or "").startswith("sha256:") and image.digest
        else (),
        purl=image_purl(image),
        properties=_properties(stated),
    )


def _distro(sbom: Sbom) -> Iterable[_Component]:
    if sbom.distro is None or not sbom.distro.id:
        return ()
    name, version = sbom.distro.id, sbom.distro.version
    properties = _properties([("basewise:distro:codename", sbom.distro.codename or None)])
    return (
        _Component(
            type="operating-system",
            reference=f"distro-{short_hash(name, version)}",
            name=name,
            version=version,
            properties=properties,
        ),
    )


def _packages(sbom: Sbom) -> Iterable[_Component]:
    seen: dict[str, int] = {}
    for package in sbom.packages:
        purl = package_purl(package, sbom.distro)
        reference = f"{package.type}-{short_hash(purl, package.location)}"
        seen[reference] = seen.get(reference, 0) + 1
        if seen[reference] > 1:
            reference = f"{reference}-{seen[reference]}"
        interpreter = package.type is PackageType.CPYTHON
        yield _Component(
            type="application" if interpreter else "library",
            reference=reference,
            name="python" if interpreter else package.name,
            version=package.version,
            cpe=_cpe(package.version) if interpreter else "",
            purl=purl,
            properties=_properties(_package_facts(package, sbom.image)),
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


def _properties(stated: Iterable[tuple[str, object]]) -> tuple[_Property, ...]:
    return tuple(_Property(name, str(value)) for name, value in stated if value is not None)


def _cpe(version: str) -> str:
    """Return the name of an interpreter in the dictionary of NIST; a pre-release stands in the update field."""
    release = (
        version.rstrip("0123456789").rstrip("abrc") if not version.replace(".", "").isdigit() else version
    )
    update = version[len(release) :] or "*"
    return f"cpe:2.3:a:python:python:{release}:{update}:*:*:*:*:*:*"
