"""The embedded package indexes: for each release and architecture the packages that can matter.

`tools/build_suites.py` writes them: closed under dependencies, so that a closure never leaves them.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.debian.package import BinaryPackage, SuiteIndex
from basewise.errors import KnowledgeError

__all__ = ["EMBEDDED_ARCHITECTURES", "EMBEDDED_RELEASES", "EmbeddedSuite", "load_suite", "suite_file"]

EMBEDDED_RELEASES = ("bullseye", "bookworm", "trixie")
EMBEDDED_ARCHITECTURES = ("amd64", "arm64")


class EmbeddedSuite(msgspec.Struct, frozen=True, kw_only=True):
    """The form of `data/suites/RELEASE-ARCHITECTURE.json.gz`.

    Args:
        release: Codename.
        architecture: Debian architecture.
        as_of: Newest `Date` of the suites read, `YYYY-MM-DD`.
        suites: Name of each suite read, with its date.
        verified: Signature and hashes of all of them were checked.
        packages: Sorted by name.
    """

    release: str
    architecture: str
    as_of: str
    suites: dict[str, str]
    verified: bool
    packages: tuple[BinaryPackage, ...]


def suite_file(release: str, architecture: str) -> str:
    """Return the name of the embedded file below `data/`."""
    return f"suites/{release}-{architecture}.json.gz"


@lru_cache(maxsize=8)
def load_suite(release: str, architecture: str) -> SuiteIndex:
    """Return the embedded index of a release.

    Args:
        release: Codename, one of `EMBEDDED_RELEASES`.
        architecture: Debian architecture, one of `EMBEDDED_ARCHITECTURES`.

    Raises:
        KnowledgeError: There is none for this release and architecture, or it is damaged.
    """
    if release not in EMBEDDED_RELEASES or architecture not in EMBEDDED_ARCHITECTURES:
        raise KnowledgeError(
            f"no package index of Debian `{release}` for `{architecture}` is embedded",
            hint=f"releases: {', '.join(EMBEDDED_RELEASES)}; architectures: {', '.join(EMBEDDED_ARCHITECTURES)}",
        )
    suite = decode_embedded(suite_file(release, architecture), EmbeddedSuite)
    return SuiteIndex(suite.release, suite.architecture, suite.as_of, suite.packages)
