"""What was found in a layer is remembered, so that no layer is read twice in its life.

A layer is remembered under its diff id, after that was computed; a stored blob points to the diff id that it
was seen to inflate to. So a layer is known in whatever image and from whatever source it comes, and an image
cannot claim a good layer for other bytes. The name of an entry carries what was wanted of the layer: entries of
another version are neither read nor removed, but for the cap on the directory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from basewise._internal.paths import cache_directory
from basewise._internal.prepared import prepared
from basewise._internal.sized_directory import SizedDirectory
from basewise.errors import InvalidValueError
from basewise.image.content import LayerContent
from basewise.image.image import StoredLayer
from basewise.model.digest import DiffId, Digest
from basewise.model.evidence import NotCovered

__all__ = ["LayerCache"]

FORMAT = 1
MAX_CACHE_BYTES = 1024**3
_MAGIC = b"basewise layer\n"
_HASH_BYTES = 32


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """A layer's content on disk. Paths are bytes, because they need not be UTF-8."""

    digest: str
    diff_id: str
    stored_bytes: int | None
    tar_bytes: int
    disk_bytes: int
    names: bytes
    kinds: bytes
    modes: bytes
    sizes: bytes
    link_indexes: list[int]
    link_targets: bytes
    implied: list[bytes]
    removed: list[bytes]
    opaque: list[bytes]
    kept: list[tuple[bytes, bytes]]
    condensed: dict[str, list[tuple[bytes, bytes]]]
    not_covered: tuple[NotCovered, ...]


class LayerCache:
    """Remembered layers, for one set of wishes.

    Args:
        key: Of the wishes, see `Wanted.key`.
        directory: Where they are; below the cache directory when None.
        max_bytes: Cap on all remembered layers together.
        on_damage: Told once when an entry is damaged and the layer is read again.
    """

    def __init__(
        self,
        key: str,
        *,
        directory: Path | None = None,
        max_bytes: int = MAX_CACHE_BYTES,
        on_damage: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._files = SizedDirectory(directory or cache_directory() / "layers", max_bytes)
        self._key = f"{FORMAT}-{key}"
        self._on_damage = on_damage
        self._told = False

    def get(self, layer: StoredLayer) -> LayerContent | None:
        """Return what is remembered of a layer; None when it must be read."""
        diff_id = layer.diff_id
        if layer.digest is not None and not self._inflates_to(layer.digest, diff_id):
            return None
        name = self._name(diff_id)
        raw = self._files.read(name)
        if raw is None:
            return None
        content = _decode(raw)
        if content is None or content.diff_id != diff_id:
            self._files.remove(name)
            if not self._told:
                self._told = True
                self._on_damage(f"a remembered layer is damaged and is read again: {diff_id}")
            return None
        return content

    def alone(self, layer: StoredLayer) -> AbstractContextManager[None]:
        """Hold a layer while it is read, so that of several processes one reads it; look again inside."""
        return self._files.alone(layer.diff_id.hexadecimal)

    def put(self, content: LayerContent) -> None:
        """Remember a layer that was read to its end and verified; others are not remembered."""
        if content.diff_id is None or content.digest is None:
            return
        self._files.write(self._name(content.diff_id), _encode(content))
        self._files.write(self._pointer(content.digest), str(content.diff_id).encode())

    def _inflates_to(self, digest: Digest, diff_id: DiffId) -> bool:
        return self._files.read(self._pointer(digest)) == str(diff_id).encode()

    def _name(self, diff_id: DiffId) -> str:
        return f"{diff_id.hexadecimal}.{self._key}.layer"

    def _pointer(self, digest: Digest) -> str:
        return f"{digest.hexadecimal}.{FORMAT}.blob"


def _encode(content: LayerContent) -> bytes:
    entry = _Entry(
        digest=str(content.digest),
        diff_id=str(content.diff_id),
        stored_bytes=content.stored_bytes,
        tar_bytes=content.tar_bytes,
        disk_bytes=content.disk_bytes,
        names=content.names,
        kinds=content.kinds,
        modes=content.modes,
        sizes=content.sizes,
        link_indexes=list(content.links),
        link_targets=b"\0".join(map(_raw, content.links.values())),
        implied=list(map(_raw, content.implied)),
        removed=list(map(_raw, content.removed)),
        opaque=list(map(_raw, content.opaque)),
        kept=_pairs(content.kept),
        condensed={name: _pairs(found) for name, found in content.condensed.items()},
        not_covered=content.not_covered,
    )
    body = msgspec.msgpack.encode(entry)
    return _MAGIC + hashlib.sha256(body).digest() + body


def _decode(raw: bytes) -> LayerContent | None:
    """Return the content of an entry; None when anything about it is wrong."""
    start = len(_MAGIC) + _HASH_BYTES
    body = memoryview(raw)[start:]
    if not raw.startswith(_MAGIC) or hashlib.sha256(body).digest() != raw[len(_MAGIC) : start]:
        return None
    try:
        entry = msgspec.msgpack.decode(body, type=prepared(_Entry))
        return LayerContent(
            digest=Digest.parse(entry.digest),
            diff_id=DiffId.parse(entry.diff_id),
            stored_bytes=entry.stored_bytes,
            tar_bytes=entry.tar_bytes,
            disk_bytes=entry.disk_bytes,
            names=entry.names,
            kinds=entry.kinds,
            modes=entry.modes,
            sizes=entry.sizes,
            links=_links(entry),
            implied=tuple(map(_text, entry.implied)),
            removed=tuple(map(_text, entry.removed)),
            opaque=tuple(map(_text, entry.opaque)),
            kept=_mapping(entry.kept),
            condensed={name: _mapping(found) for name, found in entry.condensed.items()},
            not_covered=entry.not_covered,
        )
    except (msgspec.DecodeError, InvalidValueError, ValueError):
        return None


def _links(entry: _Entry) -> dict[int, str]:
    if not entry.link_indexes:
        return {}
    return dict(zip(entry.link_indexes, _text(entry.link_targets).split("\0"), strict=True))


def _pairs(contents: Mapping[str, bytes]) -> list[tuple[bytes, bytes]]:
    return [(_raw(path), content) for path, content in contents.items()]


def _mapping(pairs: list[tuple[bytes, bytes]]) -> dict[str, bytes]:
    return {_text(path): content for path, content in pairs}


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
