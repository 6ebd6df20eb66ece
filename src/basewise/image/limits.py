"""Limits: what an image may cost at most. Each has a name and a default; none can be switched off.

Whoever meets a limit names it, so that a user who trusts the image knows which one to raise.
"""

from __future__ import annotations

import msgspec

__all__ = ["DEFAULT_LIMITS", "Limits", "NamedLimit", "limit_hint", "named_limit"]

_KIB, _MIB, _GIB = 1024, 1024**2, 1024**3


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What reading one image may cost.

    Args:
        manifest_bytes: A manifest or index.
        config_bytes: A configuration.
        index_depth: Indexes inside indexes.
        index_entries: Manifests that an index names.
        layers: Layers of an image.
        entries: Members of all layers together.
        header_bytes: An extension header of a tar.
        path_bytes: A path; longer ones are left out and counted.
        path_depth: Components of a path.
        file_bytes: A file that a cataloger reads, where it sets no limit of its own; another than the default
            holds for all of them.
        kept_bytes: All files kept of one layer.
        layer_bytes: One layer, inflated.
        image_bytes: All layers, inflated.
        link_hops: Symbolic links followed for one path.
        zstd_window_bytes: Memory that a zstd stream may ask for.
        archive_members: Members of a `docker save` or OCI archive.
        layer_cache_bytes: What is remembered of all layers that were ever read.
    """

    manifest_bytes: int = 4 * _MIB
    config_bytes: int = 8 * _MIB
    index_depth: int = 3
    index_entries: int = 10_000
    layers: int = 512
    entries: int = 1_000_000
    header_bytes: int = 1 * _MIB
    path_bytes: int = 4 * _KIB
    path_depth: int = 255
    file_bytes: int = 32 * _MIB
    kept_bytes: int = 192 * _MIB
    layer_bytes: int = 20 * _GIB
    image_bytes: int = 50 * _GIB
    link_hops: int = 40
    zstd_window_bytes: int = 128 * _MIB
    archive_members: int = 100_000
    layer_cache_bytes: int = 1 * _GIB


DEFAULT_LIMITS = Limits()


class NamedLimit(int):
    """A limit that knows its name."""

    name: str


def named_limit(limits: msgspec.Struct, name: str) -> NamedLimit:
    """Return a limit of `limits` that tells its name to whoever meets it."""
    limit = NamedLimit(getattr(limits, name))
    limit.name = name
    return limit


def limit_hint(limit: int | str) -> str:
    """Say how to raise a limit; "" for one without a name."""
    name = getattr(limit, "name", "") if isinstance(limit, int) else limit
    return f"if the image is to be trusted, raise the limit: `--limit {name}=…`" if name else ""
