"""What the catalogues know of images: by tag, by digest, by a build that was superseded."""

from __future__ import annotations

import re

import msgspec

from basewise.candidates.catalogue import Catalogue, load_catalogue
from basewise.candidates.stored import SupersededBuild
from basewise.candidates.user_catalogue import load_whole_catalogue
from basewise.errors import ImageError
from basewise.model.base_image import BaseImage
from basewise.model.digest import Digest
from basewise.model.platform import Platform
from basewise.model.reference import Reference

__all__ = ["Catalogues", "MovedTag", "load_catalogues"]

_MOVED = re.compile(
    r"`(?P<tag>[^`]+)` named this image on (?P<on>\d{4}-\d\d-\d\d); the floating tag has moved since"
)


class MovedTag(msgspec.Struct, frozen=True):
    """A tag that moved to another distribution: what it named, and when that was seen, `YYYY-MM-DD`."""

    image: BaseImage
    on: str


class Catalogues(msgspec.Struct, frozen=True):
    """What is known for one platform.

    Args:
        whole: With the user's own images; None where there is no catalogue for the platform.
        embedded: Without them.
        moved: Tags that moved to another distribution, by their familiar name.
    """

    whole: Catalogue | None
    embedded: Catalogue | None
    moved: dict[str, MovedTag]

    def by_tag(self, tag: Reference) -> BaseImage | None:
        """Return the newest build that is known of a tag; None where none is."""
        place = (tag.registry, tag.repository)
        return next(
            (
                image
                for image in self._images
                if (image.reference.registry, image.reference.repository) == place
                and (image.name == tag.familiar or tag.familiar in image.also_known_as)
            ),
            None,
        )

    def by_digest(self, digest: Digest) -> BaseImage | None:
        """Return the build of a digest of an index or a manifest; None where it is not known."""
        for catalogue in (self.whole, self.embedded):
            for image in catalogue.images if catalogue is not None else ():
                if digest in {image.index_digest, image.manifest_digest}:
                    return image
        return None

    def superseded_build(self, digest: Digest | None) -> SupersededBuild | None:
        """Return the build of a digest that a newer one took the place of; None where none is known."""
        if digest is None or self.whole is None:
            return None
        return next(
            (
                build
                for build in self.whole.superseded
                if str(digest) in {build.index_digest, build.manifest_digest}
            ),
            None,
        )

    def newest_of(self, facts: BaseImage | None, build: SupersededBuild | None) -> BaseImage | None:
        """Return the newest build under the name that a digest alone is known by."""
        name = facts.name if facts is not None else build.image if build is not None else None
        return next((image for image in self._images if image.name == name), None)

    @property
    def _images(self) -> tuple[BaseImage, ...]:
        return self.whole.images if self.whole is not None else ()


def load_catalogues(platform: Platform) -> Catalogues:
    """Return what is known for a platform; nothing where there is no catalogue for it."""
    try:
        whole, embedded = load_whole_catalogue(platform), load_catalogue(platform)
    except ImageError:
        return Catalogues(None, None, {})
    images = {image.name: image for image in embedded.images}
    moved = {}
    for note in embedded.notes:
        found = _MOVED.match(note.sentence)
        if found is not None and note.image in images:
            moved[found["tag"]] = MovedTag(images[note.image], found["on"])
    return Catalogues(whole, embedded, moved)
