"""Evidence that a tag alone gives: what it says, what could be written instead, where it moved."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from basewise.candidates.catalogue import Catalogue
from basewise.model.base_image import BaseImage
from basewise.model.reference import DEFAULT_REGISTRY, Reference
from basewise.operations.image_catalogues import MovedTag
from basewise.operations.image_tags import distro_of_tag, is_floating, is_prerelease_tag, python_of_tag
from basewise.operations.measured_image import is_explicit_tag
from basewise.rules.evidence import ImageEvidence

__all__ = ["example_of", "explicit_name", "like_tag", "moved_from", "with_tag"]

_ROOT_IMAGES = frozenset(
    {"library/python", "library/debian", "library/ubuntu", "library/alpine", "library/buildpack-deps"}
)


def explicit_name(tag: Reference, newest: BaseImage | None) -> str:
    """Return a name that says the same and does not float; "" where the tag is such a name, or none is known."""
    if newest is None or newest.name == tag.familiar:
        return ""
    return "" if is_explicit_tag(tag.tag, newest.python_minor, newest.distro) else newest.name


def example_of(tag: Reference, catalogue: Catalogue | None) -> str:
    """Return an image of the same repository, Python and variant in the newest release; "" where none is known."""
    if catalogue is None or is_prerelease_tag(tag):
        return ""
    return next((image.name for image in like_tag(tag, catalogue.images)), "")


def like_tag(tag: Reference, images: Iterable[BaseImage]) -> tuple[BaseImage, ...]:
    """Return the images of the same repository, Python and variant, the newest release first."""
    minor, variant = python_of_tag(tag), _variant("slim" if tag.tag in {None, "latest"} else tag.tag)
    like = (
        image
        for image in images
        if (image.reference.registry, image.reference.repository) == (tag.registry, tag.repository)
        and _variant(image.name) == variant
        and not image.prerelease
        and minor in {None, image.python_minor}
    )
    return tuple(sorted(like, key=_newness, reverse=True))


def _variant(name: str | None) -> str:
    return next((word for word in ("alpine", "slim") if word in (name or "")), "")


def _newness(image: BaseImage) -> tuple[list[int], ...]:
    return tuple(_numbers(text) for text in (image.python_minor, image.distro.version))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def moved_from(moved: MovedTag | None, facts: BaseImage | None, newest: BaseImage | None) -> str:
    """Return what a tag named before it moved to another distribution; "" where nothing like that is known.

    Args:
        moved: What the catalogue says of the tag.
        facts: The build that the digest names, or else the one that the tag leads to.
        newest: The newest build of the tag.
    """
    if moved is not None:
        return f"it named {moved.image.distro} on {moved.on}, and has moved since"
    if facts is not None and newest is not None and facts.distro != newest.distro:
        return f"the digest is {facts.distro}, and the tag names {newest.distro} now"
    return ""


def with_tag(evidence: ImageEvidence) -> ImageEvidence:
    """Fill in what the tag alone tells, where nothing better is known."""
    reference = evidence.reference
    if reference is None:
        return evidence
    changes: dict[str, object] = {}
    if evidence.distro is None and (distro := distro_of_tag(reference)) is not None:
        changes["distro"] = distro
    if evidence.python is None and (python := python_of_tag(reference)) is not None:
        changes["python"] = python
    if is_prerelease_tag(reference):
        changes["prerelease"] = True
    if (
        evidence.user is None
        and reference.registry == DEFAULT_REGISTRY
        and reference.repository in _ROOT_IMAGES
    ):
        changes["user"] = "root"
    if not evidence.source and ("distro" in changes or "python" in changes):
        changes["source"] = "the tag"
    changes["floating"] = is_floating(reference) and (evidence.newest is None or bool(evidence.explicit))
    return msgspec.structs.replace(evidence, **changes)
