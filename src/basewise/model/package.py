"""Installed packages, and how a list of them is known."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Basis", "BasisKind", "Package", "PackageType"]


class PackageType(StrEnum):
    """Which package manager, or build, put a package there."""

    DEB = "deb"
    APK = "apk"
    RPM = "rpm"
    PYPI = "pypi"
    CONDA = "conda"
    CPYTHON = "cpython"


class Package(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One installed thing. For an OS package, `source` names its source package.

    `source` and `source_version` are None when unknown (the apk lists of the catalogue); a package
    without a source of another name carries its own name and version there.
    """

    type: PackageType
    name: str
    version: str
    arch: str | None = None
    source: str | None = None
    source_version: str | None = None


class BasisKind(StrEnum):
    """How a list is known: read, taken from a sibling, worked out, or not known."""

    EXACT = "exact"
    INFERRED = "inferred"
    COMPUTED = "computed"
    UNKNOWN = "unknown"


class Basis(msgspec.Struct, frozen=True):
    """How a list is known, with the source or the method in `detail`."""

    kind: BasisKind
    detail: str = ""

    def __str__(self) -> str:
        return (
            f"{self.kind}({self.detail})"
            if self.detail and self.kind is not BasisKind.EXACT
            else str(self.kind)
        )
