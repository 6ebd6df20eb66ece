"""Lists of names that stay readable, and the sentence for packages that nobody names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from basewise.advisories.store import Store
from basewise.matching.group import SourceGroup
from basewise.model.evidence import NotCovered

__all__ = ["some_names", "unnamed_sources"]

MAX_NAMES_SHOWN = 8


def some_names(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    listed = sorted(names)
    more = len(listed) - MAX_NAMES_SHOWN
    return ", ".join(listed[:MAX_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def unnamed_sources(
    groups: Sequence[SourceGroup], where: tuple[str, str], store: Store
) -> tuple[NotCovered, ...]:
    """Say which source packages no feed names: nothing was ever known against them, or they are somebody else's.

    Args:
        groups: Source packages of one release.
        where: Its ecosystem and release.
        store: Where the facts are.
    """
    unknown = [group.name for group in groups if not store.covered(*where, group.name)]
    if not unknown:
        return ()
    why = f"no source of advisories names them, so they may be another publisher's: {some_names(unknown)}"
    return (NotCovered(f"{len(unknown)} of {len(groups)} source packages", why),)
