"""Installed distributions that are copied from a stage with another Python, or another C library."""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise._internal.text import safe_text
from basewise.dockerfile.images import ResolvedStage, stage_chain
from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import json_words
from basewise.dockerfile.variables import unquoted
from basewise.model.check import CheckSeverity
from basewise.rules.evidence import ImageEvidence
from basewise.rules.pip_calls import PipCall, pip_calls
from basewise.rules.rule import Context, Found

__all__ = ["copied_installs"]

_HOLDS_DISTRIBUTIONS = re.compile(
    r"/(?:[\w.-]*venv|site-packages|dist-packages|\.local|virtualenvs?)(?:/|\Z)|\A/usr/local(?:/(?:bin|lib)(?:/python[\d.]+)?)?/?\Z"
)
_ALPINE = "alpine"
_HINT = "let both stages stand on the same Python and the same distribution"


def copied_installs(context: Context) -> Iterator[Found]:
    """Yield each COPY that brings what was installed for another Python or C library than the base has."""
    base = context.base
    if base is None:
        return
    for one in context.chain:
        for part in one.stage.parts:
            source = _source(context, part)
            if source is None:
                continue
            calls = _calls(context, source)
            root = source[0].use
            built = next((image for image in context.images if root is not None and image.use == root), None)
            path = next((word for word in _paths(part) if _HOLDS_DISTRIBUTIONS.search(word)), "")
            differs = _differs(built, base) if built is not None and calls and path else ""
            if not differs:
                continue
            start, end = context.place(part)
            yield Found(
                start=start,
                end=end,
                image=base.name,
                severity=CheckSeverity.WARNING if any(call.tool.startswith("uv") for call in calls) else None,
                message=f"`{safe_text(path)}` was made {differs}",
                hint=_HINT,
            )


def _source(context: Context, part: Part) -> tuple[ResolvedStage, ...] | None:
    """Return the stages that the source of a COPY stands on, None where it copies from no stage."""
    name = unquoted(part.flag("from") or "").lower() if part.keyword == "COPY" else ""
    known = {name for one in context.stages for name in (one.stage.name, str(one.stage.index)) if name}
    return stage_chain(context.stages, name) if name in known else None


def _paths(part: Part) -> tuple[str, ...]:
    return (json_words(part.arguments) or tuple(part.arguments.split()))[:-1]


def _calls(context: Context, source: tuple[ResolvedStage, ...]) -> list[PipCall]:
    stages = {one.stage.index for one in source}
    return [call for run in context.runs if run.stage in stages for call in pip_calls(run)]


def _differs(built: ImageEvidence, base: ImageEvidence) -> str:
    """Say how what one image builds does not run on the other; "" where nothing is known to be in the way."""
    if built.python is not None and base.python is not None and built.python != base.python:
        return f"for Python {built.python} of `{built.name}`, and `{base.name}` has Python {base.python}"
    families = (_family(built), _family(base))
    if None not in families and families[0] != families[1]:
        return f"with {families[0]} of `{built.name}`, and `{base.name}` has {families[1]}"
    return ""


def _family(image: ImageEvidence) -> str | None:
    """Return the family of the C library, None where nothing tells it."""
    if image.distro is not None:
        return "musl" if image.distro.id == _ALPINE else "glibc"
    if image.reference is None or not image.floating:
        return None
    return "musl" if _ALPINE in (image.reference.tag or "") else "glibc"
