"""Ranges of affected versions: from one version up to, without or with, another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from basewise.model.advisory import VersionRange

__all__ = ["BEGINNING", "SortKey", "contains"]

SortKey = Callable[[str], Any]
"""The order of an ecosystem, as `basewise.versions.debian.sort_key`; raises `InvalidValueError`."""

BEGINNING = frozenset({"", "0"})
"""What `introduced` holds where a range begins before every version."""


def contains(item: VersionRange, at: Any, sort_key: SortKey) -> bool:  # noqa: ANN401 - keys are opaque
    """Tell whether a version is affected.

    Args:
        item: Range; "0" or "" in `introduced` is before every version. Where both ends are given, `fixed` counts.
        at: Sort key of the version in question.
        sort_key: Order of the ecosystem.

    Raises:
        InvalidValueError: An end of the range is no version of that ecosystem.
    """
    if item.introduced not in BEGINNING and at < sort_key(item.introduced):
        return False
    if item.fixed:
        return bool(at < sort_key(item.fixed))
    return not item.last_affected or bool(at <= sort_key(item.last_affected))
