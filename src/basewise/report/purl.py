"""Package URLs: one name for a package in every tool.

Reference:
    ECMA-427, Package-URL specification; the type definitions `deb`, `apk`, `rpm`, `pypi`, `conda`, `generic` and `oci`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from basewise.errors import InvalidValueError
from basewise.model.choice import CandidateDistro
from basewise.model.package import PackageType
from basewise.model.reference import Reference
from basewise.model.sbom import SbomImage, SbomPackage

__all__ = ["image_purl", "package_purl", "sha256_of"]

_OS_TYPES = (PackageType.DEB, PackageType.APK, PackageType.RPM)
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
_PYPI_SEPARATORS = re.compile(r"[-_.]+")


def package_purl(package: SbomPackage, distro: CandidateDistro | None) -> str:
    """Return the package URL of an installed package.

    CPython that no package manager brought is `pkg:generic/python`, because no type has a registry for it.

    Args:
        package: The package.
        distro: Distribution of its image, which is the namespace of OS packages.
    """
    if package.type is PackageType.CPYTHON:
        return _purl("generic", "", "python", package.version)
    if package.type is PackageType.PYPI:
        return _purl("pypi", "", _PYPI_SEPARATORS.sub("-", package.name).lower(), package.version)
    if package.type not in _OS_TYPES:
        subdirectory = {"subdir": package.arch} if package.arch else {}
        return _purl(str(package.type), "", package.name.lower(), package.version, subdirectory)
    name, version = package.name, package.version
    qualifiers = {"arch": package.arch or "", "upstream": _upstream(package)}
    if package.type is PackageType.RPM:
        epoch, colon, rest = version.partition(":")
        version = rest if colon else version
        qualifiers["epoch"] = epoch if colon else ""
        qualifiers["rpmmod"] = package.module
    else:
        name = name.lower()
    if distro is not None and distro.id:
        qualifiers["distro"] = "-".join(filter(None, (distro.id, distro.version)))
    return _purl(str(package.type), (distro.id if distro else "").lower(), name, version, qualifiers)


def image_purl(image: SbomImage) -> str | None:
    """Return the package URL of an image of a registry; None where no registry or no digest is known."""
    digest = image.index_digest or image.digest
    try:
        reference = Reference.parse(image.reference)
    except InvalidValueError:
        return None
    if digest is None or str(reference) != image.reference:
        return None
    repository = f"{reference.registry}/{reference.repository}"
    qualifiers = {
        "arch": image.platform.partition("/")[2].partition("/")[0],
        "repository_url": repository.lower(),
        "tag": reference.tag or "",
    }
    return _purl("oci", "", reference.repository.rpartition("/")[2].lower(), digest, qualifiers)


def sha256_of(image: SbomImage) -> str:
    """Return the hexadecimal digits of an image's digest, "" where it has none of SHA-256."""
    found = _SHA256.fullmatch(image.digest or "")
    return found[1] if found else ""


def _upstream(package: SbomPackage) -> str:
    """Return the source package where it differs; scanners read this qualifier to match by source."""
    if package.source is None or package.source_version is None:
        return ""
    if package.source_version != package.version:
        return f"{package.source}@{package.source_version}"
    return package.source if package.source != package.name else ""


def _purl(
    kind: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str] | None = None
) -> str:
    parts = [f"pkg:{kind}", *([_encoded(namespace)] if namespace else []), _encoded(name)]
    text = "/".join(parts) + (f"@{_encoded(version)}" if version else "")
    stated = "&".join(
        f"{key}={_encoded(value)}" for key, value in sorted((qualifiers or {}).items()) if value
    )
    return f"{text}?{stated}" if stated else text


def _encoded(text: str) -> str:
    return quote(text, safe=":", errors="backslashreplace")
