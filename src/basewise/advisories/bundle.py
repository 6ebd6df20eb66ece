"""Bundles: a store with a manifest of its sources and hashes in one zip file, to be carried to where no network is."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.zip_members import ZipError, ZipLimits, read_members
from basewise.advisories.read_input import open_input
from basewise.advisories.schema import SCHEMA_VERSION
from basewise.advisories.store import Store
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus

__all__ = ["MANIFEST", "encode_bundle", "open_bundle", "read_bundle"]

MANIFEST = "manifest.json"
STORE_MEMBER = "store.sqlite"
BUNDLE_SCHEMA = "basewise.store-bundle/1"
IMPORT_HINT = "export the bundle again, and compare its SHA-256 where it came from"
LIMITS = ZipLimits(members=8, directory_bytes=4096, member_bytes=2 * 1024**3, total_bytes=2 * 1024**3)
MAX_MANIFEST_BYTES = 1024**2
MAX_RATIO = 30
"""Inflated bytes for each byte of a bundle: what a store holds is compressed already."""

_BUFFER_BYTES = 1024**2
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16


class BundleSource(msgspec.Struct, frozen=True, order=True):
    """One source of a bundle: name, date, and number of facts."""

    name: str
    as_of: str
    entries: int


class BundleMember(msgspec.Struct, frozen=True, order=True):
    """One file of a bundle beside the manifest."""

    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle says of itself.

    Args:
        schema: Name and version of this document.
        store_schema: Of the store file.
        sources: Sorted by name.
        members: Sorted by name.
    """

    schema: str
    store_schema: int
    sources: tuple[BundleSource, ...]
    members: tuple[BundleMember, ...]


def encode_bundle(raw: bytes, sources: tuple[SourceStatus, ...]) -> bytes:
    """Return a bundle; equal stores give equal bytes.

    Args:
        raw: The uncompressed bytes of a store file.
        sources: What it holds.
    """
    manifest = Manifest(
        schema=BUNDLE_SCHEMA,
        store_schema=SCHEMA_VERSION,
        sources=_listed(sources),
        members=(_member(STORE_MEMBER, raw),),
    )
    file = io.BytesIO()
    # Stored, not deflated: records are compressed already, and no version of zlib can change a byte.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (
            (MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1)),
            (STORE_MEMBER, raw),
        ):
            info = zipfile.ZipInfo(name, _FIRST_DATE)
            info.external_attr = _REGULAR_FILE
            info.create_system = 3  # Unix, wherever this runs
            archive.writestr(info, content)
    return file.getvalue()


def read_bundle(path: Path) -> dict[str, bytes] | None:
    """Return the files of a zip file or a directory that has a manifest; None where it has none.

    Raises:
        StoreError: It is damaged, over a limit, or has something else than files in it.
    """
    if path.is_dir():
        return _read_directory(path)
    members: dict[str, bytes] = {}
    with open_input(path, _BUFFER_BYTES) as file:
        total = min(LIMITS.total_bytes, file.seek(0, 2) * MAX_RATIO)
        limits = msgspec.structs.replace(LIMITS, total_bytes=total, member_bytes=total)
        try:
            for member in read_members(file, limits):
                if member.problem and (member.name == MANIFEST or MANIFEST in members):
                    raise _refused(path, f"`{member.name[:80]}`: {member.problem}")
                members[member.name] = member.content
        except ZipError as error:
            if MANIFEST not in members:
                return None
            raise _refused(path, str(error)) from error
    return members if MANIFEST in members else None


def open_bundle(path: Path, members: Mapping[str, bytes]) -> tuple[Store, bytes]:
    """Check a bundle, and open its store.

    Args:
        path: For messages.
        members: Its files by name.

    Returns:
        The open store, and its bytes.

    Raises:
        StoreError: Something in it is missing, too much, of another schema, or has another hash.
    """
    manifest = _manifest(path, members[MANIFEST])
    listed = {member.name: member for member in manifest.members}
    if set(listed) != {STORE_MEMBER} or set(members) != {MANIFEST, STORE_MEMBER}:
        names = ", ".join(f"`{name[:80]}`" for name in sorted(set(members) | set(listed)))
        raise _refused(path, f"it has {names}, and should have `{MANIFEST}` and `{STORE_MEMBER}`")
    raw = members[STORE_MEMBER]
    if _member(STORE_MEMBER, raw) != listed[STORE_MEMBER]:
        raise _refused(path, f"`{STORE_MEMBER}` is not the file of its manifest")
    store = Store.open_bytes(raw, str(path), IMPORT_HINT)
    if _listed(store.sources()) != manifest.sources:
        store.close()
        raise _refused(path, "its sources are not those of its manifest")
    return store, raw


def _manifest(path: Path, raw: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(raw[:MAX_MANIFEST_BYTES], type=prepared(Manifest))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(path, f"`{MANIFEST}`: {error}") from error
    if manifest.schema != BUNDLE_SCHEMA:
        raise _refused(path, f"its schema is `{manifest.schema[:60]}`, not `{BUNDLE_SCHEMA}`")
    if manifest.store_schema != SCHEMA_VERSION:
        raise StoreError(
            f"cannot import `{path}`: its store has schema {manifest.store_schema}, not {SCHEMA_VERSION}",
            hint="export it with the same version of basewise as is installed here",
        )
    return manifest


def _read_directory(path: Path) -> dict[str, bytes] | None:
    """Return the files of an unpacked bundle."""
    manifest = path / MANIFEST
    if manifest.is_symlink() or not manifest.is_file():
        return None
    members: dict[str, bytes] = {}
    try:
        for entry in sorted(path.iterdir())[: LIMITS.members]:
            if entry.is_symlink() or not entry.is_file():
                raise _refused(path, f"`{entry.name[:80]}` is no regular file")
            with entry.open("rb") as file:
                members[entry.name] = file.read(LIMITS.member_bytes + 1)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    return members


def _member(name: str, content: bytes) -> BundleMember:
    return BundleMember(name, len(content), hashlib.sha256(content).hexdigest())


def _listed(sources: tuple[SourceStatus, ...]) -> tuple[BundleSource, ...]:
    return tuple(sorted(BundleSource(source.name, source.as_of, source.entries) for source in sources))


def _refused(path: Path, why: str) -> StoreError:
    return StoreError(f"cannot import `{path}`: {why}", hint=IMPORT_HINT)
