"""Binary packages gathered under their source package: the unit in which vulnerabilities are counted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from basewise.errors import InvalidValueError
from basewise.model.package import Package

__all__ = ["SourceGroup", "group_by_source", "is_kernel_headers", "source_name"]

KERNEL_SOURCES = frozenset({"linux", "kernel", "linux-headers"})
KERNEL_HEADERS = ("linux-libc-dev", "linux-headers", "kernel-headers")
_REBUILD = re.compile(r"\+b\d+$", re.ASCII)
# Signed kernels come from a source of their own; advisories name the one that was signed. Debian's are of one
# architecture and write `6.1.90+1` for `6.1.90-1`, Ubuntu's keep the version.
_SIGNED = re.compile(
    r"linux-signed(?P<flavour>-[a-z0-9.-]+?)??(?P<debian>-(?:amd64|arm64|i386))?\Z", re.ASCII
)


class SourceGroup(msgspec.Struct, frozen=True, order=True):
    """One source package of an inventory.

    Args:
        name: Its name.
        version: Its version; where binary packages come from several, the oldest.
        comparable: The version is one of its ecosystem.
        representative: First binary package of that version, by name.
        binaries: Names of all binary packages of the source, sorted, each once.
    """

    name: str
    version: str
    comparable: bool
    representative: Package
    binaries: tuple[str, ...]


def group_by_source(
    packages: Iterable[Package], sort_key: Callable[[str], Any]
) -> tuple[tuple[SourceGroup, ...], tuple[str, ...]]:
    """Gather packages by their source.

    Args:
        packages: Packages of one ecosystem, in any order. A signed kernel counts to the source that was signed.
        sort_key: Order of its versions; raises `InvalidValueError` for a text that is none.

    Returns:
        Groups sorted by name, and the names of packages whose source is not known, sorted.
    """
    members: dict[str, list[Package]] = defaultdict(list)
    unknown: set[str] = set()
    for package in packages:
        if package.source is None:
            unknown.add(package.name)
        else:
            members[source_name(package.source)].append(package)
    groups = (_group(name, sorted(members[name], key=_by_name), sort_key) for name in sorted(members))
    return tuple(groups), tuple(sorted(unknown))


def is_kernel_headers(group: SourceGroup) -> bool:
    """Tell whether nothing but headers of the kernel's source is installed: no kernel runs from it."""
    return group.name in KERNEL_SOURCES and all(name.startswith(KERNEL_HEADERS) for name in group.binaries)


def _by_name(package: Package) -> tuple[str, str, str]:
    return package.name, package.version, package.arch or ""


def source_name(stated: str) -> str:
    """Return the source that advisories name: of a signed kernel the one that was signed.

    Args:
        stated: The source that a package states.
    """
    signed = _SIGNED.match(stated)
    return stated if signed is None else f"linux{signed['flavour'] or ''}"


def _source_version(package: Package) -> str:
    """Return the version of the source: stated, else the binary's without its rebuild suffix."""
    version = package.source_version or _REBUILD.sub("", package.version)
    signed = _SIGNED.match(package.source or "")
    return version.replace("+", "-", 1) if signed is not None and signed["debian"] else version


def _group(name: str, members: list[Package], sort_key: Callable[[str], Any]) -> SourceGroup:
    """Return the group of `members`; a version that cannot be compared is taken before all others."""
    versions = sorted({_source_version(package) for package in members})
    comparable = True
    version = versions[0]
    try:
        version = min(versions, key=sort_key)
    except InvalidValueError:
        comparable = False
        version = next(text for text in versions if not _is_comparable(text, sort_key))
    representative = next(package for package in members if _source_version(package) == version)
    binaries = tuple(sorted({package.name for package in members}))
    return SourceGroup(name, version, comparable, representative, binaries)


def _is_comparable(version: str, sort_key: Callable[[str], Any]) -> bool:
    try:
        sort_key(version)
    except InvalidValueError:
        return False
    return True
