"""Patterns of paths: which files of a layer are wanted, decided in well under a microsecond a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

__all__ = ["PatternSet", "compile_pattern"]

_WILD = "*"


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a path matches.

    Args:
        pattern: `*` is any part of one name, `**/` at the beginning any directories or none.
    """
    if _WILD not in pattern:
        return pattern.__eq__
    matches = re.compile(_expression(pattern), re.DOTALL).match
    return lambda path: matches(path) is not None


def _expression(pattern: str) -> str:
    head = "(?:.*/)?" if pattern.startswith("**/") else ""
    parts = pattern.removeprefix("**/").split(_WILD)
    return head + "[^/]*".join(re.escape(part) for part in parts) + r"\Z"


class PatternSet:
    """Many patterns at once, each with the number of whoever asked for it.

    Args:
        patterns: Pairs of a pattern and a number.
    """

    def __init__(self, patterns: Iterable[tuple[str, int]]) -> None:
        self._exact: dict[str, int] = {}
        self._by_name: dict[str, list[tuple[Callable[[str], object], int]]] = {}
        self._by_suffix: dict[str, list[tuple[Callable[[str], object], int]]] = {}
        self._others: list[tuple[Callable[[str], object], int]] = []
        for pattern, number in patterns:
            self._add(pattern, 1 << number)

    def _add(self, pattern: str, bit: int) -> None:
        if _WILD not in pattern:
            self._exact[pattern] = self._exact.get(pattern, 0) | bit
            return
        rule = (re.compile(_expression(pattern), re.DOTALL).match, bit)
        last = pattern.rpartition("/")[2]
        dot, suffix = last.rpartition(".")[1:]
        if _WILD not in last:
            self._by_name.setdefault(last, []).append(rule)
        elif dot and _WILD not in suffix:
            self._by_suffix.setdefault(suffix, []).append(rule)
        else:
            self._others.append(rule)

    def match(self, path: str) -> int:
        """Return the bits of those who want `path`; 0 for nobody."""
        found = self._exact.get(path, 0)
        name = path.rpartition("/")[2]
        for rules in (
            self._by_name.get(name, ()),
            self._by_suffix.get(name.rpartition(".")[2], ()),
            self._others,
        ):
            for matches, bit in rules:
                if matches(path):
                    found |= bit
        return found
