"""The configuration of an image: who runs what, on which platform, made of which layers.

Reference:
    OCI image specification, config.md.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from basewise._internal.prepared import prepared
from basewise.errors import ImageError, InvalidValueError
from basewise.model.digest import DiffId
from basewise.model.inventory import HistoryLine
from basewise.model.platform import Platform

__all__ = ["ImageConfig", "read_config"]

MAX_HISTORY_LINES = 4_096
MAX_LIST_ITEMS = 65_536
_FRACTION = re.compile(r"(\.\d{6})\d+")


class ImageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says.

    Args:
        diff_ids: Layers from the lowest up; empty for a root file system without configuration.
        user: As written, "" for root.
        environment: `NAME=value`, as written.
        exposed_ports: Sorted.
        labels: Sorted pairs.
    """

    platform: Platform
    diff_ids: tuple[DiffId, ...] = ()
    created: datetime | None = None
    user: str = ""
    environment: tuple[str, ...] = ()
    exposed_ports: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    history: tuple[HistoryLine, ...] = ()

    @property
    def environment_names(self) -> tuple[str, ...]:
        """Names of the variables, sorted."""
        return tuple(sorted({line.partition("=")[0] for line in self.environment}))

    def variable(self, name: str) -> str | None:
        """Return the value of a variable; the last one wins."""
        values = [line.partition("=")[2] for line in self.environment if line.partition("=")[0] == name]
        return values[-1] if values else None


class _Process(msgspec.Struct, rename="pascal"):
    user: str | None = None
    env: list[str] | None = None
    exposed_ports: dict[str, msgspec.Raw] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    working_dir: str | None = None
    labels: dict[str, str] | None = None


class _RootFileSystem(msgspec.Struct):
    diff_ids: list[str] | None = None
    type: str = "layers"


class _Line(msgspec.Struct):
    created_by: str | None = None
    created: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None


class _Stored(msgspec.Struct):
    os: str = ""
    architecture: str = ""
    variant: str | None = None
    created: str | None = None
    config: _Process | None = None
    rootfs: _RootFileSystem | None = None
    history: list[_Line] | None = None


def read_config(content: bytes, where: str) -> ImageConfig:
    """Read an image's configuration.

    Args:
        content: The JSON, already limited in size.
        where: What to call it in an error.

    Raises:
        ImageError: It is no configuration of a container image for Linux.
    """
    try:
        stored = msgspec.json.decode(content, type=prepared(_Stored))
        platform = Platform.parse("/".join(filter(None, (stored.os, stored.architecture, stored.variant))))
        diff_ids = tuple(
            DiffId.parse(text) for text in (stored.rootfs.diff_ids or () if stored.rootfs else ())
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(
            f"cannot read the configuration of {where}: {error}", hint="this is no container image"
        ) from error
    except InvalidValueError as error:
        raise ImageError(
            f"cannot read the configuration of {where}: {error.message}", hint="this is no container image"
        ) from error
    if platform.os != "linux":
        raise ImageError(
            f"{where} is an image for `{platform.os}`; only Linux images can be read",
            hint="name another platform with `--platform`",
        )
    return _config(stored, platform, diff_ids)


def _config(stored: _Stored, platform: Platform, diff_ids: tuple[DiffId, ...]) -> ImageConfig:
    process = stored.config or _Process()
    return ImageConfig(
        platform=platform,
        diff_ids=diff_ids,
        created=read_time(stored.created),
        user=process.user or "",
        environment=tuple((process.env or ())[:MAX_LIST_ITEMS]),
        exposed_ports=tuple(sorted(process.exposed_ports or ())[:MAX_LIST_ITEMS]),
        entrypoint=tuple(process.entrypoint or ()),
        command=tuple(process.cmd or ()),
        working_directory=process.working_dir or "",
        labels=tuple(sorted((process.labels or {}).items())[:MAX_LIST_ITEMS]),
        history=_history(stored.history or [], len(diff_ids)),
    )


def _history(lines: list[_Line], layers: int) -> tuple[HistoryLine, ...]:
    """Give each line the layer it made; a history that does not fit the layers names none."""
    lines = lines[:MAX_HISTORY_LINES]
    fits = sum(not line.empty_layer for line in lines) == layers
    found = []
    layer = 0
    for line in lines:
        made = None if line.empty_layer or not fits else layer
        layer += made is not None
        found.append(
            HistoryLine(
                created_by=line.created_by or "",
                created=read_time(line.created),
                comment=line.comment or "",
                layer=made,
            )
        )
    return tuple(found)


def read_time(text: str | None) -> datetime | None:
    """Read an RFC 3339 time, as UTC; None for anything else, and for the year 1, in which programs in Go state no time."""
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text or ""))
        known = moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
    return known if known is not None and known.year > 1 else None
