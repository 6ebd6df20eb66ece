"""Judging a version by ranges and lists of affected versions.

Reference: OSV schema, section "Evaluation": a version is affected when it is listed, or when a range holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from basewise.errors import InvalidValueError
from basewise.matching.decision import Decision
from basewise.matching.fixes import judge_fixes
from basewise.model.advisory import Advisory, FactKind
from basewise.model.finding import State
from basewise.versions.ranges import SortKey, contains

__all__ = ["decide_affected", "decide_fixed_or_affected"]

MAX_VERSION_SHOWN = 80


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
    affected = _most_telling([fact for fact in facts if fact.kind is FactKind.AFFECTED])
    holding: list[Advisory] = []
    unsure: list[Advisory] = []
    for fact in affected:
        held = _holds(fact, installed, sort_key)
        if held is None:
            unsure.append(fact)
        elif held:
            holding.append(fact)
    if not holding:
        return _undetermined(unsure, installed, sort_key) if unsure else None
    fixed = _first_fix(affected, installed, sort_key)
    if fixed is None:
        return Decision(state=State.OPEN, facts=tuple(holding), detail=_why_open(installed, sort_key))
    return Decision(state=State.FIXED, facts=tuple(holding), detail=f"fixed in {fixed}", fixed_version=fixed)


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
    if any(fact.kind is FactKind.NOT_AFFECTED for fact in known):
        return None
    fixes = tuple(fact for fact in known if fact.kind is FactKind.FIXED)
    if not _is_comparable(installed, sort_key):
        affected = decide_affected(known, installed, sort_key)
        return _undetermined(list(fixes), installed, sort_key) if fixes and affected is None else affected
    state = judge_fixes(fixes, installed, sort_key)
    if state.holds:
        return None
    if state.fix is None:
        affected = decide_affected(known, installed, sort_key)
        unsure = [fact for fact in fixes if not _is_comparable(fact.version, sort_key)]
        if affected is not None or not unsure:
            return affected
        why = "the advisory names a version that cannot be compared"
        return Decision(state=State.UNDETERMINED, facts=tuple(unsure), detail=why)
    return Decision(
        state=State.FIXED,
        facts=(state.fix,),
        detail=f"fixed in {state.fix.version}",
        fixed_version=state.fix.version,
        fixed_on=state.fix.published or None,
    )


def _most_telling(facts: list[Advisory]) -> list[Advisory]:
    """Return the facts that name versions; those that name only commits where there are no others."""
    return [fact for fact in facts if fact.ranges or fact.versions] or facts


def _holds(fact: Advisory, version: str, sort_key: SortKey) -> bool | None:
    """Tell whether a fact calls a version affected; None when that cannot be told."""
    if version in fact.versions:
        return True
    if not fact.ranges and not fact.versions:
        return None
    unsure = False
    for item in fact.ranges:
        try:
            if contains(item, version, sort_key):
                return True
        except InvalidValueError:
            unsure = True
    if _is_listed(fact.versions, version, sort_key):
        return True
    return None if unsure or not _is_comparable(version, sort_key) else False


def _is_listed(listed: tuple[str, ...], version: str, sort_key: SortKey) -> bool:
    """Tell whether a list holds another spelling of a version, as `1.0` for `1.0.0`."""
    try:
        at = sort_key(version)
    except InvalidValueError:
        return False
    return any(_is_equal(text, at, sort_key) for text in listed)


def _is_equal(text: str, at: Any, sort_key: SortKey) -> bool:  # noqa: ANN401 - keys are opaque
    try:
        return bool(sort_key(text) == at)
    except InvalidValueError:
        return False


def _is_comparable(version: str, sort_key: SortKey) -> bool:
    try:
        sort_key(version)
    except InvalidValueError:
        return False
    return True


def _first_fix(facts: list[Advisory], installed: str, sort_key: SortKey) -> str | None:
    """Return the lowest version above the installed one that a source calls fixed and none calls affected."""
    if not _is_comparable(installed, sort_key):
        return None
    at = sort_key(installed)
    named = {item.fixed for fact in facts for item in fact.ranges if item.fixed}
    above = sorted(
        (key, text) for text in named if _is_comparable(text, sort_key) and (key := sort_key(text)) > at
    )
    return next((text for _, text in above if not any(_holds(fact, text, sort_key) for fact in facts)), None)


def _why_open(installed: str, sort_key: SortKey) -> str:
    """Say why no fixed version is named."""
    if _is_comparable(installed, sort_key):
        return "no fixed version is known"
    return (
        f"listed as affected; version `{installed[:MAX_VERSION_SHOWN]}` cannot be compared with a fixed one"
    )


def _undetermined(unsure: list[Advisory], installed: str, sort_key: SortKey) -> Decision:
    """Return a decision that says what stands in the way."""
    if not _is_comparable(installed, sort_key):
        why = f"version `{installed[:MAX_VERSION_SHOWN]}` cannot be compared"
    elif any(fact.ranges for fact in unsure):
        why = "the advisory names a version that cannot be compared"
    else:
        why = "the advisory names no versions, only commits"
    return Decision(state=State.UNDETERMINED, facts=tuple(unsure), detail=why)
