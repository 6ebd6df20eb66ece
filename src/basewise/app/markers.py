"""PEP 508 markers as text: deciding some of their comparisons, and joining the markers of a path through a lock.

A lock's markers may ask for things that only its reader knows: which extras and groups were chosen. Those comparisons
are decided here; what is left is an ordinary marker for whoever knows the target.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

__all__ = ["ALWAYS", "Conjunction", "Disjunction", "conjoin", "decide", "disjoin", "marker_text"]

MAX_ALTERNATIVES = 48
MAX_NESTING = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<paren>[()])|(?P<word>and|or)(?![\w.])|(?P<atom>(?:'[^']*'|\"[^\"]*\"|[\w.]+)\s*"
    r"(?:===|==|~=|!=|<=|>=|<|>|not\s+in(?!\w)|in(?!\w))\s*(?:'[^']*'|\"[^\"]*\"|[\w.]+)))"
)

Conjunction = frozenset[str]
Disjunction = frozenset[Conjunction]
Decide = Callable[[str], bool | None]

ALWAYS: Disjunction = frozenset({frozenset()})


class _Group(msgspec.Struct, frozen=True):
    """Terms joined by one word."""

    word: str
    terms: tuple[_Group | str, ...]


def decide(marker: str, known: Decide) -> str | bool:
    """Decide the comparisons of a marker that are known, and simplify.

    Args:
        marker: PEP 508 text, not empty.
        known: Gets one comparison as written, returns its value or None.

    Returns:
        True, False, or what is left as text.

    Raises:
        ValueError: The text is no marker.
    """
    tokens = _tokens(marker)
    tree, end = _parse(tokens, 0, 0)
    if end != len(tokens):
        raise ValueError(f"not a marker: {marker[:80]!r}")
    simplified = _simplify(tree, known)
    return simplified if isinstance(simplified, bool) else _print(simplified, outer=True)


def conjoin(alternatives: Disjunction, marker: str) -> Disjunction:
    """Return the alternatives with one more condition on each."""
    return frozenset(item | {marker} for item in alternatives) if marker else alternatives


def disjoin(alternatives: Iterable[Disjunction]) -> Disjunction:
    """Return the union, without what a more general alternative already covers.

    Beyond `MAX_ALTERNATIVES` the result is `ALWAYS`: more is wanted than needed, never less.
    """
    every = sorted({item for union in alternatives for item in union}, key=len)
    kept: list[Conjunction] = []
    for item in every:
        if not any(general <= item for general in kept):
            kept.append(item)
    return frozenset(kept) if len(kept) <= MAX_ALTERNATIVES else ALWAYS


def marker_text(alternatives: Disjunction) -> str:
    """Return a PEP 508 marker, "" for always."""
    texts = [
        " and ".join(sorted(f"({term})" if " or " in term else term for term in item))
        for item in alternatives
    ]
    if "" in texts:
        return ""
    return " or ".join(sorted(f"({text})" if " and " in text and len(texts) > 1 else text for text in texts))


def _tokens(marker: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, text = 0, marker.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise ValueError(f"not a marker: {marker[:80]!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def _parse(tokens: list[tuple[str, str]], position: int, depth: int) -> tuple[_Group | str, int]:
    """Parse `a and b or c`: `or` of `and`s."""
    if depth > MAX_NESTING:
        raise ValueError("a marker is nested too deeply")
    either: list[_Group | str] = []
    both: list[_Group | str] = []
    while True:
        term, position = _term(tokens, position, depth)
        both.append(term)
        word = tokens[position][1] if position < len(tokens) and tokens[position][0] == "word" else ""
        if word != "and":
            either.append(_join("and", both))
            both = []
        if not word:
            return _join("or", either), position
        position += 1


def _term(tokens: list[tuple[str, str]], position: int, depth: int) -> tuple[_Group | str, int]:
    kind, text = tokens[position] if position < len(tokens) else ("", "")
    if kind == "atom":
        return text, position + 1
    if text == "(":
        inside, position = _parse(tokens, position + 1, depth + 1)
        if position < len(tokens) and tokens[position][1] == ")":
            return inside, position + 1
    raise ValueError("not a marker: a comparison is missing")


def _join(word: str, terms: list[_Group | str]) -> _Group | str:
    return terms[0] if len(terms) == 1 else _Group(word, tuple(terms))


def _simplify(tree: _Group | str, known: Decide) -> _Group | str | bool:
    if isinstance(tree, str):
        truth = known(tree)
        return tree if truth is None else truth
    decisive = tree.word == "or"
    left: list[_Group | str] = []
    for term in tree.terms:
        value = _simplify(term, known)
        if value is decisive:
            return decisive
        if not isinstance(value, bool):
            left.append(value)
    return _join(tree.word, left) if left else not decisive


def _print(tree: _Group | str, *, outer: bool = False) -> str:
    if isinstance(tree, str):
        return tree
    text = f" {tree.word} ".join(_print(term) for term in tree.terms)
    return text if outer else f"({text})"
