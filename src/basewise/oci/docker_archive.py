"""What `docker save` writes: `manifest.json`, configurations and layers.

Old versions name a layer `<id>/layer.tar` and may make it a link to another; new ones write an OCI layout with a
`manifest.json` beside it. Both say the same in `manifest.json`, so only that is read.
"""

from __future__ import annotations

import hashlib
import posixpath
from functools import partial

import msgspec

from basewise._internal.prepared import prepared
from basewise._internal.text import safe_text
from basewise.errors import ImageError, InvalidValueError
from basewise.image.config import read_config
from basewise.image.image import Image, StoredLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits, named_limit
from basewise.model.digest import Digest
from basewise.model.platform import Platform
from basewise.oci.assemble import check_platform
from basewise.oci.layout import FileStore, read_small

__all__ = ["MANIFEST_FILE", "open_docker_archive"]

MANIFEST_FILE = "manifest.json"
_SHOWN_NAMES = 20
_SHA256_DIGITS = 64


class _Saved(msgspec.Struct, rename="pascal"):
    config: str
    layers: list[str]
    repo_tags: list[str] | None = None


def open_docker_archive(
    files: FileStore,
    *,
    reference: str,
    tag: str = "",
    platform: Platform | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Image:
    """Open an image of a `docker save` archive.

    Args:
        files: The files of the archive.
        reference: What the user named.
        tag: `repository:tag` of the image in the archive; "" when it has only one.
        platform: What is asked for.
        limits: What reading may cost.

    Raises:
        ImageError: It is no such archive, or has no such image; the error lists those that there are.
    """
    saved = _choose(_read_list(files, reference, limits), tag, reference)
    content = read_small(files, saved.config, named_limit(limits, "config_bytes"))
    config_digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    stated = _digest_in_name(saved.config)
    if stated is not None and stated != config_digest:
        raise ImageError(
            f"cannot trust {reference}: its configuration hashes to {config_digest}, not to {stated}",
            hint="save the image again",
        )
    config = read_config(content, reference)
    check_platform(config, platform, reference)
    if len(saved.layers) != len(config.diff_ids):
        raise ImageError(
            f"cannot trust {reference}: it has {len(saved.layers)} layers, its configuration"
            f" {len(config.diff_ids)}",
            hint="save the image again",
        )
    return Image(
        reference=reference,
        name=(saved.repo_tags or [""])[0],
        digest=None,
        index_digest=None,
        config_digest=config_digest,
        platform=config.platform,
        config=config,
        layers=tuple(
            StoredLayer(
                digest=_blob_digest(path),
                diff_id=diff_id,
                size_bytes=None,
                media_type="",
                open_blob=partial(files.open, path),
            )
            for path, diff_id in zip(saved.layers, config.diff_ids, strict=True)
        ),
    )


def _read_list(files: FileStore, reference: str, limits: Limits) -> list[_Saved]:
    content = read_small(files, MANIFEST_FILE, named_limit(limits, "manifest_bytes"))
    try:
        found = msgspec.json.decode(content, type=prepared(list[_Saved] | None))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(
            f"cannot read {reference}: its `manifest.json` is not what `docker save` writes: {error}"
        ) from error
    if not found:
        raise ImageError(f"{reference} has no image: its `manifest.json` is empty")
    return found


def _choose(images: list[_Saved], tag: str, reference: str) -> _Saved:
    """Return the image of the tag, or the only one."""
    fitting = [saved for saved in images if not tag or tag in (saved.repo_tags or ())]
    if len(fitting) == 1:
        return fitting[0]
    names = sorted({name for saved in images for name in (saved.repo_tags or [saved.config])})
    there = safe_text(", ".join(names[:_SHOWN_NAMES]))
    wanted = f"no image `{tag}`" if tag else f"{len(images)} images and none was named"
    raise ImageError(f"{reference} has {wanted}", hint=f"append `:REPOSITORY:TAG`; it has: {there}")


def _digest_in_name(path: str) -> Digest | None:
    """Return the digest that a file is named after; None when it is named otherwise."""
    name = posixpath.basename(path).removesuffix(".json")
    try:
        return Digest.parse(f"sha256:{name}") if len(name) == _SHA256_DIGITS else None
    except InvalidValueError:
        return None


def _blob_digest(path: str) -> Digest | None:
    """Return the digest of a layer of the new shape; the names of the old shape are no digests of layers."""
    return _digest_in_name(path) if path.startswith("blobs/sha256/") else None
