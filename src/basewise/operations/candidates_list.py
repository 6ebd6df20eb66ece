"""`basewise candidates list`: the catalogue of base images, with the basis of each fact."""

from __future__ import annotations

from datetime import date

from basewise._internal.text import format_moment
from basewise.candidates.catalogue import Catalogue
from basewise.candidates.coverage import catalogue_not_covered, catalogue_source, catalogue_warnings
from basewise.candidates.lifecycle import python_is_supported, support_of
from basewise.candidates.user_catalogue import load_whole_catalogue
from basewise.model.base_image import BaseImage
from basewise.model.evidence import Coverage
from basewise.model.listing import CandidateListing, CandidateRow
from basewise.model.platform import Platform
from basewise.operations.document_words import (
    build_age_in_days,
    document_distro,
    document_libc,
)

__all__ = ["list_candidates"]


def list_candidates(platform: Platform, today: date) -> CandidateListing:
    """Return all images of the catalogue for a platform.

    Args:
        platform: What the facts shall be about.
        today: The day by which ages and support phases are judged.

    Raises:
        KnowledgeError: Embedded data is missing or damaged.
        ImageError: The catalogue knows no image for the platform.
    """
    catalogue = load_whole_catalogue(platform)
    not_covered = catalogue_not_covered(catalogue, today)
    return CandidateListing(
        generated_at=today.isoformat(),
        platform=str(platform),
        as_of=catalogue.as_of.isoformat(),
        images=tuple(_row(image, catalogue, today) for image in catalogue.images),
        warnings=catalogue_warnings(catalogue, today),
        coverage=Coverage(
            complete=not not_covered, sources=(catalogue_source(catalogue, today),), not_covered=not_covered
        ),
    )


def _row(image: BaseImage, catalogue: Catalogue, today: date) -> CandidateRow:
    return CandidateRow(
        image=image.name,
        also_known_as=image.also_known_as,
        digest=str(image.index_digest) if image.index_digest else None,
        manifest_digest=str(image.manifest_digest) if image.manifest_digest else None,
        platform=str(image.platform),
        created=format_moment(image.created),
        age_days=build_age_in_days(image.created, today),
        python=image.python,
        prerelease=image.prerelease,
        python_supported=python_is_supported(image.python_minor, today),
        variant=image.variant,
        distro=document_distro(image.distro),
        libc=document_libc(image.libc),
        compressed_bytes=image.size.compressed_bytes,
        compressed_basis=str(image.size.compressed_basis),
        disk_bytes=image.size.disk_bytes,
        disk_basis=str(image.size.disk_basis),
        packages=image.surface.packages,
        packages_basis=str(image.packages_basis),
        support=support_of(image, today),
        source=image.source,
        notes=tuple(note.sentence for note in catalogue.notes if note.image == image.name),
    )
