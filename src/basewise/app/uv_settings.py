"""`[tool.uv]`: indexes, sources that bind a package to something else than an index, and constraints.

Reference:
    uv's documentation, "Managing dependencies" and "Package indexes".
"""

from __future__ import annotations

import msgspec

from basewise.app.requirement_text import WOULD_EXECUTE, normalise_name, parse_requirement, redact_url
from basewise.app.toml_file import TomlFile
from basewise.model.requirement import IndexLine, Location, NotRead, Requirement

__all__ = ["Uv", "UvContent", "read_uv"]

_HEADER = "tool.uv"
_ELSEWHERE = {
    "git": "git source",
    "path": "path source",
    "url": "URL source",
    "workspace": "workspace member",
}


class _Source(msgspec.Struct):
    index: str = ""
    git: str = ""
    path: str = ""
    url: str = ""
    workspace: bool = False


class _Index(msgspec.Struct):
    url: str
    name: str = ""


class Uv(msgspec.Struct, rename="kebab"):
    """The part of `[tool.uv]` that is about packages."""

    sources: dict[str, _Source | list[_Source]] = {}
    index: list[_Index] = []
    index_url: str = ""
    extra_index_url: list[str] = []
    find_links: list[str] = []
    constraint_dependencies: list[str] = []
    override_dependencies: list[str] = []
    dev_dependencies: list[str] = []


class UvContent(msgspec.Struct, frozen=True):
    """Indexes, constraints, what is left out, and why each package from elsewhere cannot be read."""

    index_lines: tuple[IndexLine, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    not_read: tuple[NotRead, ...] = ()
    elsewhere: dict[str, str] = {}


def read_uv(file: TomlFile, uv: Uv) -> UvContent:
    """Return what `[tool.uv]` says about packages."""
    bound: dict[str, set[str]] = {}
    elsewhere: dict[str, str] = {}
    for name, source in uv.sources.items():
        for item in source if isinstance(source, list) else [source]:
            if item.index:
                bound.setdefault(item.index, set()).add(normalise_name(name))
            kind = next((text for key, text in _ELSEWHERE.items() if getattr(item, key)), "")
            if kind:
                elsewhere[normalise_name(name)] = f"{kind}: {WOULD_EXECUTE}"
    named = [(index.url, bound.get(index.name, set()) if index.name else set()) for index in uv.index]
    plain = [url for url in (uv.index_url, *uv.extra_index_url, *uv.find_links) if url]
    constraints, not_read = _constraints(file, uv)
    return UvContent(
        index_lines=tuple(
            IndexLine(
                url=redact_url(url),
                location=Location(file.name, file.line(url, header="")),
                packages=tuple(sorted(packages)),
            )
            for url, packages in [*named, *((url, set()) for url in plain)]
        ),
        constraints=constraints,
        not_read=not_read,
        elsewhere=elsewhere,
    )


def _constraints(file: TomlFile, uv: Uv) -> tuple[tuple[Requirement, ...], tuple[NotRead, ...]]:
    constraints: list[Requirement] = []
    not_read: list[NotRead] = []
    for text in uv.constraint_dependencies:
        parsed = parse_requirement(text, Location(file.name, file.line(text, header=_HEADER)))
        if isinstance(parsed, NotRead):
            not_read.append(parsed)
        else:
            constraints.append(parsed)
    if uv.override_dependencies:
        location = Location(file.name, file.key_line("override-dependencies", header=_HEADER))
        why = "overrides of what packages ask for are not honoured; a lock has them applied"
        not_read.append(NotRead(what="[tool.uv] override-dependencies", why=why, location=location))
    return tuple(constraints), tuple(not_read)
