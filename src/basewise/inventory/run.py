"""Taking the inventory of an image: each layer read once, merged, and shown to every cataloger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from basewise._internal.garbage import cycles_left_alone
from basewise._internal.parallel import map_in_threads
from basewise._internal.text import plural
from basewise.errors import ImageError
from basewise.image.content import LayerContent
from basewise.image.image import DirectoryLayer, Image, Layer
from basewise.image.layer_cache import LayerCache
from basewise.image.limits import DEFAULT_LIMITS, Limits, limit_hint
from basewise.image.tree import FileTree, merge_layers
from basewise.image.wanted import Wanted
from basewise.inventory.builtin import CATALOGERS
from basewise.inventory.cataloger import Cataloger, CatalogResult, ImageView
from basewise.model.base_image import ImageSize
from basewise.model.evidence import Coverage, NotCovered
from basewise.model.inventory import ImageFacts, ImageSurface, Inventory, LayerSummary, StatedBase
from basewise.model.package import Basis, BasisKind
from basewise.progress import Progress, SilentProgress

__all__ = ["open_layer_cache", "read_layers", "take_inventory"]

THREADS = 2
_BASE = "org.opencontainers.image.base."
_MAX_BASE_CHARACTERS = 512
Value = TypeVar("Value")


def open_layer_cache(
    catalogers: Sequence[Cataloger] = CATALOGERS,
    *,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> LayerCache:
    """Return the remembered layers for these catalogers, in the cache directory of the user."""
    told = (progress or SilentProgress()).note
    return LayerCache(Wanted(catalogers, limits).key, max_bytes=limits.layer_cache_bytes, on_damage=told)


@cycles_left_alone()
def take_inventory(
    image: Image,
    *,
    cache: LayerCache | None,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
    catalogers: Sequence[Cataloger] = CATALOGERS,
    threads: int = THREADS,
) -> Inventory:
    """Find out what is inside an image.

    Args:
        image: An open image.
        cache: Remembered layers, made by `open_layer_cache` for the same catalogers; None reads every layer.
        progress: Told when layers are read.
        limits: What the image may cost; what a limit left out is named in the coverage.
        catalogers: Who looks, in this order.
        threads: Layers read at a time.

    Raises:
        ImageError: A layer cannot be read or is not what the image says.
    """
    contents = read_layers(
        image, cache=cache, progress=progress, limits=limits, catalogers=catalogers, threads=threads
    )
    tree = merge_layers(contents, limits)
    results: list[CatalogResult] = []
    for cataloger in catalogers:
        results.append(cataloger.catalog(ImageView(tree=tree, config=image.config, earlier=tuple(results))))
    return _inventory(image, contents, tree, results)


def read_layers(
    image: Image,
    *,
    cache: LayerCache | None,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
    catalogers: Sequence[Cataloger] = CATALOGERS,
    threads: int = THREADS,
) -> list[LayerContent]:
    """Return what was kept of each layer, from the lowest up. See `take_inventory`."""
    if len(image.layers) > limits.layers:
        raise ImageError(
            f"cannot read {image.reference}: it has {len(image.layers)} layers, more than the limit of {limits.layers}",
            hint=limit_hint("layers"),
        )
    known = {number: _remembered(layer, cache) for number, layer in enumerate(image.layers)}
    unknown = [number for number, content in known.items() if content is None]
    if unknown:
        (progress or SilentProgress()).step(f"reading {plural(len(unknown), 'layer')} of {image.reference}")
    wanted = Wanted(catalogers, limits)

    def read(number: int) -> LayerContent:
        content = _read_once(image.layers[number], cache, wanted, _left(limits, known.values()))
        known[number] = content
        return content

    map_in_threads(read, unknown, threads=threads)
    return [content for content in known.values() if content is not None]


def _read_once(layer: Layer, cache: LayerCache | None, wanted: Wanted, limits: Limits) -> LayerContent:
    """Read and remember a layer; where another process reads it just now, wait and take what that one found."""
    if cache is None or isinstance(layer, DirectoryLayer):
        return _read(layer, wanted, limits)
    with cache.alone(layer):
        content = cache.get(layer)
        if content is None:
            content = _read(layer, wanted, limits)
            cache.put(content)
        return content


def _remembered(layer: Layer, cache: LayerCache | None) -> LayerContent | None:
    if cache is None or isinstance(layer, DirectoryLayer):
        return None
    return cache.get(layer)


def _read(layer: Layer, wanted: Wanted, limits: Limits) -> LayerContent:
    if isinstance(layer, DirectoryLayer):
        from basewise.image.read_directory import read_directory  # noqa: PLC0415 - only for `dir:`

        return read_directory(layer, wanted, limits)
    from basewise.image.read_layer import read_layer  # noqa: PLC0415 - not where all layers are remembered

    return read_layer(layer, wanted, limits)


def _left(limits: Limits, known: Iterable[LayerContent | None]) -> Limits:
    """Return the limits of one layer: those of a layer, or what the layers before left of the image's."""
    done = [content for content in known if content is not None]
    return msgspec.structs.replace(
        limits,
        entries=max(1, limits.entries - sum(len(content.kinds) for content in done)),
        layer_bytes=max(
            1, min(limits.layer_bytes, limits.image_bytes - sum(content.tar_bytes for content in done))
        ),
    )


def _inventory(
    image: Image, contents: Sequence[LayerContent], tree: FileTree, results: Sequence[CatalogResult]
) -> Inventory:
    packages = tuple(sorted(found for result in results for found in result.packages))
    missing = {*image.not_covered}
    missing.update(
        *(content.not_covered for content in contents), *(result.not_covered for result in results)
    )
    if not image.layers or not len(tree):
        missing.add(NotCovered("file system", "the image has no files"))
    surface = _first([result.surface for result in results]) or ImageSurface()
    return Inventory(
        image=_facts(image, contents),
        distro=_first([result.distro for result in results]),
        packages=packages,
        surface=msgspec.structs.replace(surface, packages=len(packages)),
        libc=_first([result.libc for result in results]),
        symbols=_first([result.symbols for result in results]),
        sonames=_first([result.sonames for result in results]),
        pythons=tuple(sorted({found for result in results for found in result.pythons})),
        coverage=Coverage(complete=not missing, not_covered=tuple(sorted(missing))),
        embedded=tuple(sorted({found for result in results for found in result.embedded})),
    )


def _facts(image: Image, contents: Sequence[LayerContent]) -> ImageFacts:
    exact, unknown = Basis(BasisKind.EXACT), Basis(BasisKind.UNKNOWN)
    compressed = image.compressed_bytes
    lines = {line.layer: line.created_by for line in image.config.history if line.layer is not None}
    return ImageFacts(
        reference=image.reference,
        name=image.name,
        digest=image.digest,
        index_digest=image.index_digest,
        config_digest=image.config_digest,
        platform=image.platform,
        created=image.config.created,
        size=ImageSize(
            compressed_bytes=compressed,
            disk_bytes=sum(content.disk_bytes for content in contents),
            compressed_basis=unknown if compressed is None else exact,
            disk_basis=exact,
        ),
        layers=tuple(
            LayerSummary(
                digest=getattr(layer, "digest", None),
                diff_id=getattr(layer, "diff_id", None),
                size_bytes=getattr(layer, "size_bytes", None),
                disk_bytes=content.disk_bytes,
                entries=len(content.kinds),
                created_by=lines.get(number, ""),
            )
            for number, (layer, content) in enumerate(zip(image.layers, contents, strict=True))
        ),
        history=image.config.history,
        base=_stated_base(image),
        variables=_marked(
            image,
            ((name, value) for name, _, value in (line.partition("=") for line in image.config.environment)),
        ),
        labels=_marked(image, image.config.labels),
    )


def _marked(image: Image, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...] | None:
    """Return names with a hash of the value, the last value of a name; None where there is no configuration."""
    if image.config_digest is None:
        return None
    values = {
        name: hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest() for name, value in pairs
    }
    return tuple(sorted(values.items()))


def _stated_base(image: Image) -> StatedBase | None:
    """Return what the image says about its base; a label may be inherited, an annotation is not.

    Reference:
        OCI image specification, annotations.md, `org.opencontainers.image.base.name` and `.digest`.
    """
    for where, pairs in (("annotation", image.annotations), ("label", image.config.labels)):
        stated = dict(pairs)
        name, digest = stated.get(f"{_BASE}name", ""), stated.get(f"{_BASE}digest", "")
        if name or digest:
            return StatedBase(
                name=name[:_MAX_BASE_CHARACTERS], digest=digest[:_MAX_BASE_CHARACTERS], where=where
            )
    return None


def _first(values: Sequence[Value | None]) -> Value | None:
    return next((value for value in values if value is not None), None)
