"""Findings of base images together with the packages that an application adds to them."""

from __future__ import annotations

from basewise.advisories.store import Store
from basewise.matching.count import count
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.advisory import SourceStatus
from basewise.model.base_image import BaseImage
from basewise.model.evidence import NotCovered
from basewise.model.package import Package
from basewise.model.verdict import Fit
from basewise.operations.candidate_evidence import Findings

__all__ = ["FindingsReader"]


class FindingsReader:
    """Matches each distinct set of packages once, and remembers what could not be seen.

    Args:
        store: Where the facts are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._results: dict[tuple[object, ...], MatchResult] = {}

    def of(self, image: BaseImage, fit: Fit) -> Findings:
        """Return the findings of an image with what the application adds.

        Where the added packages cannot be named with versions, nothing of the whole is counted.
        """
        result = self._match(image, _with_added(image, fit))
        return Findings(
            findings=result.findings,
            uncounted=result.uncounted,
            counts=count(result),
            measured=result.measured,
            base_counts=count(self._match(image, image.packages)),
        )

    def is_verified(self, image: BaseImage, fit: Fit) -> bool:
        """Tell whether a source of the image's own distribution has a checked signature chain."""
        result = self._match(image, _with_added(image, fit))
        return any(source.verified for source in result.sources if source.ecosystem == image.distro.id)

    def _match(self, image: BaseImage, packages: tuple[Package, ...] | None) -> MatchResult:
        key = (image.distro, packages)
        if key not in self._results:
            self._results[key] = match(packages, image.distro, self._store)
        return self._results[key]

    @property
    def not_covered(self) -> frozenset[NotCovered]:
        """What could not be seen in any of the images asked for."""
        return frozenset(item for result in self._results.values() for item in result.not_covered)

    @property
    def sources(self) -> tuple[SourceStatus, ...]:
        """The sources used for any of the images asked for, sorted."""
        return tuple(sorted({source for result in self._results.values() for source in result.sources}))


def _with_added(image: BaseImage, fit: Fit) -> tuple[Package, ...] | None:
    if image.packages is None or fit.added_packages is None:
        return None
    return (*image.packages, *fit.added_packages)
