"""Reading a Dockerfile that was just written: it must say what was planned, and nothing else."""

from __future__ import annotations

from basewise.dockerfile.images import image_uses, resolve_stages
from basewise.dockerfile.model import PartKind
from basewise.dockerfile.parse import parse_dockerfile
from basewise.errors import InvalidValueError
from basewise.model.build_plan import BuildPlan

__all__ = ["read_back"]

_WRITTEN = frozenset({
    "FROM", "LABEL", "ENV", "RUN", "WORKDIR", "COPY", "USER", "CMD", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
})  # fmt: skip


def read_back(text: str, plan: BuildPlan) -> str:
    """Return the text when it holds the planned images and user, and no other kind of instruction.

    The names in it come from an application that may be hostile; this is the second look at them, by the model that
    `check` and `pin` read files with.

    Raises:
        InvalidValueError: It says something else.
    """
    parsed = parse_dockerfile(text)
    planned = f"{plan.image}@{plan.digest}" if plan.digest else plan.image
    images = {use.image for use in image_uses(parsed, resolve_stages(parsed))}
    users = {part.arguments for part in parsed.instructions if part.keyword == "USER"}
    strange = {part.keyword for part in parsed.instructions} - _WRITTEN
    directives = any(part.kind is PartKind.DIRECTIVE for part in parsed.parts)
    if images != {planned} or users != {f"{plan.uid}:{plan.uid}"} or strange or directives:
        raise InvalidValueError(
            "the Dockerfile would say something else than what was planned; nothing was written",
            hint="a name of a file or package of the application ends an instruction: rename it",
        )
    return text
