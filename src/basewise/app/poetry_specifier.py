"""Poetry's version constraints as PEP 440: caret, tilde, wildcard and bare versions.

Reference:
    Poetry's documentation, "Dependency specification".
"""

from __future__ import annotations

import re

__all__ = ["marker_of_python", "to_pep440"]

_CLAUSE = re.compile(r"(\^|~=|~|===|==|!=|<=|>=|<|>|=)?\s*v?([0-9][^\s,]*|\*)")
_BETWEEN = re.compile(r"[\s,]*")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")


def to_pep440(constraint: str) -> str | None:
    """Return the specifier set of a Poetry constraint, "" for any version, None where PEP 440 has no such thing (`||`)."""
    text = constraint.strip()
    if "|" in text:
        return None
    clauses: list[str] = []
    position = 0
    while position < len(text):
        found = _CLAUSE.match(text, position)
        if found is None:
            return None
        clauses += _clause(found[1] or "", found[2])
        between = _BETWEEN.match(text, found.end())
        position = between.end() if between else found.end()
    return ",".join(clauses)


def marker_of_python(constraint: str) -> str | None:
    """Return the marker of a dependency's `python` key, None where it cannot be said."""
    specifier = to_pep440(constraint)
    if specifier is None:
        return None
    terms = []
    for clause in filter(None, specifier.split(",")):
        operator, version = re.match(r"([<>=!~]+)(.*)", clause).groups()  # type: ignore[union-attr]  # to_pep440 writes no other
        full = version.count(".") > 1 and not version.endswith(".*")
        terms.append(f'{"python_full_version" if full else "python_version"} {operator} "{version}"')
    return " and ".join(terms)


def _clause(operator: str, version: str) -> list[str]:
    if version == "*":
        return []
    if operator == "^":
        return [f">={version}", f"<{_caret_bound(version)}"]
    if operator == "~":
        return [f">={version}", f"<{_tilde_bound(version)}"]
    return [f"{'==' if operator in ('', '=') else operator}{version}"]


def _release(version: str) -> list[int]:
    found = _RELEASE.match(version)
    return [int(part[:9]) for part in found[0].split(".")] if found else [0]


def _caret_bound(version: str) -> str:
    """Return the next version that changes the first number that is not zero."""
    release = _release(version)
    place = next((place for place, number in enumerate(release) if number), len(release) - 1)
    return ".".join(str(number) for number in [*release[:place], release[place] + 1])


def _tilde_bound(version: str) -> str:
    """Return the next minor version, or the next major one where only a major is given."""
    release = _release(version)
    place = min(1, len(release) - 1)
    return ".".join(str(number) for number in [*release[:place], release[place] + 1])
