"""The embedded names of packages that a Debian release had and a later one does not have.

`tools/derive_gone_packages.py` writes them, and says what counts. A name that is not among them tells nothing.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from basewise._internal.embedded import decode_embedded

__all__ = ["GONE_FILE", "Gone", "GoneGroup", "GoneIndex", "GonePackages", "load_gone"]

GONE_FILE = "suites/gone.json.gz"


class Gone(msgspec.Struct, frozen=True):
    """A package that a release does not have.

    Args:
        name: Its name.
        had: Codename of the last release before that had it.
        replaced_by: The package of the release that took its place; "" where the indexes do not say it.
        several: Packages that provide the name, of which apt takes none by itself, sorted.
    """

    name: str
    had: str
    replaced_by: str = ""
    several: tuple[str, ...] = ()


class GoneGroup(msgspec.Struct, frozen=True, array_like=True):
    """Names that the same release had last and the same releases lack.

    Args:
        had: Codename of the last release that had them.
        lacking: Codenames of the releases after it that do not have them, the earliest first.
        names: Sorted.
    """

    had: str
    lacking: tuple[str, ...]
    names: tuple[str, ...]


class GonePackages(msgspec.Struct, frozen=True, kw_only=True):
    """The form of the embedded file.

    Args:
        as_of: Newest `Date` of the suites read, `YYYY-MM-DD`.
        groups: Sorted.
        replaced: By name, the package that took its place in all releases that lack it.
        several: By name, the packages that provide it in a release that lacks it.
    """

    as_of: str
    groups: tuple[GoneGroup, ...]
    replaced: dict[str, str]
    several: dict[str, tuple[str, ...]]


class GoneIndex:
    """Answers what is known of a name in a release.

    Args:
        packages: The names.
    """

    __slots__ = ("_had", "as_of", "packages")

    def __init__(self, packages: GonePackages) -> None:
        self.packages = packages
        self.as_of = packages.as_of
        self._had = {
            (release, name): group.had
            for group in packages.groups
            for release in group.lacking
            for name in group.names
        }

    def find(self, name: str, release: str) -> Gone | None:
        """Return what is known of a package that a release lacks; None where it has it, or nothing is known.

        Args:
            name: Package name, without version and architecture.
            release: Codename.
        """
        had = self._had.get((release, name))
        if had is None:
            return None
        known = self.packages
        return Gone(name, had, known.replaced.get(name, ""), known.several.get(name, ()))


@lru_cache(maxsize=1)
def load_gone() -> GoneIndex:
    """Return the embedded names.

    Raises:
        KnowledgeError: The file is missing or damaged.
    """
    return GoneIndex(decode_embedded(GONE_FILE, GonePackages))
