"""Packages that an SBOM states, in SPDX or CycloneDX: what somebody else's scanner wrote about an image.

Reference:
    SPDX specification 2.3, clause 7; ECMA-424, CycloneDX 1.6; ECMA-427, Package-URL specification.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import ImageError
from basewise.model.package import Package, PackageType

__all__ = ["StatedPackages", "read_cyclonedx_statement", "read_spdx_statement"]

MAX_PACKAGES = 100_000
_OS_TYPES = {"deb": PackageType.DEB, "apk": PackageType.APK, "rpm": PackageType.RPM}
_INTERPRETERS = frozenset({"python", "cpython"})


class StatedPackages(msgspec.Struct, frozen=True, kw_only=True):
    """What a document states.

    Args:
        packages: OS packages, sorted.
        distros: `debian-13`, as its package URLs say; more than one is a contradiction.
        pythons: Versions of CPython that no OS package brought, sorted.
    """

    packages: tuple[Package, ...]
    distros: tuple[str, ...]
    pythons: tuple[str, ...]


class _Reference(msgspec.Struct, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""


class _Package(msgspec.Struct, rename="camel"):
    external_refs: list[_Reference] = []


class _Document(msgspec.Struct, rename="camel"):
    spdx_version: str
    packages: list[_Package] = []


class _Component(msgspec.Struct):
    purl: str | None = None
    components: list[_Component] = []


class _Bom(msgspec.Struct, rename="camel"):
    bom_format: str
    spec_version: str
    components: list[_Component] = []


class _Purl(msgspec.Struct, frozen=True):
    kind: str
    name: str
    version: str
    qualifiers: dict[str, str]


def read_spdx_statement(document: bytes) -> StatedPackages:
    """Read the packages of an SPDX document in JSON by their package URLs.

    Raises:
        ImageError: It is no SPDX 2 document, or has more packages than any image.
    """
    try:
        stated = msgspec.json.decode(document, type=prepared(_Document))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(f"the SBOM is no SPDX document: {error}") from error
    if not stated.spdx_version.startswith("SPDX-2.") or len(stated.packages) > MAX_PACKAGES:
        raise ImageError("the SBOM is of another version of SPDX, or has too many packages")
    return _stated(
        reference.reference_locator
        for package in stated.packages
        for reference in package.external_refs
        if reference.reference_type == "purl"
    )


def read_cyclonedx_statement(document: bytes) -> StatedPackages:
    """Read the packages of a CycloneDX document in JSON by their package URLs, those inside others too.

    Raises:
        ImageError: It is no CycloneDX 1 document, or has more components than any image.
    """
    try:
        stated = msgspec.json.decode(document, type=prepared(_Bom))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(f"the SBOM is no CycloneDX document: {error}") from error
    if stated.bom_format != "CycloneDX" or not stated.spec_version.startswith("1."):
        raise ImageError("the SBOM is of another version of CycloneDX")
    components = list(stated.components)
    for component in components:  # grows by what lies inside, level by level
        components.extend(component.components)
        if len(components) > MAX_PACKAGES:
            raise ImageError("the SBOM has too many packages")
    return _stated(component.purl for component in components if component.purl)


def _stated(locators: Iterable[str]) -> StatedPackages:
    packages: set[Package] = set()
    distros: set[str] = set()
    pythons: set[str] = set()
    for purl in filter(None, map(_parse_purl, locators)):
        if purl.kind in _OS_TYPES and purl.name and purl.version:
            packages.add(_package(purl))
            distros.add(purl.qualifiers.get("distro", ""))
        elif purl.kind == "generic" and purl.name in _INTERPRETERS and purl.version:
            pythons.add(purl.version)
    return StatedPackages(
        packages=tuple(sorted(packages)), distros=tuple(sorted(distros)), pythons=tuple(sorted(pythons))
    )


def _parse_purl(text: str) -> _Purl | None:
    """Read `pkg:type/namespace/name@version?key=value`; None for anything else."""
    scheme, _, rest = text.partition(":")
    rest = rest.partition("#")[0]
    path, _, stated = rest.partition("?")
    kind, _, path = path.strip("/").partition("/")
    if scheme != "pkg" or not path:
        return None
    named, at, version = path.rpartition("@")
    name = (named if at else version).rpartition("/")[2]
    qualifiers = dict(part.partition("=")[::2] for part in stated.split("&") if "=" in part)
    return _Purl(
        kind.lower(),
        unquote(name),
        unquote(version) if at else "",
        {key.lower(): unquote(value) for key, value in qualifiers.items()},
    )


def _package(purl: _Purl) -> Package:
    source, _, source_version = purl.qualifiers.get("upstream", "").partition("@")
    epoch = purl.qualifiers.get("epoch", "")
    version = f"{epoch}:{purl.version}" if purl.kind == "rpm" and epoch not in {"", "0"} else purl.version
    return Package(
        type=_OS_TYPES[purl.kind],
        name=purl.name,
        version=version,
        arch=purl.qualifiers.get("arch"),
        source=source or purl.name,
        source_version=source_version or version,
    )
