"""Evidence of the images that files name: from the catalogue, from the lock, and, when asked, from their registry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import msgspec

from basewise.candidates.catalogue import Catalogue, load_catalogue
from basewise.candidates.stored import SupersededBuild
from basewise.candidates.user_catalogue import load_whole_catalogue
from basewise.dockerfile.images import ImageUse
from basewise.errors import ImageError, InvalidValueError
from basewise.model.base_image import BaseImage
from basewise.model.digest import Digest
from basewise.model.distro import Distro
from basewise.model.lock import Pin
from basewise.model.platform import Platform
from basewise.model.reference import DEFAULT_REGISTRY, Reference
from basewise.operations.image_registry import Registry
from basewise.operations.image_tags import distro_of_tag, is_floating, is_prerelease_tag, python_of_tag
from basewise.operations.measured_image import is_explicit_tag, trust_of
from basewise.operations.refresh_effect import EffectReader, OlderBuild
from basewise.rules.evidence import ImageEvidence

__all__ = ["ImageKnowledge"]

_MOVED = re.compile(
    r"`(?P<tag>[^`]+)` named this image on (?P<on>\d{4}-\d\d-\d\d); the floating tag has moved since"
)
_NO_DISTRO = Distro("", "")
_ROOT_IMAGES = frozenset(
    {"library/python", "library/debian", "library/ubuntu", "library/alpine", "library/buildpack-deps"}
)


class _Catalogues(msgspec.Struct, frozen=True):
    """What is known for one platform: with the user's own images, and without."""

    whole: Catalogue | None
    embedded: Catalogue | None
    moved: dict[str, tuple[BaseImage, str]]


class ImageKnowledge:
    """Answers what is known about images, each platform's catalogue read once.

    Args:
        platform: The platform that is built for.
        effects: Works out what a refresh changes.
        registry: Is asked what tags lead to today; None asks nobody.
    """

    def __init__(self, platform: Platform, effects: EffectReader, registry: Registry | None = None) -> None:
        self._platform = platform
        self._effects = effects
        self._registry = registry
        self._catalogues: dict[Platform, _Catalogues] = {}

    def of(self, use: ImageUse, *, final: bool, pins: Sequence[Pin] = ()) -> ImageEvidence:
        """Return what is known about one image that a file names.

        Args:
            use: Where it is named.
            final: The image that is built stands on it.
            pins: What the lock says of the same file.
        """
        if use.image is None:
            return ImageEvidence(
                use=use, reference=None, problem="a build argument without a default decides it", final=final
            )
        try:
            reference = Reference.parse(use.image)
        except InvalidValueError as error:
            return ImageEvidence(use=use, reference=None, problem=error.message, final=final)
        known = self._known(self._platform_of(use))
        evidence = self._from_catalogue(use, reference, known, final=final)
        evidence = self._from_registry(evidence, known)
        evidence = _from_lock(evidence, pins)
        return self._with_effect(_from_tag(evidence), known)

    @property
    def catalogues(self) -> tuple[Catalogue, ...]:
        """The catalogues that were looked into."""
        return tuple(known.whole for known in self._catalogues.values() if known.whole is not None)

    def _platform_of(self, use: ImageUse) -> Platform:
        try:
            return Platform.parse(use.platform) if use.platform else self._platform
        except InvalidValueError:
            return self._platform

    def _known(self, platform: Platform) -> _Catalogues:
        if platform not in self._catalogues:
            self._catalogues[platform] = _load(platform)
        return self._catalogues[platform]

    def _from_catalogue(
        self, use: ImageUse, reference: Reference, known: _Catalogues, *, final: bool
    ) -> ImageEvidence:
        tag = msgspec.structs.replace(reference, digest=None)
        moved = known.moved.get(tag.familiar)
        newest = None if moved is not None or tag.tag is None else _by_tag(known.whole, tag)
        facts = newest if reference.digest is None else _by_digest(known, reference.digest)
        created = facts.created.date() if facts is not None else None
        build = _superseded_build(known, reference.digest)
        if facts is None and build is not None:
            created = build.created.date()
        if tag.tag is None and reference.digest is not None:
            newest = _newest_of(known, facts, build)
        return ImageEvidence(
            use=use,
            reference=reference,
            final=final,
            facts=facts,
            newest=newest,
            newest_digest=newest.index_digest if newest is not None else None,
            created=created,
            superseded=_is_older(reference, created, newest),
            distro=facts.distro if facts is not None else None,
            python=_minor(facts.python if facts is not None else build.python if build is not None else None),
            prerelease=facts.prerelease if facts is not None else False,
            source=_source(known, facts or newest, build),
            publisher=_publisher(reference, facts or newest),
            example=_example(tag, known.embedded),
            explicit=_explicit(tag, newest),
            moved_from=_moved(moved, facts, newest),
            user=facts.surface.default_user if facts is not None else None,
        )

    def _from_registry(self, evidence: ImageEvidence, known: _Catalogues) -> ImageEvidence:
        """Add what the registry says today, where it may be asked."""
        reference = evidence.reference
        if self._registry is None or reference is None:
            return evidence
        today = (
            self._registry.digest_of(msgspec.structs.replace(reference, digest=None))
            if reference.tag
            else None
        )
        changes: dict[str, object] = {}
        if today is not None:
            newest = (
                evidence.newest
                if evidence.newest and today == evidence.newest.index_digest
                else _by_digest(known, today)
            )
            superseded = reference.digest is not None and today not in _digests(evidence, reference.digest)
            facts = newest if reference.digest is None else evidence.facts
            changes = {
                "newest": newest,
                "newest_digest": today,
                "superseded": superseded,
                "facts": facts,
                "moved_from": "" if reference.digest is None else evidence.moved_from,
                "source": evidence.source if newest is not None else f"registry {reference.registry}",
            }
        if evidence.created is None and reference.digest is not None:
            changes["created"] = self._registry.created(reference)
        return msgspec.structs.replace(evidence, **changes)

    def _with_effect(self, evidence: ImageEvidence, known: _Catalogues) -> ImageEvidence:
        if not evidence.superseded or evidence.newest is None or evidence.reference is None:
            return evidence
        build = _superseded_build(known, evidence.reference.digest)
        old: BaseImage | OlderBuild | None = evidence.facts
        if old is None and build is not None:
            old = OlderBuild(build.created.date(), build.python)
        if old is None:
            return evidence
        return msgspec.structs.replace(evidence, effect=self._effects.effect(old, evidence.newest))


def _load(platform: Platform) -> _Catalogues:
    try:
        whole, embedded = load_whole_catalogue(platform), load_catalogue(platform)
    except ImageError:
        return _Catalogues(None, None, {})
    images = {image.name: image for image in embedded.images}
    moved = {}
    for note in embedded.notes:
        found = _MOVED.match(note.sentence)
        if found is not None and note.image in images:
            moved[found["tag"]] = (images[note.image], found["on"])
    return _Catalogues(whole, embedded, moved)


def _by_tag(catalogue: Catalogue | None, tag: Reference) -> BaseImage | None:
    if catalogue is None:
        return None
    place = (tag.registry, tag.repository)
    return next(
        (
            image
            for image in catalogue.images
            if (image.reference.registry, image.reference.repository) == place
            and (image.name == tag.familiar or tag.familiar in image.also_known_as)
        ),
        None,
    )


def _by_digest(known: _Catalogues, digest: Digest) -> BaseImage | None:
    for catalogue in (known.whole, known.embedded):
        for image in catalogue.images if catalogue is not None else ():
            if digest in {image.index_digest, image.manifest_digest}:
                return image
    return None


def _superseded_build(known: _Catalogues, digest: Digest | None) -> SupersededBuild | None:
    if digest is None or known.whole is None:
        return None
    return next(
        (
            build
            for build in known.whole.superseded
            if str(digest) in {build.index_digest, build.manifest_digest}
        ),
        None,
    )


def _newest_of(
    known: _Catalogues, facts: BaseImage | None, build: SupersededBuild | None
) -> BaseImage | None:
    """Return the newest build under the name that a digest alone is known by."""
    name = facts.name if facts is not None else build.image if build is not None else None
    images = known.whole.images if known.whole is not None else ()
    return next((image for image in images if image.name == name), None)


def _is_older(reference: Reference, created: date | None, newest: BaseImage | None) -> bool:
    if reference.digest is None or newest is None or created is None:
        return False
    return (
        reference.digest not in {newest.index_digest, newest.manifest_digest}
        and newest.created.date() > created
    )


def _digests(evidence: ImageEvidence, pinned: Digest) -> set[Digest | None]:
    same = {pinned}
    if evidence.facts is not None and pinned in {evidence.facts.index_digest, evidence.facts.manifest_digest}:
        return {*same, evidence.facts.index_digest, evidence.facts.manifest_digest}
    return {*same}


def _minor(python: str | None) -> str | None:
    return None if python is None else ".".join(python.split(".")[:2])


def _source(known: _Catalogues, facts: BaseImage | None, build: SupersededBuild | None) -> str:
    if (facts is None and build is None) or known.whole is None:
        return ""
    return f"the catalogue of {known.whole.as_of}"


def _publisher(reference: Reference, facts: BaseImage | None) -> str:
    if facts is not None:
        return facts.trust.publisher
    return trust_of(reference, "", _NO_DISTRO, None).publisher


def _explicit(tag: Reference, newest: BaseImage | None) -> str:
    if newest is None or newest.name == tag.familiar:
        return ""
    return "" if is_explicit_tag(tag.tag, newest.python_minor, newest.distro) else newest.name


def _example(tag: Reference, catalogue: Catalogue | None) -> str:
    """Return an image of the same repository, Python and variant in the newest release; "" where none is known."""
    if catalogue is None or is_prerelease_tag(tag):
        return ""
    minor, variant = python_of_tag(tag), _variant("slim" if tag.tag in {None, "latest"} else tag.tag)
    like = [
        image
        for image in catalogue.images
        if (image.reference.registry, image.reference.repository) == (tag.registry, tag.repository)
        and _variant(image.name) == variant
        and not image.prerelease
        and minor in {None, image.python_minor}
    ]
    return max(like, key=_newness).name if like else ""


def _variant(name: str | None) -> str:
    return next((word for word in ("alpine", "slim") if word in (name or "")), "")


def _newness(image: BaseImage) -> tuple[list[int], ...]:
    return tuple(_numbers(text) for text in (image.python_minor, image.distro.version))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def _moved(
    moved: tuple[BaseImage, str] | None,
    facts: BaseImage | None,
    newest: BaseImage | None,
) -> str:
    """Return what a tag named before it moved to another distribution; "" where nothing like that is known."""
    if moved is not None:
        return f"it named {moved[0].distro} on {moved[1]}, and has moved since"
    if facts is not None and newest is not None and facts.distro != newest.distro:
        return f"the digest is {facts.distro}, and the tag names {newest.distro} now"
    return ""


def _from_lock(evidence: ImageEvidence, pins: Sequence[Pin]) -> ImageEvidence:
    """Add what the lock knows of the digest, and of the distribution that the tag stood on."""
    pin = next((one for one in pins if one.image == evidence.name), None)
    if pin is None or evidence.reference is None:
        return evidence
    changes: dict[str, object] = {}
    same = evidence.reference.digest is not None and str(evidence.reference.digest) == pin.digest
    if same and evidence.created is None and pin.created is not None:
        changes["created"] = date.fromisoformat(pin.created)
        changes["source"] = evidence.source or f"basewise.lock, {pin.evidence_date}"
    newest = evidence.newest
    if pin.distro is not None and newest is not None and not evidence.moved_from:
        before = (pin.distro.id, pin.distro.version)
        if before != (newest.distro.id, newest.distro.version):
            was = f"{pin.distro.id} {pin.distro.version}"
            changes["moved_from"] = f"it was {was} on {pin.evidence_date}, and is {newest.distro} now"
    return msgspec.structs.replace(evidence, **changes)


def _from_tag(evidence: ImageEvidence) -> ImageEvidence:
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
