"""The builds of one repository: resolved, compared with what is known, and measured where they changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from basewise.candidates.catalogue import Catalogue
from basewise.candidates.user_catalogue import MeasuredImage
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.inventory.run import open_layer_cache, take_inventory
from basewise.model.base_image import BaseImage
from basewise.model.digest import Digest
from basewise.model.reference import Reference
from basewise.model.refresh import BelievedSbom, Change, RefreshRow
from basewise.oci.registry import open_registry, resolve_reference
from basewise.oci.registry_client import RegistryClient
from basewise.operations.attested_image import NotAttestedError, attested_image
from basewise.operations.measured_image import is_explicit_tag, measured_image, trust_of, variant_of
from basewise.progress import Progress

__all__ = ["Refresher"]


class _Build(msgspec.Struct, frozen=True):
    """One digest of today, with all tags that lead to it, and what the catalogue knows under these."""

    digest: Digest
    tags: tuple[str, ...]
    known: BaseImage | None


class _Found(msgspec.Struct, frozen=True):
    """The facts of a build, what they were taken from, why not from an SBOM, and from which."""

    entry: MeasuredImage
    how: str
    why: str = ""
    sbom: BelievedSbom | None = None


class Refresher:
    """Goes through the builds of one repository and collects what was measured."""

    def __init__(
        self,
        client: RegistryClient,
        repository: Reference,
        catalogue: Catalogue,
        *,
        read_layers: bool,
        now: datetime,
        progress: Progress,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._client = client
        self._repository = repository
        self._catalogue = catalogue
        self._read_layers = read_layers
        self._now = now
        self._progress = progress
        self._limits = limits
        self._cache = open_layer_cache(limits=limits, progress=progress)
        self.measured: list[MeasuredImage] = []

    def run(self, tags: Sequence[str], *, only_known: bool) -> list[RefreshRow]:
        """Resolve the tags and return a row for each build; with `only_known`, of images of the catalogue."""
        rows: list[RefreshRow] = []
        by_digest: dict[Digest, list[str]] = {}
        for tag in tags:
            self._progress.step(f"resolving {self._repository.familiar}:{tag}")
            before = self._fetched
            try:
                _, descriptor = resolve_reference(self._client, self._named(tag), limits=self._limits)
            except ImageError as error:
                known = self._known([tag])
                if known is not None or not only_known:
                    rows.append(
                        self._row([tag], Change.NOT_READ, known=known, since=before, why=error.message)
                    )
                continue
            by_digest.setdefault(descriptor.digest, []).append(tag)
        for digest, same in by_digest.items():
            known = self._known(same) or self._known_by(digest)
            if known is not None or not only_known:
                rows.append(self._refresh(_Build(digest, tuple(same), known)))
        return rows

    @property
    def _fetched(self) -> int:
        return self._client.transfer.bytes_fetched

    def _named(self, tag: str, digest: Digest | None = None) -> Reference:
        return Reference(self._repository.registry, self._repository.repository, tag, digest)

    def _known(self, tags: Iterable[str]) -> BaseImage | None:
        """Return the image of the catalogue that has one of these tags as its name."""
        names = {self._named(tag).familiar for tag in tags}
        return next((image for image in self._catalogue.images if image.name in names), None)

    def _known_by(self, digest: Digest) -> BaseImage | None:
        """Return the image of the catalogue that a moving tag leads to."""
        place = (self._repository.registry, self._repository.repository)
        return next(
            (
                image
                for image in self._catalogue.images
                if image.index_digest == digest
                and (image.reference.registry, image.reference.repository) == place
            ),
            None,
        )

    def _refresh(self, build: _Build) -> RefreshRow:
        before = self._fetched
        if build.known is not None and build.known.index_digest == build.digest:
            return self._row(build.tags, Change.UNCHANGED, build=build, since=before)
        try:
            found = self._measure(build)
        except ImageError as error:
            return self._row(build.tags, Change.NOT_READ, build=build, since=before, why=error.message)
        entry = self._renamed(found.entry, build)
        self.measured.append(entry)
        change = Change.ADDED if build.known is None else Change.RENEWED
        return self._row(build.tags, change, build=build, since=before, entry=entry, found=found)

    def _measure(self, build: _Build) -> _Found:
        reference = self._named(build.tags[0], build.digest)
        self._progress.step(f"reading {reference.familiar}")
        with open_registry(
            reference,
            self._catalogue.platform,
            client=self._client,
            progress=self._progress,
            limits=self._limits,
        ) as image:
            known = build.known
            if known is not None and known.manifest_digest == image.digest and known.packages is not None:
                facts = msgspec.structs.replace(known, index_digest=build.digest)
                return _Found(MeasuredImage(image=facts, measured_at=self._now), "known build")
            why = ""
            if not self._read_layers:
                try:
                    entry, sbom = self._attested(image, known)
                    return _Found(entry, "sbom attestation", sbom=sbom)
                except NotAttestedError as error:
                    why = error.message
            inventory = take_inventory(image, cache=self._cache, progress=self._progress, limits=self._limits)
        return _Found(measured_image(inventory, reference, now=self._now), "layers", why)

    def _attested(self, image: Image, known: BaseImage | None) -> tuple[MeasuredImage, BelievedSbom]:
        where = self._client.repository(self._repository.registry, self._repository.repository)
        return attested_image(self._client, where, image, known, now=self._now)

    def _renamed(self, measured: MeasuredImage, build: _Build) -> MeasuredImage:
        """Give an image the tag that says most, and the others as aliases; a known image keeps its name."""
        image = measured.image
        tag = build.known.reference.tag if build.known is not None else None
        if tag is None or tag not in build.tags:
            tag = min(
                build.tags,
                key=lambda name: (
                    not is_explicit_tag(name, image.python_minor, image.distro),
                    len(name),
                    name,
                ),
            )
        reference = self._named(tag)
        others = tuple(self._named(other).familiar for other in sorted(build.tags) if other != tag)
        return msgspec.structs.replace(
            measured,
            image=msgspec.structs.replace(
                image,
                reference=reference,
                also_known_as=others,
                variant=variant_of(tag, image.distro, compiler=bool(image.surface.compiler)),
                trust=trust_of(reference, image.python_minor, image.distro, image.index_digest),
            ),
        )

    def _row(
        self,
        tags: Sequence[str],
        change: Change,
        *,
        since: int,
        build: _Build | None = None,
        known: BaseImage | None = None,
        entry: MeasuredImage | None = None,
        found: _Found | None = None,
        why: str = "",
    ) -> RefreshRow:
        old = known if build is None else build.known
        image = entry.image if entry is not None else old
        name = image.name if image is not None else self._named(min(tags)).familiar
        names = tuple(self._named(tag).familiar for tag in sorted(tags))
        return RefreshRow(
            image=name,
            also_known_as=tuple(other for other in names if other != name),
            change=change,
            digest=str(build.digest) if build is not None else None,
            before=str(old.index_digest) if old is not None and old.index_digest is not None else None,
            python=image.python if image is not None else None,
            how=found.how if found is not None else "",
            sbom=found.sbom if found is not None else None,
            bytes_fetched=self._fetched - since,
            why=found.why if found is not None else why,
        )
