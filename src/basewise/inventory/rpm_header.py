"""Reading the header of an installed rpm package, as each of rpm's databases stores it.

The bytes come from an image: every offset is checked against the blob, every count has a limit, and whatever does
not hold together is a `RpmHeaderError`.

Reference:
    rpm, "RPM Package format", sections Header structure and Tags.
"""

from __future__ import annotations

import re
import struct

from basewise.inventory.database import Record, is_field, owned_files

__all__ = ["MAX_HEADER_BYTES", "RpmHeaderError", "read_rpm_header"]

MAX_HEADER_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 16_384
MAX_STRINGS = 1_000_000
_INTRODUCTION = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")
_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE_RPM = 1000, 1001, 1002, 1003, 1022, 1044
_DIGESTS, _DIRECTORY_INDEXES, _BASE_NAMES, _DIRECTORIES, _DIGEST_ALGORITHM = 1035, 1116, 1117, 1118, 5011
_MODULE = 5096
_TAGS = frozenset(
    {
        _NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE_RPM, _DIGESTS, _DIRECTORY_INDEXES, _BASE_NAMES,
        _DIRECTORIES, _DIGEST_ALGORITHM, _MODULE,
    }
)  # fmt: skip
_INT32, _STRING, _STRING_ARRAY, _I18N_STRING = 4, 6, 8, 9
_TEXT_TYPES = frozenset({_STRING, _STRING_ARRAY, _I18N_STRING})
_PUBLIC_KEY = "gpg-pubkey"
# PGPHASHALGO of rpm; what is not here cannot be compared.
_ALGORITHMS = {1: "md5", 2: "sha1", 8: "sha256"}
_SOURCE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?:no)?src\.rpm\Z")
_Entry = tuple[int, int, int]


class RpmHeaderError(Exception):
    """The bytes are no header of an installed package."""


def read_rpm_header(blob: bytes) -> Record | None:
    """Read a header.

    Args:
        blob: As the database stores it: two counts, an index, a store; no magic.

    Returns:
        The package; None for a public key, which is no package.

    Raises:
        RpmHeaderError: The blob does not hold together, or names no package.
    """
    index, store = _split(blob)
    name, version, release = (_text(index, store, tag) for tag in (_NAME, _VERSION, _RELEASE))
    if name == _PUBLIC_KEY:
        return None
    if name is None or version is None or release is None:
        raise RpmHeaderError("it has no name, version or release")
    epoch = _number(index, store, _EPOCH)
    arch = _text(index, store, _ARCH)
    prefix = f"{epoch}:" if epoch else ""
    full = f"{prefix}{version}-{release}"
    if not is_field(name) or not is_field(full) or not is_field(arch or "noarch"):
        raise RpmHeaderError("its name or version is none")
    source = _SOURCE.match(_text(index, store, _SOURCE_RPM) or "")
    module = _text(index, store, _MODULE) or ""
    return Record(
        name,
        full,
        arch,
        source["name"] if source else None,
        f"{prefix}{source['version']}" if source else None,
        module if is_field(module) else "",
        _files(index, store) if b"-info" in blob or b"python" in blob else (),
    )


def _split(blob: bytes) -> tuple[dict[int, _Entry], memoryview]:
    """Return the wanted index entries, tag to (type, offset, count), and the store."""
    if len(blob) < _INTRODUCTION.size:
        raise RpmHeaderError("it is too short")
    count, size = _INTRODUCTION.unpack_from(blob)
    start = _INTRODUCTION.size + count * _ENTRY.size
    if count > MAX_ENTRIES or start + size > len(blob):
        raise RpmHeaderError("its index or store reaches beyond the blob")
    index: dict[int, _Entry] = {}
    for tag, kind, offset, length in _ENTRY.iter_unpack(memoryview(blob)[_INTRODUCTION.size : start]):
        if tag in _TAGS and tag not in index:
            if offset >= size or not length:
                raise RpmHeaderError(f"tag {tag} lies outside the store")
            index[tag] = (kind, offset, length)
    return index, memoryview(blob)[start : start + size]


def _text(index: dict[int, _Entry], store: memoryview, tag: int) -> str | None:
    found = _texts(index, store, tag, most=1)
    return found[0].decode("utf-8", "replace") if found else None


def _texts(index: dict[int, _Entry], store: memoryview, tag: int, *, most: int = MAX_STRINGS) -> list[bytes]:
    """Return the strings of a tag, at most `most` of them."""
    if tag not in index:
        return []
    kind, offset, count = index[tag]
    if kind not in _TEXT_TYPES or count > MAX_STRINGS:
        raise RpmHeaderError(f"tag {tag} is of another type or too long")
    wanted = min(count if kind != _STRING else 1, most)
    if wanted == 1:
        # One string: looking for its end must not copy the whole store.
        part = bytes(store[offset : offset + 4096])
        end = part.find(b"\0")
        if end < 0:
            raise RpmHeaderError(f"the string of tag {tag} does not end")
        return [part[:end]]
    parts = bytes(store[offset:]).split(b"\0", wanted)
    if len(parts) <= wanted:
        raise RpmHeaderError(f"tag {tag} has fewer strings than it says")
    return parts[:wanted]


def _numbers(index: dict[int, _Entry], store: memoryview, tag: int) -> list[int]:
    if tag not in index:
        return []
    kind, offset, count = index[tag]
    if kind != _INT32 or count > MAX_STRINGS or offset + 4 * count > len(store):
        raise RpmHeaderError(f"tag {tag} is of another type or too long")
    return list(struct.unpack_from(f">{count}I", store, offset))


def _number(index: dict[int, _Entry], store: memoryview, tag: int) -> int | None:
    found = _numbers(index, store, tag)
    return found[0] if found else None


def _files(index: dict[int, _Entry], store: memoryview) -> tuple[tuple[str, str], ...]:
    """Return path and checksum of the files that another cataloger may ask for."""
    directories = _texts(index, store, _DIRECTORIES)
    at = _numbers(index, store, _DIRECTORY_INDEXES)
    names = _texts(index, store, _BASE_NAMES)
    digests = _texts(index, store, _DIGESTS)
    algorithm = _ALGORITHMS.get(_number(index, store, _DIGEST_ALGORITHM) or 1)
    found = []
    for number, (directory, name) in enumerate(zip(at, names, strict=False)):
        if directory >= len(directories):
            raise RpmHeaderError("a file lies in no directory")
        path = directories[directory].lstrip(b"/") + name
        if owned_files([path]) and path.isascii():
            digest = digests[number].decode("ascii", "replace") if number < len(digests) else ""
            found.append((path.decode("ascii"), f"{algorithm}:{digest}" if algorithm and digest else ""))
    return tuple(found)
