"""Packages of Alpine, Wolfi and Chainguard: apk's database of installed packages, in both of its places.

Reference:
    apk-tools, the file format of the installed database (`apk-v2(5)`, section on index fields).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.inventory.database import (
    Database,
    Record,
    decode_database,
    first_layers,
    installed_packages,
    is_field,
    owned_files,
    owners,
    problems_of,
)
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Owner
from basewise.model.package import PackageType

__all__ = ["ApkCataloger", "read_installed"]

DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_TRACES = ("sbin/apk", "usr/bin/apk", "usr/sbin/apk", "etc/apk/world", "etc/alpine-release")
_FAMILY = frozenset({"alpine", "wolfi", "chainguard"})
_CHECKSUM = re.compile(rb"(Q1|Q2)([A-Za-z0-9+/]+=*)\Z")
_ALGORITHMS = {b"Q1": ("sha1", 20), b"Q2": ("sha256", 32)}
_MAX_RECORD_LINES = 2_000_000


class ApkCataloger:
    """Finds `apk` packages."""

    name = "apk"
    version = 2
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = DATABASES
    max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:  # noqa: ARG002 - of the protocol; both places hold the same
        """Keep the records."""
        return read_installed(content).encode()

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the packages, their layers and their files."""
        tree = view.tree
        found: dict[tuple[str, str, str | None], InstalledPackage] = {}
        owned: dict[str, Owner] = {}
        checksums: dict[str, str] = {}
        not_covered: list[NotCovered] = []
        for path in dict.fromkeys(real for place in DATABASES if (real := tree.resolve(place)) is not None):
            database = decode_database(tree.condensed(path, self.name))
            if database is None:
                not_covered.append(NotCovered(f"packages of `{path}`", "it is too large or no file"))
                continue
            history = tree.condensed_history(path, self.name)
            layers = first_layers([(layer, decode_database(kept)) for layer, kept in history])
            for one in installed_packages(PackageType.APK, database, path, layers):
                found.setdefault((one.package.name, one.package.version, one.package.arch), one)
            files, sums = owners(PackageType.APK, database, tree)
            owned.update(files)
            checksums.update(sums)
            not_covered += problems_of(database, path)
        if not found and not not_covered:
            not_covered += _traces(view)
        return CatalogResult(
            packages=tuple(sorted(found.values())),
            owned=owned,
            checksums=checksums,
            not_covered=tuple(not_covered),
        )


def read_installed(content: bytes) -> Database:
    """Read apk's database of installed packages.

    Args:
        content: The whole file: records of lines `X:value`, parted by empty lines.

    Returns:
        The packages, with a count of records that have no usable name or version.
    """
    problems = []
    content = content.replace(b"\r\n", b"\n")
    if content and not content.endswith(b"\n"):
        problems.append("the file ends in the middle of a line; what came after is not known")
    records = [_read_record(record) for record in content.split(b"\n\n") if record.strip()]
    usable = tuple(record for record in records if record is not None)
    if not records:
        problems.append("it lists no installed package")
    return Database(usable, (), len(records) - len(usable), tuple(problems))


def _read_record(record: bytes) -> Record | None:
    fields: dict[str, str] = {}
    lines = record.strip(b"\n").split(b"\n")
    for line in lines:
        if line[:2] in {b"P:", b"V:", b"A:", b"o:", b"C:"}:
            fields.setdefault(chr(line[0]), line[2:].decode("utf-8", "replace"))
    name, version, arch = fields.get("P", ""), fields.get("V", ""), fields.get("A")
    if not is_field(name) or not is_field(version) or (arch is not None and not is_field(arch)):
        return None
    checksum = fields.get("C")
    if checksum is not None and not _CHECKSUM.match(checksum.encode()):
        return None
    origin = fields.get("o")
    if origin is not None and not is_field(origin):
        return None
    files = tuple(_files(lines)) if b"-info" in record or b"python" in record else ()
    return Record(name, version, arch, origin, version if origin is not None else None, "", files)


def _files(lines: list[bytes]) -> Iterator[tuple[str, str]]:
    """Yield path and checksum of the files that another cataloger may ask for."""
    directory = b""
    wanted: str | None = None
    checksum = ""
    for line in lines[:_MAX_RECORD_LINES]:
        letter = line[:2]
        if letter in {b"F:", b"R:"} and wanted is not None:
            yield wanted, checksum
            wanted = None
        if letter == b"F:":
            directory = line[2:]
        elif letter == b"R:":
            path = directory + b"/" + line[2:] if directory else line[2:]
            checksum = ""
            if owned_files([path]) and path.isascii():
                wanted = path.decode("ascii")
        elif letter == b"Z:" and wanted is not None:
            checksum = _read_checksum(line[2:])
    if wanted is not None:
        yield wanted, checksum


def _read_checksum(text: bytes) -> str:
    """Return a checksum in hex with its algorithm, "" for one that cannot be read."""
    match = _CHECKSUM.match(text)
    if match is None:
        return ""
    algorithm, size = _ALGORITHMS[match[1]]
    try:
        value = base64.b64decode(match[2], validate=True)
    except binascii.Error:
        return ""
    return f"{algorithm}:{value.hex()}" if len(value) == size else ""


def _traces(view: ImageView) -> list[NotCovered]:
    """Return what shows that apk installed packages of which no database is left."""
    left = [path for path in _TRACES if path in view.tree]
    if view.distro is not None and view.distro.id in _FAMILY:
        return [NotCovered("apk packages", f"this is {view.distro} without a package database")]
    return [NotCovered("apk packages", f"`{left[0]}` is there, and no package database")] if left else []
