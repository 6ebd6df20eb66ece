"""Module streams of the rpm families: several lines of versions of one package in one release.

A release string with `.module+el8` or `.module_el8` belongs to a stream, and says not to which. A modular fix says
something of a modular package only, and only where both are of one line of versions.

Reference: "Modularity" in Fedora's packaging guidelines; errata of RHEL 8 and 9, Rocky Linux and AlmaLinux.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from basewise.model.advisory import Advisory

__all__ = ["is_modular", "of_same_line"]

LEAST_SHARED_NUMBERS = 2
"""Of two streams of one package the versions differ within the first two numbers (PHP 8.0 and 8.1, Node.js 18 and 20)."""

_MODULAR = re.compile(r"\.module[+_]el\d", re.ASCII)
_UPSTREAM = re.compile(r"(?:\d+:)?([^-]*)", re.ASCII)
_NUMBERS = re.compile(r"\d+", re.ASCII)


def is_modular(version: str) -> bool:
    """Tell whether a version is that of a package of a module stream."""
    return _MODULAR.search(version) is not None


def of_same_line(
    facts: Iterable[Advisory], installed: str
) -> tuple[tuple[Advisory, ...], tuple[Advisory, ...]]:
    """Tell which facts are of the line of versions of an installed package.

    Args:
        facts: `AFFECTED` facts of one vulnerability and one package name.
        installed: Installed version.

    Returns:
        Facts that can be compared with it; and, only where there is none of them, facts of module streams of which
        one may be that of the installed package. Facts of the other kind, modular or not, are in neither.
    """
    modular = is_modular(installed)
    known = tuple(facts)
    same_kind = tuple(fact for fact in known if _kind(fact) in {None, modular})
    if not modular:
        return same_kind, ()
    shared = [(_shared_numbers(fact, installed), fact) for fact in same_kind]
    most = max((count for count, _ in shared), default=0)
    if most >= LEAST_SHARED_NUMBERS:
        return tuple(fact for count, fact in shared if count == most), ()
    return (), same_kind


def _kind(fact: Advisory) -> bool | None:
    """Tell whether a fact is about a module stream; None when it names no version."""
    bounds = [*fact.versions, *(item.fixed or item.last_affected for item in fact.ranges)]
    named = [bound for bound in bounds if bound]
    return any(is_modular(bound) for bound in named) if named else None


def _shared_numbers(fact: Advisory, installed: str) -> int:
    """Return how many leading numbers of the upstream version a fact shares with the installed version."""
    own = _upstream_numbers(installed)
    bounds = [bound for item in fact.ranges if (bound := item.fixed or item.last_affected)]
    return max((_common(own, _upstream_numbers(bound)) for bound in bounds), default=0)


def _upstream_numbers(version: str) -> list[int]:
    match = _UPSTREAM.match(version)
    return [int(text) for text in _NUMBERS.findall(match[1] if match else "")]


def _common(left: list[int], right: list[int]) -> int:
    """Return the length of the common beginning; versions of one number that are equal share all they have."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return LEAST_SHARED_NUMBERS if count and left == right else count
