"""The gate: which finding violates which condition, and that nothing passes unseen."""

from __future__ import annotations

import pytest

from basewise.errors import UsageError
from basewise.model.finding import Severity, State
from basewise.policy.gate import CONDITIONS, judge_gate
from basewise.testing.scans import finding

VIOLATED = {
    Severity.CRITICAL: {"critical", "high", "medium", "low", "any"},
    Severity.HIGH: {"high", "medium", "low", "any"},
    Severity.MEDIUM: {"medium", "low", "any"},
    Severity.UNKNOWN: {"low", "any"},
    Severity.LOW: {"low", "any"},
    Severity.NEGLIGIBLE: {"any"},
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("state", [State.FIXED, State.OPEN, State.WONT_FIX, State.MINOR])
@pytest.mark.parametrize("exploited", [True, False, None])
def test_each_condition_is_violated_by_what_it_names(
    condition: str, severity: Severity, state: State, *, exploited: bool | None
) -> None:
    found = finding("CVE-2023-1", severity=severity, state=state, exploited=exploited)
    expected = condition in VIOLATED[severity]
    if condition == "exploited":
        expected = exploited is True
    if condition == "fixable":
        expected = state is State.FIXED
    gate = judge_gate([condition], [found], complete=True)
    assert gate is not None
    unsure = condition == "exploited" and exploited is None
    assert gate.passed is (None if unsure else not expected)
    assert gate.violations == (("CVE-2023-1",) if expected else ())


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_undetermined_violates_nothing_and_lets_nothing_pass_that_it_may_violate(
    condition: str,
) -> None:
    worst = finding(state=State.UNDETERMINED, severity=Severity.CRITICAL, exploited=True, fixed_version=None)
    gate = judge_gate([condition], [worst], complete=True)
    assert gate is not None
    assert gate.passed is (True if condition == "fixable" else None)
    assert gate.violations == ()
    least = finding(
        state=State.UNDETERMINED, severity=Severity.NEGLIGIBLE, exploited=False, fixed_version=None
    )
    gate = judge_gate([condition], [least], complete=True)
    assert gate is not None
    assert gate.passed is (None if condition == "any" else True)


def test_an_undetermined_package_hides_no_violation_of_the_same_vulnerability() -> None:
    unsure = finding("CVE-2023-1", state=State.UNDETERMINED, severity=Severity.HIGH, fixed_version=None)
    sure = finding("CVE-2023-1", state=State.OPEN, severity=Severity.HIGH, fixed_version=None)
    for found in ([unsure, sure], [sure, unsure]):
        gate = judge_gate(["high"], found, complete=True)
        assert gate is not None
        assert (gate.passed, gate.violations) == (False, ("CVE-2023-1",))


def test_a_gate_passes_only_where_all_was_seen() -> None:
    found = [finding("CVE-2023-1", severity=Severity.LOW)]
    seen = judge_gate(["high"], found, complete=True)
    unseen = judge_gate(["high"], found, complete=False)
    violated = judge_gate(["low"], found, complete=False)
    assert [gate and gate.passed for gate in (seen, unseen, violated)] == [True, None, False]


def test_several_conditions_are_violated_by_any_of_them() -> None:
    found = [
        finding("CVE-2023-2", severity=Severity.LOW),
        finding("CVE-2023-1", severity=Severity.LOW, state=State.OPEN, exploited=True),
    ]
    gate = judge_gate(["exploited", "critical", "exploited"], found, complete=True)
    assert gate is not None
    assert (gate.conditions, gate.violations) == (("critical", "exploited"), ("CVE-2023-1",))


def test_without_a_condition_there_is_no_gate() -> None:
    assert judge_gate([], [finding()], complete=False) is None


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(UsageError, match="no gate `severe`"):
        judge_gate(["severe"], [], complete=True)
