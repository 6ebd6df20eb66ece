"""What an application needs of a floating tag: judged on every release that the tag may name, told where all agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from basewise.candidates.lifecycle import load_lifecycles
from basewise.model.base_image import BaseImage
from basewise.model.evidence import NotCovered
from basewise.model.reference import Reference
from basewise.operations.image_tag_evidence import like_tag
from basewise.operations.image_tags import is_floating, python_of_tag
from basewise.rules.evidence import AppEvidence, ImageEvidence

__all__ = ["agreed", "stand_ins"]


def stand_ins(base: ImageEvidence | None, images: Iterable[BaseImage], today: date) -> tuple[BaseImage, ...]:
    """Return the known images that a floating tag without a digest may name, the newest release first.

    None for a tag that names no Python minor, and none where the image itself is known. A release past its last end
    of support is named by no floating tag any more.
    """
    if base is None or base.reference is None or base.standing is not None:
        return ()
    reference = base.reference
    if reference.digest is not None or not is_floating(reference) or python_of_tag(reference) is None:
        return ()
    return tuple(image for image in like_tag(reference, images) if not _has_ended(image, today))


def agreed(evidence: Sequence[AppEvidence], tag: Reference, path: str) -> AppEvidence:
    """Return what holds on every image: the evidence of the first where all say the same.

    Args:
        evidence: The application on each image, at least one.
        tag: What the Dockerfile says.
        path: The Dockerfile as it was named, for messages.
    """
    first = evidence[0]
    names = tuple(one.image.name for one in evidence if one.image is not None)
    if any(one.bare is None for one in evidence):
        return next(one for one in evidence if one.bare is None)
    if len({_said(one) for one in evidence}) == 1:
        return msgspec.structs.replace(first, stand_ins=names, libraries=())
    missing = NotCovered(
        f"what the application of {path} needs",
        f"`{tag.familiar}` may be {' or '.join(names)}, which differ in it: write the release into the tag",
    )
    return msgspec.structs.replace(
        first, image=None, bare=None, equipped=None, libraries=(), not_covered=(*first.not_covered, missing)
    )


def _said(evidence: AppEvidence) -> object:
    """Return what the rules would say, in words that are the same on every release."""
    bare, equipped = evidence.bare, evidence.equipped
    needs = (
        {why for package in equipped.add_packages for why in package.why} if equipped is not None else set()
    )
    reasons = {(one.kind, one.package, one.blocking) for one in bare.reasons} if bare is not None else set()
    return (bare.verdict if bare is not None else None, frozenset(needs), frozenset(reasons))


def _has_ended(image: BaseImage, today: date) -> bool:
    cycle = load_lifecycles().find(image.distro.id, image.distro.version)
    end = (cycle.lts_eol or cycle.eol) if cycle is not None else None
    return end is not None and end < today
