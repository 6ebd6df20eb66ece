"""The result of `candidates refresh`: the JSON document `basewise.refresh/1`, field for field."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["BelievedSbom", "Change", "Refresh", "RefreshRow"]

SCHEMA = "basewise.refresh/1"


class Change(StrEnum):
    """What became of an image: `added`, `renewed`, `unchanged`, or `not-read`, with the reason in its row."""

    ADDED = "added"
    RENEWED = "renewed"
    UNCHANGED = "unchanged"
    NOT_READ = "not-read"


class BelievedSbom(msgspec.Struct, frozen=True, kw_only=True):
    """The SBOM attestation that facts were taken from.

    Args:
        format: `SPDX` or `CycloneDX`.
        digest: Of the statement as it is stored.
        found_in: `index`: it stands in the index of the image, whose digest covers both.
    """

    format: str
    digest: str
    found_in: str


class RefreshRow(msgspec.Struct, frozen=True, kw_only=True):
    """One image of the repository.

    Args:
        image: Familiar name.
        also_known_as: Other tags of the same digest.
        digest: Of today; None when it could not be resolved.
        before: The digest that the catalogue had; None when it had no such image.
        python: Full version; None when not read.
        how: What the facts were taken from: `layers`, `sbom attestation`, `known build` (the manifest of the
            platform did not change), "" for nothing.
        sbom: Which SBOM was believed; None when none was.
        bytes_fetched: For this image.
        why: Why it was not read, or why an attestation was not used.
    """

    image: str
    also_known_as: tuple[str, ...]
    change: Change
    digest: str | None
    before: str | None
    python: str | None
    how: str
    sbom: BelievedSbom | None = None
    bytes_fetched: int
    why: str


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """What `candidates refresh` found and did.

    Args:
        repository: Familiar name.
        tags: Tags that the registry lists.
        tags_complete: There are no others.
        images: Sorted by name.
        bytes_fetched: In all, listing and resolving included.
        file: The user's catalogue.
    """

    schema: str = SCHEMA
    generated_at: str
    repository: str
    platform: str
    tags: int
    tags_complete: bool
    images: tuple[RefreshRow, ...]
    bytes_fetched: int
    file: str
