"""From which version on a vulnerability is fixed, when fixes are made and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from basewise.errors import InvalidValueError
from basewise.model.advisory import Advisory, FactKind

__all__ = ["FixState", "judge_fixes"]


class FixState(msgspec.Struct, frozen=True):
    """What fixes mean for one installed version.

    Args:
        holds: The installed version holds the fix.
        fix: The fact whose version installs it, None when there is none to install.
        reverted: The fact that took the last fix back, None when none did.
    """

    holds: bool = False
    fix: Advisory | None = None
    reverted: Advisory | None = None


_NO_CHANGE = FixState()
_HOLDS = FixState(holds=True)
Change = tuple[Any, bool, Advisory]
"""Key of its version, whether it fixes (or takes back), and the fact."""


def judge_fixes(facts: Iterable[Advisory], installed: str, sort_key: Callable[[str], Any]) -> FixState:
    """Follow the fixes of one vulnerability in one line of versions.

    Args:
        facts: Facts of one vulnerability and package; only fixes and reverts are looked at.
        installed: Installed source version.
        sort_key: Order of the versions.

    Returns:
        The last change up to the installed version decides whether it holds the fix; the fix to install
        is the first one that is not taken back later.

    Raises:
        InvalidValueError: `installed` cannot be compared. Facts that cannot are passed over.
    """
    at = sort_key(installed)
    changes = _changes(facts, sort_key)
    if not changes:
        return _NO_CHANGE
    past = [change for change in changes if change[0] <= at]
    if past and past[-1][1]:
        return _HOLDS
    if not changes[-1][1]:
        return FixState(reverted=changes[-1][2])
    standing = changes[-1]
    for change in reversed(changes):
        if not change[1]:
            break
        standing = change
    return FixState(fix=standing[2])


def _changes(facts: Iterable[Advisory], sort_key: Callable[[str], Any]) -> list[Change]:
    """Return changes in the order of versions; of a fix and a revert in one version the fix is last."""
    changes: list[Change] = []
    for fact in facts:
        if fact.kind is FactKind.FIXED or fact.kind is FactKind.REVERTED:
            try:
                changes.append((sort_key(fact.version), fact.kind is FactKind.FIXED, fact))
            except InvalidValueError:
                continue
    return sorted(changes) if len(changes) > 1 else changes
