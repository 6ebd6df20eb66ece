"""`basewise db export`: the store as a bundle, to be carried to where no network is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from basewise._internal.embedded import read_embedded
from basewise._internal.paths import write_atomically
from basewise.advisories.bundle import encode_bundle
from basewise.advisories.store import Store
from basewise.advisories.store_file import read_store_bytes
from basewise.advisories.store_opening import EMBEDDED_STORE
from basewise.model.advisory import SourceStatus
from basewise.progress import Progress, SilentProgress

__all__ = ["DatabaseExport", "db_export"]

SCHEMA = "basewise.db-export/1"


class DatabaseExport(msgspec.Struct, frozen=True, kw_only=True):
    """What was written.

    Args:
        schema: Name of this document.
        bundle: Path of the file.
        size_bytes: Of the file.
        sha256: Of the file, hexadecimal: to be compared where it is imported.
        store: `embedded` or the path of the store.
        sources: What it holds.
    """

    schema: str = SCHEMA
    bundle: str
    size_bytes: int
    sha256: str
    store: str
    sources: tuple[SourceStatus, ...]


def db_export(output: Path, *, store: Path | None = None, progress: Progress | None = None) -> DatabaseExport:
    """Write a store as a bundle; equal stores give equal bytes.

    Args:
        output: The file to write.
        store: A store file; when None the one that every command reads.
        progress: Told of each slow part.

    Raises:
        StoreError: The store is missing, empty or damaged.
        OutputError: The bundle could not be written; an old file is untouched.
    """
    talk = progress or SilentProgress()
    with Store.open_default() if store is None else Store.open_path(store) as current:
        name = current.name
    talk.step(f"packing {name}")
    raw = read_embedded(EMBEDDED_STORE) if name == "embedded" else read_store_bytes(Path(name))
    # Opened from these very bytes: an update may have replaced the file since.
    with Store.open_bytes(raw, name) as opened:
        content = encode_bundle(raw, opened.sources())
        write_atomically(output, content)
        return DatabaseExport(
            bundle=str(output),
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            store=opened.name,
            sources=opened.sources(),
        )
