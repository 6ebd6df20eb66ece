"""What facts mean for one installed version: a state, the version that fixes it, and the facts behind it."""

from __future__ import annotations

import msgspec

from basewise.model.advisory import Advisory
from basewise.model.finding import State

__all__ = ["Decision"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """State of one vulnerability for one installed version.

    Args:
        state: What can be done.
        facts: The facts that led to it.
        detail: Why, in a few words.
        fixed_version: Version that fixes it; None unless `state` is FIXED.
        fixed_on: Date of that version, `YYYY-MM-DD`, None when not known.
    """

    state: State
    facts: tuple[Advisory, ...]
    detail: str
    fixed_version: str | None = None
    fixed_on: str | None = None
