"""The images that a Dockerfile names: in FROM, in `COPY --from=` and in `RUN --mount=…,from=`.

Aliases of earlier stages are told from images, variables are replaced as a build would, and each name comes with
its place and the place where a digest may be inserted.

Reference:
    Docker's Dockerfile reference, "FROM", "Understand how ARG and FROM interact", "Automatic platform ARGs".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from basewise.dockerfile.logical import logical_line
from basewise.dockerfile.model import Dockerfile, Part, Stage
from basewise.dockerfile.parse import stages
from basewise.dockerfile.places import argument_place, digest_place
from basewise.dockerfile.variables import argument_defaults, expand, unquoted
from basewise.model.platform import LINUX_AMD64, Platform

__all__ = [
    "ImageUse",
    "ResolvedStage",
    "UseKind",
    "contributing_stages",
    "image_uses",
    "resolve_stages",
    "stage_chain",
]

_SCRATCH = "scratch"
_WHOLE = re.compile(r"(.+)\Z", re.DOTALL)
_MOUNT_FROM = re.compile(r"(?:^|,)from=([^,]+)")


class UseKind(StrEnum):
    """Where an image is named."""

    FROM = "FROM"
    COPY = "COPY --from"
    MOUNT = "RUN --mount"
    COMPOSE = "image:"


class ImageUse(msgspec.Struct, frozen=True, kw_only=True):
    """An image that a Dockerfile names.

    Args:
        written: The name as written.
        image: The name with variables replaced; None where a build argument without default decides it.
        kind: Where it is named.
        stage: Index of the stage; -1 outside of any.
        platform: Platform that FROM asks for, variables replaced; "" for the default one.
        start: Where the name begins in the file.
        end: Where it ends.
        digest_at: Where `@sha256:…` may be inserted; None where that is not possible.
        no_digest_why: Why not, "" where it is.
    """

    written: str
    image: str | None
    kind: UseKind
    stage: int
    platform: str = ""
    start: int
    end: int
    digest_at: int | None = None
    no_digest_why: str = ""


class ResolvedStage(msgspec.Struct, frozen=True, kw_only=True):
    """A build stage with what it stands on.

    Args:
        stage: The stage.
        parent: Index of the earlier stage that it continues, None for none.
        use: The image that it begins with; None for a stage on another one, or on `scratch`.
    """

    stage: Stage
    parent: int | None
    use: ImageUse | None


def resolve_stages(
    dockerfile: Dockerfile,
    *,
    build_args: Mapping[str, str | None] | None = None,
    platform: Platform = LINUX_AMD64,
) -> tuple[ResolvedStage, ...]:
    """Return the stages with their parents and images.

    Args:
        dockerfile: A parsed file.
        build_args: Values that a build gives to ARG, which win over defaults.
        platform: The platform that is built for, and on.
    """
    given = dict(build_args or {})
    scope = {**_platform_arguments(platform), **argument_defaults(dockerfile.global_arguments, given=given)}
    found: list[ResolvedStage] = []
    names: dict[str, int] = {}
    for stage in stages(dockerfile):
        base = expand(unquoted(stage.base), scope)
        parent = names.get((base or "").lower())
        use = None
        if parent is None and base != _SCRATCH:
            use = _from_use(dockerfile, stage, base, scope, given)
        found.append(ResolvedStage(stage=stage, parent=parent, use=use))
        if stage.name:
            names[stage.name] = stage.index
    return tuple(found)


def image_uses(dockerfile: Dockerfile, resolved: Sequence[ResolvedStage]) -> tuple[ImageUse, ...]:
    """Return every image that the file names, in order."""
    found: list[ImageUse] = []
    names = {name for one in resolved for name in (one.stage.name, str(one.stage.index)) if name}
    scope = argument_defaults(dockerfile.global_arguments)
    for one in resolved:
        if one.use is not None:
            found.append(one.use)
        inside: dict[str, str | None] = {}
        for part in one.stage.parts:
            if part.keyword == "ARG":
                inside.update(argument_defaults((part,), {**scope, **inside}))
            for written, kind, at in _named_images(part, dockerfile.escape):
                if unquoted(written).lower() not in names:
                    found.append(_flag_use(written, kind, at=at, stage=one.stage.index, scope=inside))
    return tuple(found)


def stage_chain(resolved: Sequence[ResolvedStage], target: str | None = None) -> tuple[ResolvedStage, ...]:
    """Return the final stage and those that it stands on, the lowest first; nothing when there is no stage.

    Args:
        resolved: All stages.
        target: Name or index of the stage that is built; the last one when None or when there is no such stage.
    """
    if not resolved:
        return ()
    wanted = (target or "").lower()
    last = next(
        (one for one in resolved if wanted and wanted in {one.stage.name, str(one.stage.index)}), None
    )
    chain = [last or resolved[-1]]
    while chain[-1].parent is not None:
        chain.append(resolved[chain[-1].parent])
    return tuple(reversed(chain))


def contributing_stages(
    dockerfile: Dockerfile, resolved: Sequence[ResolvedStage], chain: Sequence[ResolvedStage]
) -> frozenset[int]:
    """Return the stages whose files can be in the built image: its own chain, and what that copies from."""
    numbers = {
        name: one.stage.index for one in resolved for name in (one.stage.name, str(one.stage.index)) if name
    }
    waiting = [one.stage.index for one in chain]
    found: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index in found:
            continue
        found.add(index)
        parent = resolved[index].parent
        waiting += [parent] if parent is not None else []
        for part in resolved[index].stage.parts:
            for written, _, _ in _named_images(part, dockerfile.escape):
                source = numbers.get(unquoted(written).lower())
                waiting += [source] if source is not None else []
    return frozenset(found)


def _platform_arguments(platform: Platform) -> dict[str, str | None]:
    values = {"PLATFORM": str(platform), "OS": platform.os, "ARCH": platform.architecture}
    values["VARIANT"] = platform.variant or ""
    return {f"{side}{name}": value for side in ("TARGET", "BUILD") for name, value in values.items()}


def _from_use(
    dockerfile: Dockerfile,
    stage: Stage,
    base: str | None,
    scope: Mapping[str, str | None],
    given: Mapping[str, str | None],
) -> ImageUse:
    start, end = argument_place(stage.origin, dockerfile.escape)
    at, why = digest_place(dockerfile, stage, (start, end), frozenset(given))
    return ImageUse(
        written=stage.base,
        image=base or None,
        kind=UseKind.FROM,
        stage=stage.index,
        platform=expand(stage.platform or "", scope) or "",
        start=start,
        end=end,
        digest_at=at,
        no_digest_why=why,
    )


def _named_images(part: Part, escape: str) -> Iterator[tuple[str, UseKind, int]]:
    """Yield the names in the flags of an instruction, and where in the file they begin."""
    wanted = {"COPY": ("--from=", UseKind.COPY), "RUN": ("--mount=", UseKind.MOUNT)}.get(part.keyword)
    if wanted is None or not part.flags:
        return
    prefix, kind = wanted
    line = logical_line(part.text, escape)
    at = 0
    for flag in part.flags:
        at = line.text.index(flag, at)
        if flag.startswith(prefix):
            value = flag.removeprefix(prefix)
            found = _MOUNT_FROM.search(value) if kind is UseKind.MOUNT else _WHOLE.match(value)
            if found:
                yield found.group(1), kind, part.at + line.place(at + len(prefix) + found.start(1))
        at += len(flag)


def _flag_use(
    written: str,
    kind: UseKind,
    *,
    at: int,
    stage: int,
    scope: Mapping[str, str | None],
) -> ImageUse:
    plain = unquoted(written)
    movable = plain == written and "$" not in written
    return ImageUse(
        written=written,
        image=expand(plain, scope) or None,
        kind=kind,
        stage=stage,
        start=at,
        end=at + len(written),
        digest_at=at + len(written) if movable else None,
        no_digest_why="" if movable else "its name holds a variable or quotes",
    )
