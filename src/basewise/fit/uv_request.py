"""What uv is asked, and the files that ask it.

The lines are made from parsed values, never from a file of the application.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from basewise._internal.text import safe_text
from basewise.errors import ResolveError

__all__ = ["CompileRequest", "CompileResult", "StaticMetadata", "write_inputs"]

_SAFE_LINE = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029]{1,4000}\Z")


class StaticMetadata(msgspec.Struct, frozen=True):
    """Metadata of a distribution that only a source archive has, so that uv need not build it."""

    name: str
    requires_dist: tuple[str, ...] = ()


class CompileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One resolution for one Python minor, on Linux.

    Args:
        python: Minor as `3.12`.
        requirements: Requirement lines, made from parsed values.
        constraints: Constraint lines.
        machines: Machines to keep in the answer, `x86_64` and `aarch64`.
        dependencies: Follow dependencies; False lists the named pins alone.
        sources: Distributions to take from their source archive, with their metadata.
        indexes: Further index addresses that the user allowed.
    """

    python: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    machines: tuple[str, ...] = ("x86_64", "aarch64")
    dependencies: bool = True
    sources: tuple[StaticMetadata, ...] = ()
    indexes: tuple[str, ...] = ()


class CompileResult(msgspec.Struct, frozen=True, kw_only=True):
    """What uv answered: the text of a `pylock.toml`, or None and its messages."""

    lock: str | None
    messages: str


def write_inputs(directory: Path, request: CompileRequest) -> None:
    """Write requirements, constraints and settings into a directory of uv's own.

    Raises:
        ResolveError: A line could be read as something else than a requirement.
    """
    (directory / "requirements.in").write_text(_lines(request.requirements), "utf-8")
    (directory / "constraints.in").write_text(_lines(request.constraints), "utf-8")
    (directory / "pyproject.toml").write_text(_settings(request), "utf-8")


def _lines(lines: tuple[str, ...]) -> str:
    for line in lines:
        if not _SAFE_LINE.match(line) or line.lstrip().startswith("-"):
            raise ResolveError(f"a requirement cannot be given to the resolver: {safe_text(line)!r}")
    return "".join(f"{line}\n" for line in lines)


def _settings(request: CompileRequest) -> str:
    """Return uv's settings for this run: Linux and this minor alone, and sources with their metadata.

    The environments keep other systems from deciding: without them a package with Windows wheels alone
    passes, and a resolution fails because of a split that no container has.
    """
    minor = int(request.python.split(".")[1])
    machines = " or ".join(f"platform_machine == '{machine}'" for machine in request.machines)
    marker = (
        f"sys_platform == 'linux' and implementation_name == 'cpython' and python_full_version < '3.{minor + 1}'"
        f" and ({machines})"
    )
    text = f"[tool.uv]\nenvironments = [{_quoted(marker)}]\n"
    if request.sources:
        names = ", ".join(_quoted(source.name) for source in request.sources)
        text += f"[tool.uv.pip]\nno-binary = [{names}]\n"
    for source in request.sources:
        requires = ", ".join(_quoted(line) for line in source.requires_dist)
        text += (
            f"[[tool.uv.dependency-metadata]]\nname = {_quoted(source.name)}\nrequires-dist = [{requires}]\n"
        )
    return text


def _quoted(text: str) -> str:
    """Return a TOML basic string; its escapes are those of JSON."""
    return msgspec.json.encode(text).decode()
