"""What the databases of dpkg, apk and rpm come to: records, what was wrong with them, and which layer brought each.

A database is condensed when its layer is read, once in the layer's life, so that a warm run decodes a short list
instead of parsing megabytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.text import plural
from basewise.image.tree import FileTree
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Owner
from basewise.model.package import Package, PackageType

__all__ = [
    "MAX_FIELD_CHARACTERS",
    "Database",
    "Record",
    "decode_database",
    "first_layers",
    "installed_packages",
    "is_field",
    "may_be_owned",
    "owned_files",
    "owners",
    "problems_of",
    "real_path",
]

MAX_FIELD_CHARACTERS = 512
_FIELD = re.compile(r"(?!-)[!-~]+\Z")
# Paths that another cataloger may ask for: metadata of Python distributions, interpreters and their headers.
_PYTHON_ENDS = (b"METADATA", b"RECORD", b"INSTALLER", b".egg-info", b"PKG-INFO", b"patchlevel.h")
_PROGRAM, _LIBRARY = b"bin/python", b"libpython"
_PYTHON_PATH = re.compile(
    rb"""
    (?:.*/)?(?:
        [^/]+\.dist-info/(?:METADATA|RECORD|INSTALLER)
      | [^/]+\.egg-info(?:/PKG-INFO)?
      | bin/python[0-9]+\.[0-9]+[a-z]*
      | include/[^/]+/patchlevel\.h
      | libpython[^/]*\.so[0-9.]*
    )\Z
    """,
    re.VERBOSE | re.DOTALL,
)


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One package of a database.

    Args:
        files: Pairs of a path that may be asked for and its checksum, "" where none is recorded.
    """

    name: str
    version: str
    arch: str | None = None
    source: str | None = None
    source_version: str | None = None
    module: str = ""
    files: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What tells it from the others of its database."""
        return self.name, self.version, self.arch


class Database(msgspec.Struct, frozen=True):
    """A database that was read.

    Args:
        records: In the order of the file.
        others: Names that the file mentions of packages that are not installed.
        damaged: Number of records that could not be read.
        problems: What is wrong with the file as a whole.
    """

    records: tuple[Record, ...] = ()
    others: tuple[str, ...] = ()
    damaged: int = 0
    problems: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """Return what `decode_database` reads."""
        return msgspec.msgpack.encode(self)


def decode_database(content: bytes | None) -> Database | None:
    """Read what `Database.encode` wrote; None for None and for a remembered layer that is damaged."""
    if content is None:
        return None
    try:
        return msgspec.msgpack.decode(content, type=prepared(Database))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def is_field(text: str) -> bool:
    """Tell whether a text can be a name, a version or an architecture: printable ASCII, no space, not endless.

    None begins with a hyphen: commands that we write name packages, and such a name would be an option in them.
    """
    return len(text) <= MAX_FIELD_CHARACTERS and _FIELD.match(text) is not None


def owned_files(paths: Iterable[bytes]) -> list[bytes]:
    """Return those of `paths` that another cataloger may ask for."""
    return [path for path in paths if may_be_owned(path) and _PYTHON_PATH.match(path)]


def may_be_owned(path: bytes) -> bool:
    """Tell at a tenth of the cost of the pattern that another cataloger will not ask; also of a line that ends so."""
    return path.endswith(_PYTHON_ENDS) or _PROGRAM in path or _LIBRARY in path


def first_layers(history: Sequence[tuple[int, Database | None]]) -> dict[tuple[str, str, str | None], int]:
    """Return the layer that brought each record of the topmost database: where it came and has stayed since.

    Args:
        history: Layers that have the database, from the lowest up, None where it could not be read.
    """
    found: dict[tuple[str, str, str | None], int] = {}
    alive: set[tuple[str, str, str | None]] | None = None
    for layer, database in reversed(history):
        if database is None:
            break
        keys = {record.key for record in database.records}
        alive = keys if alive is None else alive & keys
        if not alive:
            break
        found.update(dict.fromkeys(alive, layer))
    return found


def installed_packages(
    kind: PackageType,
    database: Database,
    location: str,
    layers: Mapping[tuple[str, str, str | None], int],
) -> Iterable[InstalledPackage]:
    """Yield the packages of a database that stands at `location`."""
    for record in database.records:
        yield InstalledPackage(
            package=Package(
                type=kind,
                name=record.name,
                version=record.version,
                arch=record.arch,
                source=record.source,
                source_version=record.source_version,
            ),
            location=location,
            layer=layers.get(record.key),
            module=record.module,
        )


def problems_of(database: Database, location: str) -> Iterable[NotCovered]:
    """Yield what of a database could not be read."""
    if database.damaged:
        why = f"{plural(database.damaged, 'record is', 'records are')} damaged and left out"
        yield NotCovered(f"packages of `{location}`", why)
    for problem in database.problems:
        yield NotCovered(f"packages of `{location}`", problem)


def real_path(tree: FileTree, path: str) -> str | None:
    """Return where a path that a package owns stands: links among its directories followed, its own not."""
    directory, _, name = path.rpartition("/")
    real = tree.resolve(directory)
    if real is None:
        return None
    path = f"{real}/{name}" if real else name
    return path if path in tree else None


def owners(kind: PackageType, database: Database, tree: FileTree) -> tuple[dict[str, Owner], dict[str, str]]:
    """Return owner and checksum of the paths that the records name, each as its real path in the tree."""
    owned: dict[str, Owner] = {}
    checksums: dict[str, str] = {}
    for record in database.records:
        for path, checksum in record.files:
            real = real_path(tree, path)
            if real is None:
                continue
            owned[real] = Owner(kind, record.name)
            if checksum:
                checksums[real] = checksum
    return owned, checksums
