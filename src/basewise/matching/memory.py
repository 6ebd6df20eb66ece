"""Remembering what was matched: candidates of one release share most of their packages."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar
from weakref import WeakKeyDictionary

from basewise.advisories.store import Store

__all__ = ["remembered"]

Result = TypeVar("Result")

_memories: WeakKeyDictionary[Store, dict[Hashable, object]] = WeakKeyDictionary()


def remembered(store: Store, key: Hashable, make: Callable[[], Result]) -> Result:
    """Return what `make` gave for this store and key the first time.

    Args:
        store: An open store; it never changes, so what it says of a key stays true.
        key: Everything else that the result depends on, the function's name included.
        make: Makes the result.
    """
    memory = _memories.setdefault(store, {})
    if key not in memory:
        memory[key] = make()
    return memory[key]  # type: ignore[return-value]  # keys name their function, so the type is Result
