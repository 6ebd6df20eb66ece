"""Which Python the application's files state, by fixed precedence, and where they contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from basewise.app.folder import Folder
from basewise.app.manifest import PythonRange
from basewise.errors import ManifestError
from basewise.model.requirement import Location, StatedPython

__all__ = ["contradictions", "single_minor", "version_files"]

MAX_VERSION_FILE_BYTES = 64 << 10
_PYTHON_VERSION = re.compile(r"(?:c?python[-@])?(3\.\d+)(?:\.\d+|(?:a|b|rc)\d+|t|-dev)*\Z", re.IGNORECASE)
_RUNTIME = re.compile(r"(?:python-)?(3\.\d+)(?:\.(?:\d+|x))?\Z")
_FILES = ((".python-version", _PYTHON_VERSION), ("runtime.txt", _RUNTIME))
_MINORS = range(50)
_PATCHES = range(60)


def version_files(folder: Folder) -> tuple[list[StatedPython], list[str]]:
    """Return what `.python-version` and `runtime.txt` state, and warnings about what in them is not understood."""
    stated: list[StatedPython] = []
    warnings: list[str] = []
    for name, pattern in _FILES:
        if not folder.exists(name):
            continue
        try:
            text = folder.read_text(name, max_bytes=MAX_VERSION_FILE_BYTES)
        except ManifestError as error:
            warnings.append(error.message)
            continue
        lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]
        first = next(((number, line) for number, line in lines if line and not line.startswith("#")), None)
        found = pattern.match(first[1]) if first else None
        if first and found:
            stated.append(StatedPython(minor=found.group(1), location=Location(name, first[0])))
        else:
            warnings.append(f"{name}: states no CPython version such as `3.12`")
    return stated, warnings


def single_minor(python_range: PythonRange) -> StatedPython | None:
    """Return the one Python 3 minor that a `requires-python` leaves, None when it leaves none or several."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - 30 ms that `--version` need not pay

    try:
        allowed = SpecifierSet(python_range.specifier, prereleases=True)
    except InvalidSpecifier:
        return None
    if all(item.operator in (">", ">=", "!=") for item in allowed):
        return None
    minors: list[str] = []
    for minor in _MINORS:
        if any(allowed.contains(f"3.{minor}.{patch}") for patch in _PATCHES):
            minors.append(f"3.{minor}")
            if len(minors) > 1:
                return None
    return StatedPython(minor=minors[0], location=python_range.location) if minors else None


def contradictions(stated: Sequence[StatedPython], ranges: Sequence[PythonRange]) -> list[str]:
    """Return a sentence for each file that contradicts the first statement, with both lines."""
    if not stated:
        return []
    first = stated[0]
    found = [
        f"{other.location} states Python {other.minor} and {first.location} states {first.minor}: {first.minor} is taken"
        for other in stated[1:]
        if other.minor != first.minor
    ]
    return found + [
        f"{first.location} states Python {first.minor}, which {item.location} excludes (`{item.specifier}`)"
        for item in ranges
        if not _allows(item.specifier, first.minor)
    ]


def _allows(specifier: str, minor: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - as above

    try:
        allowed = SpecifierSet(specifier, prereleases=True)
    except InvalidSpecifier:
        return True
    return any(allowed.contains(f"{minor}.{patch}") for patch in _PATCHES)
