"""Collecting one layer: metadata of all its entries, bytes of the wanted files, whiteouts apart.

Whatever order the entries have, the result is the same but for two entries of one path, of which the last wins.
"""

from __future__ import annotations

import posixpath
import sys
from array import array
from collections.abc import Collection

from basewise._internal.tar import TarMember
from basewise._internal.text import plural, safe_text
from basewise.image.content import (
    BLOCK_DEVICE,
    CHARACTER_DEVICE,
    DIRECTORY,
    FIFO,
    FILE,
    HARD_LINK,
    SYMLINK,
    LayerContent,
)
from basewise.image.limits import Limits
from basewise.image.placing import place_entries
from basewise.image.wanted import Wanted
from basewise.model.digest import DiffId, Digest
from basewise.model.evidence import NotCovered

__all__ = ["LayerCollector", "TooManyEntriesError"]

_KINDS = {"1": HARD_LINK, "2": SYMLINK, "3": CHARACTER_DEVICE, "4": BLOCK_DEVICE, "5": DIRECTORY, "6": FIFO}
_KIND_CODES = {flag: ord(kind) for flag, kind in _KINDS.items()}
_FILE = ord(FILE)
_HARD_LINK = ord(HARD_LINK)
# Volume labels and lists of GNU tar: no files.
_NO_ENTRIES = frozenset("VMND")
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_RESERVED = ".wh..wh."
_UTF8_BYTES = 4
_SPARSE = "S"
# A layer of nothing but unreadable files must not become a coverage of a million lines.
_MAX_REMARKS = 1_000


class TooManyEntriesError(Exception):
    """The layer has more entries than the limit; what was collected stays."""


class LayerCollector:
    """Takes the entries of a layer, one by one.

    Args:
        name: What to call the layer in remarks.
        wanted: Which files are kept.
        limits: `entries` counts for this layer.
        targets: Further paths to keep whole: what wanted hard links lead to.
    """

    def __init__(self, name: str, wanted: Wanted, limits: Limits, targets: Collection[str] = ()) -> None:
        self._name = name
        self._wanted = wanted
        self._match = wanted.match
        self._limits = limits
        self._targets = frozenset(targets)
        # A path of no more characters can be neither too deep nor, in UTF-8, too long.
        self._surely_short = min(limits.path_bytes // _UTF8_BYTES, limits.path_depth)
        self._names: list[str] = []
        self._kinds = bytearray()
        self._modes = array("H")
        self._sizes = array("Q")
        self._links: dict[int, str] = {}
        self._bits: dict[int, int] = {}
        self._raw: dict[int, bytes] = {}
        self._condensed: dict[tuple[int, str], bytes] = {}
        self._kept_bytes = 0
        self._removed: set[str] = set()
        self._opaque: set[str] = set()
        self._remarks: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def visit(self, member: TarMember) -> bool:
        """Note an entry; say whether its content is to be brought to `store`.

        Raises:
            TooManyEntriesError: There were as many as there may be.
        """
        path, flag, link = member.path, member.kind, member.link
        if "/." in path or path[:1] == "." or "//" in path:
            path = self._special(path)
        if not path or (len(path) > self._surely_short and self._is_too_long(path)):
            return False
        kind = _KIND_CODES.get(flag, _FILE)
        if kind == _FILE and flag in _NO_ENTRIES:
            return False
        index = len(self._kinds)
        if index >= self._limits.entries:
            raise TooManyEntriesError
        self._names.append(path)
        self._kinds.append(kind)
        self._modes.append(member.mode)
        self._sizes.append(member.full_bytes)
        if link:
            self._links[index] = link
        bits = self._match(path)
        if not bits and not self._targets:
            return False
        return self._is_wanted(index, path, bits, member)

    def _is_wanted(self, index: int, path: str, bits: int, member: TarMember) -> bool:
        if bits:
            self._bits[index] = bits
        if self._kinds[index] != _FILE or not (bits or path in self._targets):
            return False
        size = member.size_bytes
        if member.kind == _SPARSE or member.full_bytes != size:
            self._remark(path, "it is stored as a sparse file, which is not read")
        elif bits and size > self._wanted.size_limit(bits):
            self._remark(
                path,
                f"it has {size} bytes, more than the limit of {self._wanted.size_limit(bits)} (`file_bytes`)",
            )
        elif self._kept_bytes + size > self._limits.kept_bytes:
            self._remark(
                path,
                f"the files to read of {self._name} have more than {self._limits.kept_bytes} bytes"
                " (limit `kept_bytes`)",
            )
        else:
            self._kept_bytes += size
            return True
        return False

    def store(self, content: bytes) -> None:
        """Take the content of the entry that was visited last; what is made of it is made while others inflate."""
        index = len(self._kinds) - 1
        self._raw[index] = content
        for reader in self._wanted.condensing(self._bits.get(index, 0)):
            self._condensed[index, reader.name] = reader.condense(self._names[index], content)

    def _special(self, path: str) -> str:
        """Return the normal form of a path; note a whiteout and return nothing for it."""
        path = posixpath.normpath("/" + path).lstrip("/")
        directory, _, name = path.rpartition("/")
        if not name.startswith(_WHITEOUT):
            return path
        if len(self._removed) + len(self._opaque) >= self._limits.entries:
            raise TooManyEntriesError
        hidden = name[len(_WHITEOUT) :]
        if name == _OPAQUE:
            self._opaque.add(directory)
        elif name.startswith(_RESERVED):
            pass  # bookkeeping of an old storage driver
        elif hidden in {"", ".", ".."}:
            self._remark(self._name, "a whiteout without a name was left out", count=1)
        else:
            self._removed.add(f"{directory}/{hidden}" if directory else hidden)
        return ""

    def _is_too_long(self, path: str) -> bool:
        if (
            len(path.encode("utf-8", "surrogateescape")) <= self._limits.path_bytes
            and path.count("/") < self._limits.path_depth
        ):
            return False
        self._remark(
            self._name,
            "paths longer or deeper than the limit were left out (`path_bytes`, `path_depth`)",
            count=1,
        )
        return True

    def remark(self, why: str) -> None:
        """Note that a part of the layer was not read."""
        self._remark(self._name, why)

    def remark_path(self, path: str, why: str) -> None:
        """Note that a file was not read."""
        self._remark(path, why)

    def _remark(self, what: str, why: str, *, count: int = 0) -> None:
        key = (safe_text(what), why)
        if len(self._remarks) >= _MAX_REMARKS and what != self._name and key not in self._remarks:
            key, count = (self._name, "more of it could not be read than is named here"), 1
        self._remarks[key] = self._remarks.get(key, 0) + count

    def missing_targets(self) -> set[str]:
        """Return the paths that wanted hard links lead to and whose content was not kept."""
        at = self._places() if self._has_wanted_links() else {}
        missing = set()
        for index in self._bits:
            end = self._follow(index, at) if self._kinds[index] == _HARD_LINK else None
            if end is not None and self._kinds[end] == _FILE and end not in self._raw:
                missing.add(self._names[end])
        return missing - self._targets

    def _has_wanted_links(self) -> bool:
        return any(self._kinds[index] == _HARD_LINK for index in self._bits)

    def _follow(self, index: int, at: dict[str, int]) -> int | None:
        """Return the entry that a hard link leads to in this layer; None when there is none or a circle."""
        seen = set()
        while self._kinds[index] == _HARD_LINK:
            if index in seen:
                return None
            seen.add(index)
            target = posixpath.normpath("/" + self._links.get(index, "")).lstrip("/")
            if target not in at:
                return None
            index = at[target]
        return index

    def finish(
        self, *, digest: Digest | None, diff_id: DiffId | None, stored_bytes: int | None, tar_bytes: int
    ) -> LayerContent:
        """Return what was collected, with hard links given the size of what they lead to."""
        self._join_hard_links()
        placed = place_entries(self._names, self._kinds, self._links, self._limits)
        if placed.lost:
            self._remark(
                self._name,
                f"{plural(placed.lost, 'entry', 'entries')} beneath something that is no directory",
            )
        order = placed.order
        kept, condensed = self._contents(placed.paths, order)
        kinds = bytes(self._kinds[index] for index in order) if placed.changed else bytes(self._kinds)
        modes, sizes = self._modes, self._sizes
        if placed.changed:
            modes = array("H", [modes[index] for index in order])
            sizes = array("Q", [sizes[index] for index in order])
        return LayerContent(
            digest=digest,
            diff_id=diff_id,
            stored_bytes=stored_bytes,
            tar_bytes=tar_bytes,
            disk_bytes=sum(size for size, kind in zip(sizes, kinds, strict=True) if size and kind == _FILE),
            names="\0".join(placed.paths).encode("utf-8", "surrogateescape"),
            kinds=kinds,
            modes=_little_endian(modes),
            sizes=_little_endian(sizes),
            links=self._links_in(order) if placed.changed else self._links,
            implied=placed.implied,
            removed=tuple(sorted(self._removed)),
            opaque=tuple(sorted(self._opaque)),
            kept=kept,
            condensed=condensed,
            not_covered=self._not_covered(),
        )

    def _join_hard_links(self) -> None:
        """Give hard links what they lead to; its content is counted once, where it stands."""
        if _HARD_LINK not in self._kinds:
            return
        links = [index for index, kind in enumerate(self._kinds) if kind == _HARD_LINK]
        at = self._places()
        ends = {index: self._follow(index, at) for index in links}
        for index, end in ends.items():
            if end is None:
                continue
            self._sizes[index] = self._sizes[end]
            if end in self._raw:
                self._raw[index] = self._raw[end]
            if self._kinds[end] != _FILE:
                self._kinds[index] = self._kinds[end]
                self._links[index] = self._links.get(end, "")

    def _places(self) -> dict[str, int]:
        """Return the index of each path; of two entries of one path, the last."""
        return dict(zip(self._names, range(len(self._names)), strict=True))

    def _contents(
        self, paths: list[str], order: range | list[int]
    ) -> tuple[dict[str, bytes], dict[str, dict[str, bytes]]]:
        kept: dict[str, bytes] = {}
        condensed: dict[str, dict[str, bytes]] = {}
        read = self._raw.keys() & self._bits.keys()
        for path, index in zip(paths, order, strict=True):
            if index not in read:
                continue
            raw, bits = self._raw[index], self._bits[index]
            if self._wanted.is_whole(bits):
                kept[path] = raw
            for reader in self._wanted.condensing(bits):
                # Made anew for a hard link, and where a link of the layer moved the entry.
                made = self._condensed.get((index, reader.name)) if path == self._names[index] else None
                made = reader.condense(path, raw) if made is None else made
                condensed.setdefault(reader.name, {})[path] = made
        return kept, condensed

    def _links_in(self, order: range | list[int]) -> dict[int, str]:
        return {at: self._links[index] for at, index in enumerate(order) if index in self._links}

    def _not_covered(self) -> tuple[NotCovered, ...]:
        return tuple(
            sorted(
                NotCovered(what, f"{why} ({count})" if count > 1 else why)
                for (what, why), count in self._remarks.items()
            )
        )


def _little_endian(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()
