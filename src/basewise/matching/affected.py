"""Judging a version by ranges and lists of affected versions.

Reference: OSV schema, section "Evaluation": a version is affected when it is listed, or when a range holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from basewise.advisories.facts import Fact
from basewise.errors import InvalidValueError
from basewise.matching.aliases import is_erratum
from basewise.matching.decision import Decision
from basewise.matching.fixes import judge_fixes
from basewise.model.advisory import Advisory, FactKind
from basewise.model.finding import State
from basewise.versions.ranges import SortKey, contains

__all__ = ["decide_affected", "decide_fixed_or_affected", "holds", "key_or_none", "names_fix"]

MAX_VERSION_SHOWN = 80
BOUND_IS_NO_VERSION = "the advisory names a version that cannot be compared"


def decide_affected(facts: Iterable[Advisory], installed: str, sort_key: SortKey) -> Decision | None:
    """Return what the `AFFECTED` facts of one vulnerability mean for an installed version.

    Args:
        facts: What all sources say of one vulnerability and package; kinds other than `AFFECTED` are passed over.
        installed: Installed version.
        sort_key: Order of the ecosystem.

    Returns:
        FIXED with the lowest `fixed` above the installed version that no fact calls affected; OPEN where there
        is none; UNDETERMINED where a version cannot be compared, or only commits are named, and no other fact
        settles it. None when it does not apply.
    """
    affected = [fact for fact in facts if fact.kind is FactKind.AFFECTED]
    if not affected:
        return None
    if len(affected) > 1:
        affected = _most_telling(affected)
    at = key_or_none(installed, sort_key)
    holding: list[Advisory] = []
    unsure: list[Advisory] = []
    for fact in affected:
        held = holds(fact, installed, at, sort_key)
        if held:
            holding.append(fact)
        elif held is None:
            unsure.append(fact)
    if not holding:
        return _undetermined(unsure, installed, at) if unsure else None
    fixed = None if at is None else _first_fix(affected, at, sort_key)
    if fixed is None:
        return Decision(state=State.OPEN, facts=tuple(holding), detail=_why_open(installed, at))
    by = sorted({_statement(fact) for fact in holding if names_fix(fact, fixed)} - {""})
    detail = f"fixed in {fixed}{f' ({by[0]})' if by else ''}"
    return Decision(state=State.FIXED, facts=tuple(holding), detail=detail, fixed_version=fixed)


def decide_fixed_or_affected(facts: Iterable[Advisory], installed: str, sort_key: SortKey) -> Decision | None:
    """Return what a distribution's list of fixes means for an installed version, and where it is silent, OSV's ranges.

    Args:
        facts: What all sources say of one vulnerability and package: kinds `FIXED`, `NOT_AFFECTED`, `AFFECTED`.
        installed: Installed version.
        sort_key: Order of the ecosystem.

    Returns:
        None when it does not apply; UNDETERMINED where versions cannot be compared.
    """
    known = tuple(facts)
    kinds = {fact.kind for fact in known}
    if FactKind.NOT_AFFECTED in kinds:
        return None
    if FactKind.FIXED not in kinds:
        return decide_affected(known, installed, sort_key)
    return _decide_fixed(known, installed, sort_key)


def _decide_fixed(known: tuple[Advisory, ...], installed: str, sort_key: SortKey) -> Decision | None:
    """Return the same where a fix is listed, and nothing says that it is not affected."""
    fixes = tuple(fact for fact in known if fact.kind is FactKind.FIXED)
    if key_or_none(installed, sort_key) is None:
        affected = decide_affected(known, installed, sort_key)
        return _undetermined(list(fixes), installed, None) if fixes and affected is None else affected
    state = judge_fixes(fixes, installed, sort_key)
    if state.holds:
        return None
    if state.fix is None:
        affected = decide_affected(known, installed, sort_key)
        unsure = [fact for fact in fixes if key_or_none(fact.version, sort_key) is None]
        if affected is not None or not unsure:
            return affected
        return Decision(state=State.UNDETERMINED, facts=tuple(unsure), detail=BOUND_IS_NO_VERSION)
    return Decision(
        state=State.FIXED,
        facts=(state.fix,),
        detail=f"fixed in {state.fix.version}",
        fixed_version=state.fix.version,
        fixed_on=state.fix.published or None,
    )


def _statement(fact: Advisory) -> str:
    """Return the erratum that a fact was made from, "" when the vulnerability itself was described."""
    return fact.id if is_erratum(fact.id) else fact.detail


def names_fix(fact: Advisory, version: str | None) -> bool:
    """Tell whether a fact names this version as one that fixes."""
    return any(item.fixed == version for item in fact.ranges)


def _most_telling(facts: list[Advisory]) -> list[Advisory]:
    """Return the facts that name versions; those that name only commits where there are no others."""
    return [fact for fact in facts if fact.ranges or fact.versions] or facts


def holds(fact: Advisory | Fact, version: str, at: Any, sort_key: SortKey) -> bool | None:  # noqa: ANN401 - keys are opaque
    """Tell whether a fact calls a version affected; None when that cannot be told.

    Args:
        fact: The fact.
        version: The version.
        at: Its sort key, None when it is none.
        sort_key: Order of the ecosystem.
    """
    if version in fact.versions:
        return True
    if at is None or not (fact.ranges or fact.versions):
        return None
    unsure = False
    for item in fact.ranges:
        try:
            if contains(item, at, sort_key):
                return True
        except InvalidValueError:
            unsure = True
    # Another spelling of a listed version, as `1.0` for `1.0.0`.
    for text in fact.versions:
        if key_or_none(text, sort_key) == at:
            return True
    return None if unsure else False


def key_or_none(version: str, sort_key: SortKey) -> Any:  # noqa: ANN401 - keys are opaque
    """Return the sort key of a version, None when it is none."""
    try:
        return sort_key(version)
    except InvalidValueError:
        return None


def _first_fix(facts: list[Advisory], at: Any, sort_key: SortKey) -> str | None:  # noqa: ANN401 - keys are opaque
    """Return the lowest version above the installed one that a source calls fixed and none calls affected."""
    named = {item.fixed for fact in facts for item in fact.ranges if item.fixed}
    keys = [(key_or_none(text, sort_key), text) for text in named]
    for key, text in sorted([pair for pair in keys if pair[0] is not None and pair[0] > at]):
        if not any(holds(fact, text, key, sort_key) for fact in facts):
            return text
    return None


def _why_open(installed: str, at: Any) -> str:  # noqa: ANN401 - keys are opaque
    """Say why no fixed version is named."""
    if at is not None:
        return "no fixed version is known"
    return (
        f"listed as affected; version `{installed[:MAX_VERSION_SHOWN]}` cannot be compared with a fixed one"
    )


def _undetermined(unsure: list[Advisory], installed: str, at: Any) -> Decision:  # noqa: ANN401 - keys are opaque
    """Return a decision that says what stands in the way."""
    if at is None:
        why = f"version `{installed[:MAX_VERSION_SHOWN]}` cannot be compared"
    elif any(fact.ranges for fact in unsure):
        why = BOUND_IS_NO_VERSION
    else:
        why = "the advisory names no versions, only commits"
    return Decision(state=State.UNDETERMINED, facts=tuple(unsure), detail=why)
