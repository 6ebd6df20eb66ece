"""Evidence of the images that files name: from the catalogue, from the lock, and, when asked, from their registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from basewise.candidates.catalogue import Catalogue
from basewise.candidates.stored import SupersededBuild
from basewise.dockerfile.images import ImageUse
from basewise.errors import InvalidValueError
from basewise.model.base_image import BaseImage
from basewise.model.digest import Digest
from basewise.model.distro import Distro
from basewise.model.lock import Pin
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.operations.image_catalogues import Catalogues, load_catalogues
from basewise.operations.image_registry import Registry
from basewise.operations.image_tag_evidence import example_of, explicit_name, moved_from, with_tag
from basewise.operations.measured_image import trust_of
from basewise.operations.refresh_effect import EffectReader, OlderBuild
from basewise.rules.evidence import ImageEvidence

__all__ = ["ImageKnowledge"]

_NO_DISTRO = Distro("", "")


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
        self._catalogues: dict[Platform, Catalogues] = {}

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
        pin = next((one for one in pins if one.image == evidence.name), None)
        evidence = _from_lock(evidence, pin)
        return self._with_effect(with_tag(evidence), known, pin)

    @property
    def catalogues(self) -> tuple[Catalogue, ...]:
        """The catalogues that were looked into."""
        return tuple(known.whole for known in self._catalogues.values() if known.whole is not None)

    def images_for(self, use: ImageUse) -> tuple[BaseImage, ...]:
        """Return the images of the catalogue for the platform that a use asks for."""
        embedded = self._known(self._platform_of(use)).embedded
        return embedded.images if embedded is not None else ()

    def _platform_of(self, use: ImageUse) -> Platform:
        try:
            return Platform.parse(use.platform) if use.platform else self._platform
        except InvalidValueError:
            return self._platform

    def _known(self, platform: Platform) -> Catalogues:
        if platform not in self._catalogues:
            self._catalogues[platform] = load_catalogues(platform)
        return self._catalogues[platform]

    def _from_catalogue(
        self, use: ImageUse, reference: Reference, known: Catalogues, *, final: bool
    ) -> ImageEvidence:
        tag = msgspec.structs.replace(reference, digest=None)
        moved = known.moved.get(tag.familiar)
        newest = None if moved is not None or tag.tag is None else known.by_tag(tag)
        facts = newest if reference.digest is None else known.by_digest(reference.digest)
        created = facts.created.date() if facts is not None else None
        build = known.superseded_build(reference.digest)
        if facts is None and build is not None:
            created = build.created.date()
        if tag.tag is None and reference.digest is not None:
            newest = known.newest_of(facts, build)
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
            example=example_of(tag, known.embedded),
            explicit=explicit_name(tag, newest),
            moved_from=moved_from(moved, facts, newest),
            user=facts.surface.default_user if facts is not None else None,
        )

    def _from_registry(self, evidence: ImageEvidence, known: Catalogues) -> ImageEvidence:
        """Add what the registry says today, where it may be asked."""
        reference = evidence.reference
        if self._registry is None or reference is None:
            return evidence
        tag = msgspec.structs.replace(reference, digest=None)
        today = self._registry.digest_of(tag) if reference.tag else None
        changes: dict[str, object] = {}
        if today is not None:
            newest = (
                evidence.newest
                if evidence.newest and today == evidence.newest.index_digest
                else known.by_digest(today)
            )
            superseded = (
                reference.digest is not None
                and today not in _digests(evidence, reference.digest)
                and reference.digest not in self._registry.images_of(tag)
            )
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
            changes["created"] = self._registry.created(reference, self._platform_of(evidence.use))
        return msgspec.structs.replace(evidence, **changes)

    def _with_effect(self, evidence: ImageEvidence, known: Catalogues, pin: Pin | None) -> ImageEvidence:
        if not evidence.superseded or evidence.newest is None or evidence.reference is None:
            return evidence
        build = known.superseded_build(evidence.reference.digest)
        old: BaseImage | OlderBuild | None = evidence.facts
        if old is None and build is not None:
            old = OlderBuild(build.created.date(), build.python)
        if old is None and not evidence.moved_from:
            old = _older_build(evidence.reference, pin)
        if old is None:
            return evidence
        return msgspec.structs.replace(evidence, effect=self._effects.effect(old, evidence.newest))


def _is_older(reference: Reference, created: date | None, newest: BaseImage | None) -> bool:
    if reference.digest is None or newest is None or created is None:
        return False
    return (
        reference.digest not in {newest.index_digest, newest.manifest_digest}
        and newest.created.date() > created
    )


def _digests(evidence: ImageEvidence, pinned: Digest) -> set[Digest | None]:
    """Return the digests that name the same build as the pinned one, as far as is known."""
    facts = evidence.facts
    known = {facts.index_digest, facts.manifest_digest} if facts is not None else set()
    return known if pinned in known else {pinned}


def _minor(python: str | None) -> str | None:
    return None if python is None else ".".join(python.split(".")[:2])


def _source(known: Catalogues, facts: BaseImage | None, build: SupersededBuild | None) -> str:
    if (facts is None and build is None) or known.whole is None:
        return ""
    return f"the catalogue of {known.whole.as_of}"


def _publisher(reference: Reference, facts: BaseImage | None) -> str:
    if facts is not None:
        return facts.trust.publisher
    return trust_of(reference, "", _NO_DISTRO, None).publisher


def _same_digest(reference: Reference, pin: Pin) -> bool:
    return reference.digest is not None and str(reference.digest) == pin.digest


def _older_build(reference: Reference, pin: Pin | None) -> OlderBuild | None:
    """Return what the lock knows of the build that a digest names; None where that is too little."""
    if pin is None or pin.created is None or pin.python is None or not _same_digest(reference, pin):
        return None
    return OlderBuild(date.fromisoformat(pin.created), pin.python)


def _from_lock(evidence: ImageEvidence, pin: Pin | None) -> ImageEvidence:
    """Add what the lock knows of the digest, and of the distribution that the tag stood on."""
    reference = evidence.reference
    if pin is None or reference is None:
        return evidence
    changes: dict[str, object] = {}
    if _same_digest(reference, pin) and evidence.created is None and pin.created is not None:
        created = date.fromisoformat(pin.created)
        changes["created"] = created
        changes["superseded"] = evidence.superseded or _is_older(reference, created, evidence.newest)
        changes["source"] = evidence.source or f"basewise.lock, {pin.evidence_date}"
    newest = evidence.newest
    if pin.distro is not None and newest is not None and not evidence.moved_from:
        before = (pin.distro.id, pin.distro.version)
        if before != (newest.distro.id, newest.distro.version):
            was = f"{pin.distro.id} {pin.distro.version}"
            changes["moved_from"] = f"it was {was} on {pin.evidence_date}, and is {newest.distro} now"
    return msgspec.structs.replace(evidence, **changes)
