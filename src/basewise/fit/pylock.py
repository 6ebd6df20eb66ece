"""Reading what uv resolved: its `pylock.toml` output.

Reference: PEP 751, as specified in the Python packaging specification for `pylock.toml`.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import ResolveError
from basewise.model.requirement import DistributionFile, ResolvedPackage

__all__ = ["read_pylock"]

_MAX_PACKAGES = 20_000


class _File(msgspec.Struct, rename="kebab"):
    url: str | None = None
    path: str | None = None
    name: str | None = None
    size: int | None = None
    hashes: dict[str, str] = {}


class _Package(msgspec.Struct, rename="kebab"):
    name: str
    version: str = ""
    marker: str = ""
    wheels: list[_File] = []
    sdist: _File | None = None


class _Lock(msgspec.Struct, rename="kebab"):
    packages: list[_Package] = []


def read_pylock(text: str) -> tuple[ResolvedPackage, ...]:
    """Return the packages of a lock that uv wrote, sorted.

    Raises:
        ResolveError: It does not parse.
    """
    try:
        lock = msgspec.toml.decode(text, type=prepared(_Lock))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ResolveError(
            f"the resolver's answer cannot be read: {error}",
            hint="check that `uv --version` is one that basewise supports",
        ) from error
    if len(lock.packages) > _MAX_PACKAGES:
        raise ResolveError(
            f"the resolver names {len(lock.packages)} packages; at most {_MAX_PACKAGES} are read"
        )
    return tuple(sorted(_package(package) for package in lock.packages))


def _package(package: _Package) -> ResolvedPackage:
    wheels = [file for entry in package.wheels if (file := _file(entry)) is not None]
    return ResolvedPackage(
        name=package.name,
        version=package.version,
        marker=package.marker,
        wheels=tuple(sorted(wheels, key=lambda file: file.filename)),
        sdist=_file(package.sdist) if package.sdist is not None else None,
    )


def _file(entry: _File) -> DistributionFile | None:
    place = entry.name or entry.path or (urlsplit(entry.url).path if entry.url else "")
    filename = unquote(place.replace("\\", "/").rsplit("/", 1)[-1])
    if not filename:
        return None
    return DistributionFile(
        filename=filename, size_bytes=entry.size, sha256=entry.hashes.get("sha256"), url=entry.url
    )
