"""The result of `candidates list`: the JSON document `basewise.candidates/1`, field for field."""

from __future__ import annotations

import msgspec

from basewise.model.choice import CandidateDistro, CandidateLibc
from basewise.model.evidence import Coverage, Support

__all__ = ["CandidateListing", "CandidateRow"]

SCHEMA = "basewise.candidates/1"


class CandidateRow(msgspec.Struct, frozen=True, kw_only=True):
    """One image of the catalogue; None is unknown.

    Args:
        image: Familiar name with the explicit tag.
        also_known_as: Floating and patch-level tags of the same digests.
        digest: Index digest, what a FROM line pins.
        manifest_digest: Manifest of the platform.
        created: When it was built, RFC 3339.
        age_days: Days since then.
        packages: Number of OS packages, the CPython in `/usr/local` not counted.
        python_supported: Released and before its end of life; None when the dates are not known.
        source: Where the facts come from, with date.
        notes: What is known beside.
    """

    image: str
    also_known_as: tuple[str, ...]
    digest: str | None
    manifest_digest: str | None
    platform: str
    created: str
    age_days: int
    python: str
    prerelease: bool
    python_supported: bool | None
    variant: str
    distro: CandidateDistro
    libc: CandidateLibc
    compressed_bytes: int | None
    compressed_basis: str
    disk_bytes: int | None
    disk_basis: str
    packages: int | None
    packages_basis: str
    support: Support
    source: str
    notes: tuple[str, ...] = ()


class CandidateListing(msgspec.Struct, frozen=True, kw_only=True):
    """The whole catalogue for one platform.

    Args:
        generated_at: The day by which ages and support phases were judged.
        as_of: Date of the newest build that the catalogue has.
        warnings: Sentences about the age of the catalogue or the clock.
    """

    schema: str = SCHEMA
    generated_at: str
    platform: str
    as_of: str
    images: tuple[CandidateRow, ...]
    warnings: tuple[str, ...] = ()
    coverage: Coverage
