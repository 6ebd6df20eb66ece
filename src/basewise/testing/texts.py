"""Putting other texts into documents, for tests of what writes them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec

__all__ = ["with_texts"]

KEPT = frozenset({"generated_at", "schema"})  # the clock and the contract are our own words


def with_texts(value: Any, texts: Iterator[str]) -> Any:  # noqa: ANN401 - any part of a scan
    """Return a value in which every text is one of `texts`, in turn; enumerations and numbers stay."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return next(texts)
    if isinstance(value, tuple):
        return tuple(with_texts(each, texts) for each in value)
    if isinstance(value, msgspec.Struct):
        changed = {
            name: with_texts(getattr(value, name), texts)
            for name in value.__struct_fields__
            if name not in KEPT
        }
        return msgspec.structs.replace(value, **changed)
    return value
