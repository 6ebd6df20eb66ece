"""The merged file tree of an image: layers put on each other, whiteouts applied, links resolved inside.

Rules, where the specification leaves room (they are those of the overlay file system):
    a whiteout and an opaque mark act on the layers below alone, wherever they stand in their tar;
    an entry that is no directory hides everything that lay beneath its path;
    a directory, be it only implied by an entry beneath it, replaces whatever else had its path.

Reference:
    OCI image specification, layer.md, sections Applying Changesets and Whiteouts.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

import msgspec

from basewise.image.content import DIRECTORY, FILE, HARD_LINK, SYMLINK, LayerContent
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.image.patterns import compile_pattern

__all__ = ["Entry", "FileTree", "merge_layers"]

_SHIFT = 32
_INDEX = (1 << _SHIFT) - 1
_IMPLIED = _INDEX
_IMPLIED_MODE = 0o755


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One path of the merged tree.

    Args:
        path: Relative to the root, "" is the root.
        kind: One of the constants of `image.content`.
        mode: Permission bits, with setuid (0o4000), setgid (0o2000) and sticky.
        size_bytes: Of its content.
        link: Target of a link, as written.
        layer: Index of the layer that brought it.
    """

    path: str
    kind: str
    mode: int
    size_bytes: int
    link: str
    layer: int

    @property
    def is_file(self) -> bool:
        """A regular file, hard links included."""
        return self.kind in {FILE, HARD_LINK}

    @property
    def is_directory(self) -> bool:
        """A directory."""
        return self.kind == DIRECTORY

    @property
    def is_link(self) -> bool:
        """A symbolic link."""
        return self.kind == SYMLINK


class FileTree:
    """Read access to the merged tree. Paths have no leading slash; the root is ""."""

    def __init__(
        self, layers: Sequence[LayerContent], places: dict[str, int], limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._layers = tuple(layers)
        self._places = places
        self._limits = limits
        self._children: dict[str, list[str]] | None = None

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, path: str) -> bool:
        return path in self._places

    def paths(self) -> Iterator[str]:
        """Yield every path, in no particular order."""
        return iter(self._places)

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, in no particular order."""
        return (self._entry(path, place) for path, place in self._places.items())

    def files_with_mode(self, mask: int) -> Iterator[Entry]:
        """Yield the regular files that have any permission bit of `mask`, in no particular order."""
        columns = [(content.kinds, content.mode_column) for content in self._layers]
        regular = {ord(FILE), ord(HARD_LINK)}
        for path, place in self._places.items():
            index = place & _INDEX
            if index != _IMPLIED:
                kinds, modes = columns[place >> _SHIFT]
                if modes[index] & mask and kinds[index] in regular:
                    yield self._entry(path, place)

    def entry(self, path: str) -> Entry | None:
        """Return the entry at `path` itself, links not followed; None when there is none."""
        path = path.strip("/")
        place = self._places.get(path)
        if place is None:
            return _ROOT if path == "" else None
        return self._entry(path, place)

    def resolve(self, path: str) -> str | None:
        """Return the real path that `path` leads to inside the image, following every link.

        None when it leads nowhere, in a circle, or over more links than the limit. The last component must
        exist.
        """
        place = self._places.get(path)
        if place is not None and self._link_of(place) is None:
            return path  # nothing lies beneath a link, so all its directories are real ones
        pending = [part for part in reversed(path.split("/")) if part not in {"", "."}]
        here: list[str] = []
        hops = 0
        while pending:
            part = pending.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                del here[-1:]
                continue
            here.append(part)
            joined = "/".join(here)
            place = self._places.get(joined)
            if place is None:
                return None
            target = self._link_of(place)
            if target is None:
                if pending and not _is_directory(self._places, self._layers, joined):
                    return None
                continue
            hops += 1
            if hops > self._limits.link_hops or len(target) > self._limits.path_bytes:
                return None
            here = [] if target.startswith("/") else here[:-1]
            pending.extend(part for part in reversed(target.split("/")) if part)
        return "/".join(here)

    def lookup(self, path: str) -> Entry | None:
        """Return the entry that `path` leads to, links followed; None when it leads nowhere."""
        real = self.resolve(path)
        return None if real is None else self.entry(real)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of the file that `path` leads to, links followed.

        None when there is no such file or no cataloger wanted it; `lookup` tells which.
        """
        real = self.resolve(path)
        place = None if real is None else self._places.get(real)
        if real is None or place is None:
            return None
        layer = place >> _SHIFT
        content = self._layers[layer].kept.get(real)
        return self._linked_below(layer, place) if content is None else content

    def condensed(self, path: str, cataloger: str) -> bytes | None:
        """Return what `cataloger` condensed of the file that `path` leads to; None when nothing was kept."""
        real = self.resolve(path)
        place = None if real is None else self._places.get(real)
        if real is None or place is None:
            return None
        return self._layers[place >> _SHIFT].condensed.get(cataloger, {}).get(real)

    def kept(self, pattern: str) -> list[str]:
        """Return the paths that match `pattern` and whose bytes were kept whole, sorted."""
        matches = compile_pattern(pattern)
        return sorted(
            path
            for number, content in enumerate(self._layers)
            for path in content.kept
            if self._places.get(path, -1) >> _SHIFT == number and matches(path)
        )

    def condensed_paths(self, cataloger: str, pattern: str = "**/*") -> list[str]:
        """Return the paths that match `pattern` and were condensed by `cataloger`, sorted."""
        matches = compile_pattern(pattern)
        return sorted(
            path
            for number, content in enumerate(self._layers)
            for path in content.condensed.get(cataloger, {})
            if self._places.get(path, -1) >> _SHIFT == number and matches(path)
        )

    def children(self, directory: str) -> list[str]:
        """Return the names in a directory, links followed, sorted; empty when there is none."""
        if self._children is None:
            self._children = _children_index(self._places)
        real = self.resolve(directory)
        return [] if real is None else sorted(self._children.get(real, ()))

    def history(self, path: str) -> list[tuple[int, bytes | None]]:
        """Return each layer that has `path` itself, from the lowest up, with its bytes where they were kept.

        Layers that were later hidden are there too: this is how the layer that brought a package is found.
        """
        return [
            (number, content.kept.get(path))
            for number, content in enumerate(self._layers)
            if path in content.kept or path in content.path_set
        ]

    def condensed_history(self, path: str, cataloger: str) -> list[tuple[int, bytes | None]]:
        """Return each layer that has `path` itself, from the lowest up, with what `cataloger` condensed of it."""
        return [
            (number, content.condensed.get(cataloger, {}).get(path))
            for number, content in enumerate(self._layers)
            if path in content.condensed.get(cataloger, {}) or path in content.path_set
        ]

    @property
    def layer_count(self) -> int:
        """How many layers were merged."""
        return len(self._layers)

    def _linked_below(self, layer: int, place: int) -> bytes | None:
        """Return the content of a hard link whose target lies in a lower layer."""
        content, index = self._layers[layer], place & _INDEX
        if index == _IMPLIED or content.kinds[index] != ord(HARD_LINK):
            return None
        target = posixpath.normpath("/" + content.links.get(index, "")).lstrip("/")
        return next(
            (below.kept[target] for below in reversed(self._layers[:layer]) if target in below.kept), None
        )

    def _link_of(self, place: int) -> str | None:
        index = place & _INDEX
        content = self._layers[place >> _SHIFT]
        if index == _IMPLIED or content.kinds[index] != ord(SYMLINK):
            return None
        return content.links.get(index, "")

    def _entry(self, path: str, place: int) -> Entry:
        layer, index = place >> _SHIFT, place & _INDEX
        if index == _IMPLIED:
            return Entry(path=path, kind=DIRECTORY, mode=_IMPLIED_MODE, size_bytes=0, link="", layer=layer)
        content = self._layers[layer]
        return Entry(
            path=path,
            kind=chr(content.kinds[index]),
            mode=content.mode_column[index],
            size_bytes=content.size_column[index],
            link=content.links.get(index, ""),
            layer=layer,
        )


_ROOT = Entry(path="", kind=DIRECTORY, mode=_IMPLIED_MODE, size_bytes=0, link="", layer=0)


def merge_layers(layers: Sequence[LayerContent], limits: Limits = DEFAULT_LIMITS) -> FileTree:
    """Put layers on each other, the first is the lowest.

    Args:
        layers: What was kept of each.
        limits: For following links.
    """
    places: dict[str, int] = {}
    for number, content in enumerate(layers):
        if places:
            _hide(places, layers, content)
        base = number << _SHIFT
        for path in content.implied:
            if not _is_directory(places, layers, path):
                places[path] = base | _IMPLIED
        places.update(zip(content.paths, range(base, base + len(content.kinds)), strict=True))
    return FileTree(layers, places, limits)


def _hide(places: dict[str, int], layers: Sequence[LayerContent], content: LayerContent) -> None:
    """Take out of the lower layers what `content` removes or covers."""
    beneath = {path for path in content.opaque if _is_directory(places, layers, path)}
    for path in content.removed:
        if _is_directory(places, layers, path):
            beneath.add(path)
        places.pop(path, None)
    directory = ord(DIRECTORY)
    beneath.update(
        path
        for path, kind in zip(content.paths, content.kinds, strict=True)
        if kind != directory and path in places and _is_directory(places, layers, path)
    )
    if beneath:
        hidden = _Hidden(beneath)
        for path in [path for path in places if hidden.holds(path.rpartition("/")[0])]:
            del places[path]


class _Hidden:
    """Directories whose contents are hidden, with the answer for each directory remembered."""

    def __init__(self, directories: set[str]) -> None:
        self._known = dict.fromkeys(directories, True)

    def holds(self, directory: str) -> bool:
        """Tell whether `directory` is hidden or lies beneath a hidden one."""
        walked = []
        while (answer := self._known.get(directory)) is None:
            walked.append(directory)
            if directory == "":
                answer = False
                break
            directory = directory.rpartition("/")[0]
        self._known.update(dict.fromkeys(walked, answer))
        return answer


def _is_directory(places: dict[str, int], layers: Sequence[LayerContent], path: str) -> bool:
    place = places.get(path)
    if place is None:
        return path == ""
    index = place & _INDEX
    return index == _IMPLIED or layers[place >> _SHIFT].kinds[index] == ord(DIRECTORY)


def _children_index(places: dict[str, int]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for path in places:
        directory, _, name = path.rpartition("/")
        if name:
            index.setdefault(directory, []).append(name)
    return index
