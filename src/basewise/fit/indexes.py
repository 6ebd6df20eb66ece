"""Index lines of the application: honoured where the user's own configuration says the same, or by permission."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from basewise._internal.text import safe_text
from basewise.fit.index_settings import comparable_url
from basewise.fit.uv_runner import UvRunner
from basewise.model.evidence import NotCovered
from basewise.model.requirement import IndexLine

__all__ = ["IndexDecision", "decide_indexes"]


class IndexDecision(msgspec.Struct, frozen=True):
    """Addresses to hand to uv besides its own, and the lines that are not honoured."""

    allowed: tuple[str, ...] = ()
    ignored: tuple[IndexLine, ...] = ()

    @property
    def not_covered(self) -> tuple[NotCovered, ...]:
        """What the ignored lines leave unseen."""
        return tuple(NotCovered(f"index line {line.location}", _why(line)) for line in self.ignored)

    @property
    def hint(self) -> str:
        """What to do about the ignored lines, "" when there is none."""
        if not self.ignored:
            return ""
        line = self.ignored[0]
        url = safe_text(comparable_url(line.url))
        return f"{line.location} asks for the index {url}; if you trust it, add `--allow-index {url}`"


def decide_indexes(lines: Sequence[IndexLine], allowed: Sequence[str], runner: UvRunner) -> IndexDecision:
    """Decide about each line.

    Args:
        lines: What the application's files ask for.
        allowed: Addresses that the user allows.
        runner: Knows what uv and pip are configured with.
    """
    if not lines:
        return IndexDecision()
    permitted = {comparable_url(url): url for url in allowed}
    configured = set(runner.index_settings.urls)
    honoured: list[str] = []
    ignored: list[IndexLine] = []
    asked = False
    for line in lines:
        url = comparable_url(line.url)
        if url in permitted:
            honoured.append(permitted[url])
            continue
        if url not in configured and not asked:
            asked = True
            configured |= {runner.default_index() or ""}
        if url not in configured:
            ignored.append(line)
    return IndexDecision(tuple(dict.fromkeys(honoured)), tuple(ignored))


def _why(line: IndexLine) -> str:
    url = safe_text(comparable_url(line.url))
    concerns = f"; it concerns {', '.join(line.packages)}" if line.packages else ""
    return f"not honoured: {url} is not an index that uv or pip are configured with{concerns}; `--allow-index {url}` allows it"
