"""From the name of a shared library to the OS package that brings it, per release.

The map differs between releases of one distribution (`libglib-2.0.so.0` is in `libglib2.0-0` on bookworm and
in `libglib2.0-0t64` on trixie). Alpine needs no map: `apk add so:libgomp.so.1` is resolved by apk itself.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from basewise._internal.embedded import decode_embedded

__all__ = ["SonameMap", "package_for"]

_FILE = "knowledge/sonames.json"
_ALPINE = "alpine"


class SuiteNames(msgspec.Struct, frozen=True, kw_only=True):
    """The map of one suite: where it comes from, its date, and soname to package."""

    source: str
    date: str
    packages: dict[str, str]


class SonameMap(msgspec.Struct, frozen=True, kw_only=True):
    """Soname to package, per suite.

    Args:
        schema: `basewise.sonames/1`.
        suites: By Debian codename.
        injected: Sonames that no distribution brings because the container runtime injects them (the GPU
            driver), or that are not in any of them.
        musl: Sonames of the C library itself on Alpine and its ordinary companions, always there.
    """

    schema: str
    suites: dict[str, SuiteNames]
    injected: tuple[str, ...] = ()
    musl: tuple[str, ...] = ()

    @classmethod
    def load(cls) -> SonameMap:
        """Return the embedded map.

        Raises:
            KnowledgeError: It is missing or damaged.
        """
        return _load()

    def package_for(self, soname: str, codename: str) -> str | None:
        """Return the package that brings `soname`.

        Args:
            soname: `libgomp.so.1`.
            codename: Debian codename (`bookworm`), or `alpine`.

        Returns:
            Package name (`so:NAME` for Alpine), None when no package of the release is known to bring it.
        """
        if soname in self.injected:
            return None
        if codename == _ALPINE:
            return None if soname in self.musl else f"so:{soname}"
        suite = self.suites.get(codename)
        return suite.packages.get(soname) if suite is not None else None


@lru_cache(maxsize=1)
def _load() -> SonameMap:
    return decode_embedded(_FILE, SonameMap)


def package_for(soname: str, codename: str) -> str | None:
    """Return the package that brings `soname` in a release, see `SonameMap.package_for`.

    Raises:
        KnowledgeError: The embedded map is missing or damaged.
    """
    return SonameMap.load().package_for(soname, codename)
