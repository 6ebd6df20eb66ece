from __future__ import annotations

import itertools

import pytest

from basewise.errors import InvalidValueError
from basewise.matching.fixes import judge_fixes
from basewise.model.advisory import Advisory, FactKind
from basewise.testing.feeds import fact
from basewise.versions.debian import sort_key


def changes(*steps: str) -> list[Advisory]:
    """Return facts of steps like `+1.1` (fixed) and `-1.2` (taken back)."""
    kinds = {"+": FactKind.FIXED, "-": FactKind.REVERTED, "?": FactKind.MENTIONED}
    return [fact("CVE-2026-0001", kinds[step[0]], step[1:]) for step in steps]


@pytest.mark.parametrize(
    ("steps", "installed", "holds", "fix", "reverted"),
    [
        (["+1.1"], "1.0", False, "1.1", None),
        (["+1.1"], "1.1", True, None, None),
        (["+1.1"], "1.2", True, None, None),
        (["?1.1"], "1.0", False, None, None),
        ([], "1.0", False, None, None),
        (["+1.1", "+1.3"], "1.0", False, "1.1", None),
        (["+1.1", "+1.3"], "1.2", True, None, None),
        (["+1.1", "-1.2"], "1.0", False, None, "1.2"),
        (["+1.1", "-1.2"], "1.1", True, None, None),
        (["+1.1", "-1.2"], "1.2", False, None, "1.2"),
        (["+1.1", "-1.2"], "1.9", False, None, "1.2"),
        (["+1.1", "-1.2", "+1.3"], "1.0", False, "1.3", None),
        (["+1.1", "-1.2", "+1.3"], "1.2", False, "1.3", None),
        (["+1.1", "-1.2", "+1.3"], "1.3", True, None, None),
        (["-1.2"], "1.3", False, None, "1.2"),
        (["+1.2", "-1.2"], "1.1", False, "1.2", None),
        (["+not comparable"], "1.0", False, None, None),
    ],
)
def test_fixes_and_reverts_are_followed(
    steps: list[str], installed: str, holds: bool, fix: str | None, reverted: str | None
) -> None:
    for order in itertools.permutations(changes(*steps)):
        state = judge_fixes(order, installed, sort_key)
        assert state.holds is holds
        assert (state.fix.version if state.fix else None) == fix
        assert (state.reverted.version if state.reverted else None) == reverted


def test_an_installed_version_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidValueError):
        judge_fixes(changes("+1.1"), "no version", sort_key)
