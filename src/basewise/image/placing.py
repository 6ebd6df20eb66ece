"""Where the entries of one layer stand: one entry a path, none beneath something that is no directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from basewise.image.content import DIRECTORY, SYMLINK
from basewise.image.limits import Limits

__all__ = ["Placed", "place_entries"]

_DIRECTORY = ord(DIRECTORY)
_SYMLINK = ord(SYMLINK)


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries stand, and where.

    Args:
        paths: Unique paths.
        order: For each path, the index of its entry.
        changed: `order` is not simply all entries.
        implied: Directories that have entries beneath and none of their own, sorted.
        lost: Entries beneath a file, which cannot be reached.
    """

    paths: list[str]
    order: range | list[int]
    changed: bool
    implied: tuple[str, ...]
    lost: int


def place_entries(names: list[str], kinds: Sequence[int], links: Mapping[int, str], limits: Limits) -> Placed:
    """Decide which entries stand.

    Of two entries of one path the last wins. An entry beneath a symbolic link of the same layer stands where the
    link leads to, as it does when a layer is unpacked.
    """
    at = dict(zip(names, range(len(names)), strict=True))
    directories = _directories(at)
    blocking = {path for path in directories if path in at and kinds[at[path]] != _DIRECTORY}
    lost = 0
    if blocking:
        at, lost = _moved(at, kinds, links, limits)
        directories = _directories(at)
    changed = len(at) != len(names) or bool(blocking)
    return Placed(
        paths=list(at) if changed else names,
        order=list(at.values()) if changed else range(len(names)),
        changed=changed,
        implied=tuple(sorted(path for path in directories if path not in at)),
        lost=lost,
    )


def _directories(paths: Mapping[str, int]) -> set[str]:
    """Return every directory that the paths name by lying in it, without the root."""
    found = {path.rpartition("/")[0] for path in paths}
    level = found
    while level:
        level = {path.rpartition("/")[0] for path in level} - found
        found |= level
    found.discard("")
    return found


def _moved(
    at: dict[str, int], kinds: Sequence[int], links: Mapping[int, str], limits: Limits
) -> tuple[dict[str, int], int]:
    """Move entries from beneath links to where the links lead; drop those beneath files."""
    known: dict[str, str | None] = {"": ""}

    def place_of(directory: str) -> str | None:
        if directory not in known:
            known[directory] = _real_directory(directory, at, kinds, links, limits)
        return known[directory]

    moved: dict[str, int] = {}
    waiting: list[tuple[str, int]] = []
    for path, index in at.items():
        directory, _, name = path.rpartition("/")
        real = place_of(directory)
        if real == directory:
            moved[path] = index
        elif real is not None:
            waiting.append((f"{real}/{name}" if real else name, index))
    for path, index in sorted(waiting, key=lambda pair: pair[1]):
        if path not in moved or moved[path] < index:
            moved[path] = index
    # What was moved may itself be a link or a file that others lie beneath; those are out of reach.
    standing = {path: index for path, index in moved.items() if not _is_blocked(path, moved, kinds)}
    return standing, len(at) - len(standing)


def _is_blocked(path: str, at: Mapping[str, int], kinds: Sequence[int]) -> bool:
    directory = path.rpartition("/")[0]
    while directory:
        index = at.get(directory)
        if index is not None and kinds[index] != _DIRECTORY:
            return True
        directory = directory.rpartition("/")[0]
    return False


def _real_directory(
    directory: str, at: Mapping[str, int], kinds: Sequence[int], links: Mapping[int, str], limits: Limits
) -> str | None:
    """Follow the links of this layer alone; None when a file is in the way or there are too many links."""
    pending = list(reversed(directory.split("/")))
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
        index = at.get("/".join(here))
        if index is None or kinds[index] == _DIRECTORY:
            continue
        target = links.get(index, "")
        hops += 1
        if kinds[index] != _SYMLINK or hops > limits.link_hops or len(target) > limits.path_bytes:
            return None
        here = [] if target.startswith("/") else here[:-1]
        pending.extend(reversed(target.split("/")))
    return "/".join(here)
