"""A part of a report below its table."""

from __future__ import annotations

import msgspec

__all__ = ["Section"]


class Section(msgspec.Struct, frozen=True):
    """A heading and its sentences."""

    title: str
    sentences: tuple[str, ...]
