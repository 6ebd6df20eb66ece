"""Passing over vulnerabilities that plainly do not apply: in an image that is up to date, nearly all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from typing import Any, TypeVar

from basewise.advisories.facts import Fact, PackageName
from basewise.advisories.store import Store
from basewise.matching.affected import holds, key_or_none
from basewise.matching.aliases import names_of
from basewise.model.advisory import Advisory, FactKind
from basewise.versions.ranges import SortKey

__all__ = ["connected", "is_silent", "telling_advisories", "telling_facts"]

AnyFact = TypeVar("AnyFact", Advisory, Fact)


def telling_advisories(
    store: Store, package: PackageName, installed: str, sort_key: SortKey
) -> Sequence[Advisory]:
    """Return what a store says of all vulnerabilities that may apply to an installed version of a package.

    Args:
        store: Where the facts are.
        package: Ecosystem, release and package.
        installed: Installed version.
        sort_key: Order of the ecosystem.

    Raises:
        StoreError: The store is damaged.
    """
    return store.advisories(*package, telling_facts(store.record(*package).facts, installed, sort_key))


def telling_facts(facts: Sequence[AnyFact], installed: str, sort_key: SortKey) -> Sequence[AnyFact]:
    """Return the facts of all vulnerabilities that may apply to an installed version, before they are gathered.

    Args:
        facts: All facts of one package, of any number of sources.
        installed: Installed version.
        sort_key: Order of the ecosystem.

    Returns:
        Facts in the same order: those that are not silent, and all that a chain of names connects with them. All
        facts when the version cannot be compared.
    """
    at = key_or_none(installed, sort_key)
    return connected(facts, [not is_silent(fact, installed, at, sort_key) for fact in facts])


def is_silent(fact: Advisory | Fact, installed: str, at: Any, sort_key: SortKey) -> bool:  # noqa: ANN401 - keys are opaque
    """Tell whether a fact calls only other versions affected, names a fix that is installed, or says not affected.

    Where every fact of a vulnerability is silent there is nothing to decide.

    Args:
        fact: The fact.
        installed: Installed version.
        at: Its sort key; None when it is none, and then no fact is silent.
        sort_key: Order of the ecosystem.
    """
    if at is None:
        return False
    kind = fact.kind
    if kind is FactKind.AFFECTED:
        return holds(fact, installed, at, sort_key) is False
    if kind is FactKind.FIXED:
        fixed = key_or_none(fact.version, sort_key)
        return fixed is not None and bool(fixed <= at)
    return kind is FactKind.NOT_AFFECTED


def connected(facts: Sequence[AnyFact], speaking: Iterable[bool]) -> Sequence[AnyFact]:
    """Return facts that speak, and those that a chain of names connects with them; an erratum connects all its names.

    The vulnerabilities of what is returned are among those of all facts, with all their facts.

    Args:
        facts: All facts of one package.
        speaking: Whether it speaks, for each of them.
    """
    kept = list(speaking)
    if not any(kept):
        return ()
    if all(kept):
        return facts
    names = [names_of(fact) for fact in facts]
    known = set(chain.from_iterable(compress(names, kept)))
    grown = True
    while grown:
        grown = False
        for place, some in enumerate(names):
            if not kept[place] and not known.isdisjoint(some):
                kept[place] = grown = True
                known.update(some)
    return list(compress(facts, kept))
