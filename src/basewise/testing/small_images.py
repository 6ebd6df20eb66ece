"""Images of a few files, made in memory: what a test of a cataloger says is in a layer is all that is in it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from basewise._internal.tar import ByteStream
from basewise.image.config import ImageConfig
from basewise.image.image import Image, StoredLayer
from basewise.inventory.builtin import CATALOGERS
from basewise.inventory.cataloger import Cataloger
from basewise.inventory.run import take_inventory
from basewise.model.digest import DiffId
from basewise.model.inventory import Inventory
from basewise.model.platform import Platform

__all__ = ["SmallFile", "inventory_of", "link", "make_layer", "make_small_image", "program"]

_LINUX = Platform.parse("linux/amd64")
SmallFile = bytes | str | tarfile.TarInfo | tuple[int, bytes]


def link(target: str, *, hard: bool = False) -> tarfile.TarInfo:
    """Return a link to `target`, symbolic unless `hard`, as a file of a layer."""
    member = tarfile.TarInfo()
    member.type = tarfile.LNKTYPE if hard else tarfile.SYMTYPE
    member.linkname = target
    return member


def program(content: bytes = b"", *, mode: int = 0o755) -> tuple[int, bytes]:
    """Return a file with other permission bits than a plain one."""
    return mode, content


def make_layer(files: Mapping[str, SmallFile]) -> StoredLayer:
    """Make a layer of files.

    Args:
        files: Path to content, to a link, or to permission bits with content; a name that begins with `.wh.`
            is a whiteout, a path that ends in a slash a directory.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in files.items():
            _add(archive, path, file)
    content = stream.getvalue()

    def open_blob() -> AbstractContextManager[ByteStream]:
        return nullcontext(io.BytesIO(content))

    return StoredLayer(
        digest=None,
        diff_id=DiffId("sha256", hashlib.sha256(content).hexdigest()),
        size_bytes=len(content),
        media_type="application/vnd.oci.image.layer.v1.tar",
        open_blob=open_blob,
    )


def _add(archive: tarfile.TarFile, path: str, file: SmallFile) -> None:
    if isinstance(file, tarfile.TarInfo):
        member = tarfile.TarInfo(path)
        member.type, member.linkname = file.type, file.linkname
        archive.addfile(member)
        return
    mode, content = file if isinstance(file, tuple) else (0o644, file)
    member = tarfile.TarInfo(path.rstrip("/"))
    member.mode = mode
    if path.endswith("/"):
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(member)
        return
    raw = content.encode() if isinstance(content, str) else content
    member.size = len(raw)
    archive.addfile(member, io.BytesIO(raw))


def make_small_image(*layers: Mapping[str, SmallFile], config: ImageConfig | None = None) -> Image:
    """Make an image of layers, the first is the lowest; see `make_layer`."""
    stored = tuple(make_layer(files) for files in layers)
    return Image(
        reference="small:1",
        name="",
        digest=None,
        index_digest=None,
        config_digest=None,
        platform=_LINUX,
        config=config or ImageConfig(platform=_LINUX),
        layers=stored,
        compressed_bytes=None,
    )


def inventory_of(
    *layers: Mapping[str, SmallFile],
    catalogers: Sequence[Cataloger] = CATALOGERS,
    config: ImageConfig | None = None,
) -> Inventory:
    """Take the inventory of an image of layers, the first is the lowest; see `make_layer`."""
    image = make_small_image(*layers, config=config)
    return take_inventory(image, cache=None, catalogers=catalogers, threads=1)
