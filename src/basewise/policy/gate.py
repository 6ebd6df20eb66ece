"""Gates: what of the findings makes a scan fail."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.errors import UsageError
from basewise.model.finding import Severity, State
from basewise.model.scan import Gate, ScanFinding
from basewise.policy.severity import at_least

__all__ = ["CONDITIONS", "check_conditions", "judge_gate"]

CONDITIONS = ("critical", "high", "medium", "low", "exploited", "fixable", "any")


def check_conditions(conditions: Iterable[str]) -> tuple[str, ...]:
    """Return the conditions in their own order, each once.

    Raises:
        UsageError: There is no such condition.
    """
    stated = set(conditions)
    for condition in sorted(stated):
        if condition not in CONDITIONS:
            raise UsageError(
                f"there is no gate `{condition[:40]}`", hint=f"use one of: {', '.join(CONDITIONS)}"
            )
    return tuple(condition for condition in CONDITIONS if condition in stated)


def judge_gate(conditions: Iterable[str], findings: Iterable[ScanFinding], *, complete: bool) -> Gate | None:
    """Judge findings by what was asked for.

    Args:
        conditions: Of `CONDITIONS`; any of them violates.
        findings: All that count, ignored ones left out.
        complete: Nothing was left unseen.

    Returns:
        None where nothing was asked for. `passed` is None when nothing violates but not all was seen, or a finding
        may violate: it is undetermined, or nobody can tell whether it is exploited. What is undetermined violates
        nothing, as it weighs nothing elsewhere; it lets nothing pass either.
    """
    asked = check_conditions(conditions)
    if not asked:
        return None
    judged = [(found.id, {_violates(found, each) for each in asked}) for found in findings]
    violating = {name for name, answers in judged if True in answers}
    unsure = not complete or any(None in answers for _, answers in judged)
    passed = False if violating else None if unsure else True
    return Gate(conditions=asked, violations=tuple(sorted(violating)), passed=passed)


def _violates(found: ScanFinding, condition: str) -> bool | None:
    """Tell whether a finding violates a condition; None where that cannot be told."""
    named = _is_named(found, condition)
    return None if named and found.state is State.UNDETERMINED else named


def _is_named(found: ScanFinding, condition: str) -> bool | None:
    match condition:
        case "any":
            return True
        case "fixable":
            return found.state is State.FIXED
        case "exploited":
            return found.exploited
    return at_least(found.severity, Severity(condition))
