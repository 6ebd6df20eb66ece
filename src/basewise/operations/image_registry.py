"""What registries say today of the images that files name; asked only where the user allows it."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import TYPE_CHECKING, Self

from basewise.errors import ImageError
from basewise.model.digest import Digest
from basewise.model.evidence import NotCovered
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.operations.limits import image_limits
from basewise.operations.read_image import ImageAccess, registry_options
from basewise.progress import Progress

if TYPE_CHECKING:
    from basewise.oci.registry_client import RegistryClient

__all__ = ["Registry"]


class Registry:
    """Looks up digests and dates, each once; what fails is remembered with its reason.

    Args:
        access: How registries may be asked.
        progress: Told of each question.
    """

    def __init__(self, access: ImageAccess, progress: Progress) -> None:
        self._access = access
        self._limits = image_limits(access.limits)
        self._progress = progress
        self._client: RegistryClient | None = None
        self._digests: dict[Reference, Digest | None] = {}
        self._images: dict[Reference, frozenset[Digest]] = {}
        self.problems: dict[Reference, ImageError] = {}

    def __enter__(self) -> Self:
        from basewise.oci.registry_client import RegistryClient  # noqa: PLC0415 - brings the HTTP library, 80 ms

        self._client = RegistryClient(registry_options(self._access), progress=self._progress)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def digest_of(self, reference: Reference) -> Digest | None:
        """Return the digest that a tag leads to now; None where the registry does not say, see `problems`."""
        if reference not in self._digests:
            self._digests[reference] = self._ask(reference)
        return self._digests[reference]

    def images_of(self, reference: Reference) -> frozenset[Digest]:
        """Return the digests of the images in the index that a tag leads to now; none where it leads to one image."""
        self.digest_of(reference)
        return self._images.get(reference, frozenset())

    def created(self, reference: Reference, platform: Platform) -> date | None:
        """Return when the image of a digest was made, None where its configuration does not say.

        Args:
            reference: With the digest.
            platform: Which image of several.
        """
        if self._client is None:
            return None
        from basewise.oci.registry import open_registry  # noqa: PLC0415 - as above

        try:
            with open_registry(
                reference,
                platform,
                client=self._client,
                progress=self._progress,
                limits=self._limits,
            ) as image:
                return image.config.created.date() if image.config.created is not None else None
        except ImageError as error:
            self.problems[reference] = error
            return None

    @property
    def not_covered(self) -> tuple[NotCovered, ...]:
        """What registries did not say, and why."""
        return tuple(
            NotCovered(f"what the registry says of `{reference.familiar}`", error.message)
            for reference, error in sorted(self.problems.items(), key=lambda pair: str(pair[0]))
        )

    def _ask(self, reference: Reference) -> Digest | None:
        if self._client is None:
            return None
        from basewise.oci.registry import resolve_reference  # noqa: PLC0415 - as above

        self._progress.step(f"asking for {reference.familiar}")
        try:
            content, descriptor = resolve_reference(self._client, reference, limits=self._limits)
        except ImageError as error:
            self.problems[reference] = error
            return None
        self._images[reference] = _images(content, str(reference))
        return descriptor.digest


def _images(content: bytes, where: str) -> frozenset[Digest]:
    """Return the digests that an index names; none of what is no index, or none that can be read."""
    from basewise.oci.manifest import Index, read_manifest  # noqa: PLC0415 - as above

    with contextlib.suppress(ImageError):
        found = read_manifest(content, where)
        if isinstance(found, Index):
            return frozenset(entry.digest for entry in found.manifests if not entry.is_attestation)
    return frozenset()
