"""`Pipfile.lock`: pins with hashes, without file names.

Reference:
    Pipenv's documentation, "Pipfile & Pipfile.lock"; pipfile-spec 6.
"""

from __future__ import annotations

import re

import msgspec

from basewise._internal.text import safe_text
from basewise.app.folder import Folder
from basewise.app.lock_files import check_pin, elsewhere
from basewise.app.manifest import ManifestContent, ReadOptions, Tier
from basewise.app.requirement_text import redact_url
from basewise.app.toml_file import MAX_LOCK_BYTES
from basewise.errors import ManifestError
from basewise.model.requirement import (
    IndexLine,
    Location,
    Manifest,
    NotRead,
    Requirement,
    Resolution,
    ResolvedPackage,
    StatedPython,
)

__all__ = ["PipfileLockReader"]

_MINOR = re.compile(r"(3\.\d+)(?:\.\d+)?\Z")
_ELSEWHERE = ("git", "path", "file")
_MAIN = "default"


class _Pin(msgspec.Struct):
    version: str = ""
    hashes: list[str] = []
    markers: str = ""
    index: str = ""
    git: str = ""
    path: str = ""
    file: str = ""


class _Requires(msgspec.Struct):
    python_version: str = ""
    python_full_version: str = ""


class _Source(msgspec.Struct):
    name: str = ""
    url: str = ""


class _Meta(msgspec.Struct):
    requires: _Requires = msgspec.field(default_factory=_Requires)
    sources: list[_Source] = []


class _Header(msgspec.Struct):
    meta: _Meta = msgspec.field(name="_meta", default_factory=_Meta)


class PipfileLockReader:
    """Reads `Pipfile.lock`."""

    format = "Pipfile.lock"
    tier = Tier.LOCK

    def recognises(self, name: str) -> bool:
        """Return whether the file is a `Pipfile.lock`."""
        return name == "Pipfile.lock"

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return the one at the top."""
        return ("Pipfile.lock",) if folder.exists("Pipfile.lock") else ()

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: categories are left out while the file is read."""
        return ()

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:
        """Read the `default` category and those that are asked for as groups."""
        text = folder.read_text(name, max_bytes=MAX_LOCK_BYTES)
        try:
            header = msgspec.json.decode(text.encode(), type=_Header)
            raw = msgspec.json.decode(text.encode(), type=dict[str, msgspec.Raw])
            categories = {
                key: msgspec.json.decode(value, type=dict[str, _Pin])
                for key, value in raw.items()
                if key != "_meta"
            }
        except msgspec.DecodeError as error:
            problem = str(error)
            raise ManifestError(
                name, _line_of_byte(text, problem), f"not a Pipfile.lock: {problem[:160]}"
            ) from error
        except RecursionError as error:
            raise ManifestError(name, None, "it is nested too deeply") from error
        return _content(name, text, header.meta, categories, options)


def _content(
    name: str, text: str, meta: _Meta, categories: dict[str, dict[str, _Pin]], options: ReadOptions
) -> ManifestContent:
    lines = _Lines(text, name)
    wanted = {_MAIN, *options.groups}
    requirements: list[Requirement] = []
    packages: list[ResolvedPackage] = []
    not_read: list[NotRead] = []
    bound: dict[str, list[str]] = {source.name: [] for source in meta.sources[1:]}
    for category in sorted(categories):
        if category not in wanted:
            why = f"not production; use `--group {category}`"
            not_read.append(NotRead(what=f"category `{category}`", why=why, location=lines.of(category, "")))
            continue
        for package, pin in categories[category].items():
            location = lines.of(package, category)
            outside = next((kind for kind in _ELSEWHERE if getattr(pin, kind)), "")
            if outside:
                not_read.append(elsewhere(package, outside, getattr(pin, outside), location))
                continue
            if pin.version in ("", "*"):
                why = "the lock pins no version: it was locked on a platform that does not want it"
                not_read.append(NotRead(what=safe_text(package), why=why, location=location))
                continue
            requirement = _requirement(package, pin, location)
            requirements.append(requirement)
            packages.append(_resolved(requirement))
            bound.get(pin.index, []).append(requirement.name)
    return ManifestContent(
        manifests=(Manifest(path=name, format="Pipfile.lock", role="lock"),),
        requirements=tuple(requirements),
        not_read=tuple(not_read),
        index_lines=tuple(
            IndexLine(
                url=redact_url(source.url),
                location=lines.of("sources", ""),
                packages=tuple(sorted(set(bound[source.name]))),
            )
            for source in meta.sources[1:]
        ),
        stated_pythons=_stated(meta, lines),
        lock=Resolution(python=None, packages=tuple(sorted(set(packages))), origin=f"lock {name}"),
        groups=tuple(category for category in categories if category != _MAIN),
    )


def _requirement(package: str, pin: _Pin, location: Location) -> Requirement:
    version = pin.version.removeprefix("==").removeprefix("=").strip()
    normalised = check_pin(package, version, location)
    return Requirement(
        name=normalised,
        specifier=f"=={version}",
        marker=pin.markers,
        hashes=tuple(sorted(item.lower() for item in pin.hashes if item.startswith("sha256:"))),
        location=location,
        text=f"{normalised}=={version}",
    )


def _resolved(requirement: Requirement) -> ResolvedPackage:
    return ResolvedPackage(
        name=requirement.name,
        version=requirement.pinned_version or "",
        marker=requirement.marker,
        files_known=False,
        hashes=requirement.hashes,
    )


def _stated(meta: _Meta, lines: _Lines) -> tuple[StatedPython, ...]:
    stated = meta.requires.python_full_version or meta.requires.python_version
    found = _MINOR.match(stated)
    if not found:
        return ()
    key = "python_full_version" if meta.requires.python_full_version else "python_version"
    return (StatedPython(minor=found[1], location=lines.of(key, "")),)


class _Lines:
    """Finds the line of a key in one pass over the text."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.numbers: dict[tuple[str, str], int] = {}
        category = ""
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r'( *)"([^"]+)"\s*:', line)
            if found is None:
                continue
            if len(found[1]) <= 4:  # noqa: PLR2004 - pipenv indents a category by four
                category = found[2]
            self.numbers.setdefault((found[2], category), number)
            self.numbers.setdefault((found[2], ""), number)

    def of(self, key: str, category: str) -> Location:
        """Return where a key stands, within a category where one is given."""
        return Location(self.name, self.numbers.get((key, category), self.numbers.get((key, ""), 0)))


def _line_of_byte(text: str, problem: str) -> int | None:
    found = re.search(r"\(byte (\d+)\)", problem)
    return text.encode()[: int(found[1])].count(b"\n") + 1 if found else None
