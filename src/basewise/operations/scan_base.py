"""The base image under an image: by the user's word, by layers that are equal, or by what the image itself says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock

from basewise._internal.text import plural
from basewise.candidates.user_catalogue import load_whole_catalogue
from basewise.errors import ImageError, InvalidValueError
from basewise.model.base_image import BaseImage
from basewise.model.inventory import ImageFacts, LayerSummary, StatedBase
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.model.scan import ScanBase
from basewise.operations.read_image import ImageAccess, open_named
from basewise.progress import Progress

__all__ = ["BaseFinder"]


class BaseFinder:
    """Finds the base image of one image after another.

    Args:
        named: What the user calls the base; None for nothing.
        platform: Which image of several it is; the platform of the image that stands on it when None.
        access: How it may be had.
        progress: Told of slow parts.
    """

    def __init__(
        self,
        named: str | None = None,
        *,
        platform: Platform | None = None,
        access: ImageAccess | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._named = named
        self._platform = platform
        self._access = access
        self._progress = progress
        self._opened: dict[Platform, tuple[ScanBase, tuple[frozenset[str], ...]]] = {}
        self._lock = Lock()

    def of(self, facts: ImageFacts) -> tuple[ScanBase | None, tuple[str, ...]]:
        """Return the base image, None when it is not known, and what is to be said about it.

        The user's word wins, where the layers agree. Then the image of the catalogue whose layers are the lowest
        ones, of several the one with the most. Then what the image says: of it nothing but the name is known,
        because only the digests of its layers could prove it.

        Args:
            facts: The image that stands on it.

        Raises:
            ImageError: The named base cannot be had, or has no layers to compare.
            UsageError: The name names nothing.
        """
        try:
            platform = Platform(facts.platform.os, facts.platform.architecture)
            images = load_whole_catalogue(platform).images
            notes: tuple[str, ...] = ()
        except ImageError as error:
            images, notes = (), (f"base images are not recognised by their layers: {error.message}",)
        if self._named is not None:
            known = next(
                (image for image in images if self._named in {image.name, *image.also_known_as}), None
            )
            if known is not None and _fits(facts.layers, known):
                return _base_of(known, "named by `--base`"), ()
            return self._compare(facts)
        found, said = _recognise(facts, images)
        return found, (*notes, *said)

    def _compare(self, facts: ImageFacts) -> tuple[ScanBase | None, tuple[str, ...]]:
        """Compare the layers of an image with those of the base that the user names."""
        platform = self._platform or facts.platform
        with self._lock:
            if platform not in self._opened:
                self._opened[platform] = self._open(self._named or "", platform)
            base, layers = self._opened[platform]
        equal = _count_equal(facts.layers, layers)
        if equal == len(layers):
            return base, ()
        why = (
            f"`{self._named}` is not the base of this image as it is now: of its {plural(len(layers), 'layer')} the "
            f"lowest {equal} are those of the image; it may stand on an older build, which a digest would name"
        )
        return None, (why,)

    def _open(self, name: str, platform: Platform) -> tuple[ScanBase, tuple[frozenset[str], ...]]:
        """Return an image as a base, with what each of its layers is called: digest and diff id."""
        with open_named(name, platform=platform, access=self._access, progress=self._progress) as image:
            layers = tuple(
                frozenset(
                    str(text)
                    for text in (getattr(layer, "digest", None), getattr(layer, "diff_id", None))
                    if text is not None
                )
                for layer in image.layers
            )
            digest = image.index_digest or image.digest
        if not layers or not all(layers):
            raise ImageError(
                f"`{name}` cannot be compared as a base image: it has no layers with digests",
                hint="name the image in its registry, a layout or an archive",
            )
        stated = str(digest) if digest else None
        return ScanBase(image=name, digest=stated, layers=len(layers), how="named by `--base`"), layers


def _recognise(facts: ImageFacts, images: Iterable[BaseImage]) -> tuple[ScanBase | None, tuple[str, ...]]:
    """Return the base by equal layers, else by what the image says."""
    stated = facts.base
    fitting = [image for image in images if _fits(facts.layers, image)]
    most = max((len(image.layers) for image in fitting), default=0)
    found = sorted((image for image in fitting if len(image.layers) == most), key=lambda image: image.name)
    if not found:
        return (None if stated is None else _stated_by_image(stated)), ()
    first = next((image for image in found if stated is not None and _is_named(stated, image)), found[0])
    others = tuple(image.name for image in found if image is not first)
    base = _base_of(first, "its layers are the lowest ones of the image", others)
    if stated is None or not stated.name or _is_named(stated, first):
        return base, ()
    said = (
        f"the image's {stated.where} calls `{stated.name}` its base: `--base {stated.name}` would tell its layers "
        "from the image's own"
    )
    return base, (said,)


def _base_of(image: BaseImage, how: str, candidates: tuple[str, ...] = ()) -> ScanBase:
    digest = image.index_digest or image.manifest_digest
    return ScanBase(
        image=image.name,
        digest=str(digest) if digest is not None else None,
        layers=len(image.layers),
        how=how,
        candidates=candidates,
    )


def _fits(layers: Sequence[LayerSummary], image: BaseImage) -> bool:
    """Tell whether all layers of an image are the lowest ones."""
    names = [frozenset({str(layer.digest)}) for layer in image.layers]
    return bool(names) and _count_equal(layers, names) == len(names)


def _count_equal(layers: Sequence[LayerSummary], others: Sequence[frozenset[str]]) -> int:
    """Return how many of the lowest layers are the same, stored or uncompressed."""
    count = 0
    for layer, other in zip(layers, others, strict=False):
        if not {str(layer.digest), str(layer.diff_id)} & other:
            break
        count += 1
    return count


def _is_named(stated: StatedBase, image: BaseImage) -> bool:
    digests = {str(image.index_digest), str(image.manifest_digest)}
    return stated.digest in digests or _familiar(stated.name) in {image.name, *image.also_known_as}


def _familiar(name: str) -> str:
    """Return a reference as a FROM line has it, without digest; another text as it is."""
    try:
        reference = Reference.parse(name)
    except InvalidValueError:
        return name
    return Reference(reference.registry, reference.repository, reference.tag).familiar


def _stated_by_image(stated: StatedBase) -> ScanBase:
    how = f"the image's {stated.where} says so; `--base` with it would tell its layers from the image's own"
    return ScanBase(image=stated.name, digest=stated.digest or None, layers=None, how=how)
