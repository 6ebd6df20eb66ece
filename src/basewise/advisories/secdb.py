"""Security databases of apk distributions: which version of a package fixes what.

Alpine publishes one file for each branch and repository, Wolfi and Chainguard one each, all of one shape:
`packages` → `pkg` → `name` and `secfixes` → version → ids. Version `0` stands for "never was affected".

Reference: the formats' descriptions of Alpine (`secdb`) and of Wolfi (`security.json`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from basewise._internal.prepared import prepared
from basewise.advisories.feed import Skipped
from basewise.errors import StoreError

__all__ = ["Fix", "SecurityDatabase", "read_database"]

MAX_YAML_BYTES = 32 * 1024**2
MAX_YAML_DEPTH = 20
_NEVER_AFFECTED = frozenset({"0", "0:0"})
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_ID = re.compile(r"[A-Z][A-Z0-9]{1,15}(?:-[A-Za-z0-9]{1,20}){1,4}|VSV\d{5}", re.ASCII)
_NAME = re.compile(r"[!-~]{1,255}", re.ASCII)
_VERSION = re.compile(r"[!-~]{1,255}", re.ASCII)
_PUNCTUATION = "()[],;:."


class Fix(msgspec.Struct, frozen=True, order=True):
    """A package and the version that fixes a vulnerability; "" where no version ever was affected."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...] = ()


class SecurityDatabase(msgspec.Struct, frozen=True):
    """What a file says.

    Args:
        branch: The branch that it names, without `v`; "" when it names none.
        packages: Names of all packages in it, sorted.
        fixes: Sorted.
        entries: Number of ids and of things in their place.
        skipped: What could not be read.
    """

    branch: str
    packages: tuple[str, ...]
    fixes: tuple[Fix, ...]
    entries: int
    skipped: tuple[Skipped, ...]


class _Package(msgspec.Struct, frozen=True):
    """A package; what it fixes is read with care."""

    name: str
    secfixes: Any = None


class _Entry(msgspec.Struct, frozen=True):
    """One entry of the list."""

    pkg: _Package


class _Database(msgspec.Struct, frozen=True):
    """A whole file."""

    packages: list[Any]
    distroversion: Any = None


def read_database(raw: bytes, path: Path) -> SecurityDatabase:
    """Read a file, JSON or YAML.

    Args:
        raw: Its bytes.
        path: For messages.

    Raises:
        StoreError: It is neither, of another shape, or YAML with aliases or larger than `MAX_YAML_BYTES`.
    """
    database = _decode(raw, path)
    fixes: set[Fix] = set()
    packages: set[str] = set()
    skipped: list[Skipped] = []
    entries = 0
    for number, value in enumerate(database.packages):
        try:
            package = msgspec.convert(value, prepared(_Entry)).pkg
        except msgspec.ValidationError as error:
            skipped.append(Skipped(f"{path.name} package {number}", str(error)))
            continue
        if not _NAME.fullmatch(package.name):
            skipped.append(Skipped(f"{path.name} package {number}", "its name is none"))
            continue
        packages.add(package.name)
        for item in _fixes(package):
            entries += 1
            if isinstance(item, Fix):
                fixes.add(item)
            else:
                skipped.append(item)
    branch = str(database.distroversion or "").removeprefix("v")
    return SecurityDatabase(
        branch, tuple(sorted(packages)), tuple(sorted(fixes)), entries, tuple(sorted(skipped))
    )


def _fixes(package: _Package) -> Iterator[Fix | Skipped]:
    """Yield what a package fixes, and what cannot be read of it."""
    secfixes = package.secfixes
    if secfixes in (None, "", "null", [], {}):
        return
    if not isinstance(secfixes, Mapping):
        yield Skipped(package.name, "its secfixes are no table")
        return
    for version, listed in secfixes.items():
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            yield Skipped(package.name, f"`{str(version)[:40]}` is no version")
        elif isinstance(listed, list):
            for text in listed:
                yield from _fixed_by(package.name, version, text)
        elif listed not in (None, "", "null"):
            yield Skipped(f"{package.name} {version}", "its ids are no list")


def _fixed_by(package: str, version: str, text: object) -> Iterator[Fix | Skipped]:
    """Yield the vulnerabilities of one entry of a list.

    An entry can name several ids and end in a comment: `CVE-2020-1234 GHSA-… (+ regression)`. With one CVE
    the other ids are its aliases; several CVEs are several vulnerabilities.
    """
    words = text.partition("#")[0].split() if isinstance(text, str) else []
    ids = list(dict.fromkeys(word for part in words if _ID.fullmatch(word := part.strip(_PUNCTUATION))))
    cves = [name for name in ids if _CVE.fullmatch(name)]
    fixed = "" if version in _NEVER_AFFECTED else version
    if not ids:
        yield Skipped(f"{package} {version}", f"`{str(text)[:40]}` names no vulnerability")
    elif len(cves) > 1:
        yield from (Fix(package, fixed, name) for name in cves)
    else:
        name = (cves or ids)[0]
        yield Fix(package, fixed, name, tuple(sorted(set(ids) - {name})))


def _decode(raw: bytes, path: Path) -> _Database:
    """Return the file's table.

    Raises:
        StoreError: It has none.
    """
    try:
        if raw.lstrip()[:1] == b"{":
            return msgspec.json.decode(raw, type=prepared(_Database))
        return msgspec.convert(_load_yaml(raw, path), prepared(_Database))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StoreError(f"cannot read `{path}`: {error}", hint="fetch it again") from error


def _load_yaml(raw: bytes, path: Path) -> object:
    """Return a document of YAML whose scalars stay text; aliases are refused, since they multiply.

    Raises:
        StoreError: It is too large, has aliases, or is no YAML.
    """
    import yaml  # noqa: PLC0415 - JSON is the rule

    if len(raw) > MAX_YAML_BYTES:
        raise StoreError(f"cannot read `{path}`: YAML larger than {MAX_YAML_BYTES} bytes")

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        text = raw.decode()
        problem = _problem_of_yaml(yaml.parse(text, Loader=loader))
        if problem:
            raise StoreError(f"cannot read `{path}`: YAML with {problem}", hint="fetch it again")
        return yaml.load(text, Loader=loader)  # noqa: S506 - a BaseLoader makes strings only
    except yaml.YAMLError as error:
        why = str(error).partition("\n")[0]
        raise StoreError(
            f"cannot read `{path}`: neither JSON nor YAML: {why}", hint="fetch it again"
        ) from error


def _problem_of_yaml(events: Iterable[Any]) -> str:
    """Return why a document must not be built, "" when it may: building it is recursive, and aliases multiply."""
    depth = 0
    for event in events:
        kind = type(event).__name__
        line = event.start_mark.line + 1
        if kind == "AliasEvent":
            return f"an alias at line {line}"
        if kind in {"SequenceStartEvent", "MappingStartEvent"}:
            depth += 1
        elif kind in {"SequenceEndEvent", "MappingEndEvent"}:
            depth -= 1
        if depth > MAX_YAML_DEPTH:
            return f"more than {MAX_YAML_DEPTH} levels at line {line}"
    return ""
