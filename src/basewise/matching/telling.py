"""Passing over vulnerabilities that plainly do not apply: in an image that is up to date, nearly all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from typing import Any

from basewise.matching.affected import holds, key_or_none
from basewise.matching.aliases import names_of
from basewise.model.advisory import Advisory, FactKind
from basewise.versions.ranges import SortKey

__all__ = ["telling_facts"]


def telling_facts(facts: Sequence[Advisory], installed: str, sort_key: SortKey) -> Sequence[Advisory]:
    """Return the facts of all vulnerabilities that may apply to an installed version, before they are gathered.

    A fact is silent that calls other versions affected, names a fix that is installed, or says not affected.
    Where every fact of a vulnerability is silent there is nothing to decide.

    Args:
        facts: All facts of one package, of any number of sources.
        installed: Installed version.
        sort_key: Order of the ecosystem.

    Returns:
        Facts in the same order: those that are not silent, and all that a chain of names connects with them, so that
        the vulnerabilities are the same as those of all facts. All facts when the version cannot be compared.
    """
    at = key_or_none(installed, sort_key)
    if at is None:
        return facts
    speaking = [not _is_silent(fact, installed, at, sort_key) for fact in facts]
    if not any(speaking):
        return ()
    return facts if all(speaking) else _connected(facts, speaking)


def _is_silent(fact: Advisory, installed: str, at: Any, sort_key: SortKey) -> bool:  # noqa: ANN401 - keys are opaque
    """Tell whether a fact, where nothing else is said, leads to no finding."""
    kind = fact.kind
    if kind is FactKind.AFFECTED:
        return holds(fact, installed, at, sort_key) is False
    if kind is FactKind.FIXED:
        fixed = key_or_none(fact.version, sort_key)
        return fixed is not None and bool(fixed <= at)
    return kind is FactKind.NOT_AFFECTED


def _connected(facts: Sequence[Advisory], speaking: Iterable[bool]) -> Sequence[Advisory]:
    """Return the facts that speak, and those that names connect with them; an erratum connects all its names."""
    names = [names_of(fact) for fact in facts]
    kept = list(speaking)
    known = set(chain.from_iterable(compress(names, kept)))
    grown = True
    while grown:
        grown = False
        for place, some in enumerate(names):
            if not kept[place] and not known.isdisjoint(some):
                kept[place] = grown = True
                known.update(some)
    return list(compress(facts, kept))
