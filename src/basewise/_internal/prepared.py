"""Making a shape known to msgspec before several threads decode it.

msgspec works out what a class needs when it decodes it for the first time, and runs Python code meanwhile: a second thread
that decodes the same class then sees it half made, and the process ends with a segmentation fault (msgspec 0.22). Code
that may run in several threads therefore names its shape as `prepared(Shape)`.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, TypeVar

import msgspec

__all__ = ["prepared"]

Shape = TypeVar("Shape")

_lock = RLock()
_ready: set[Any] = set()


def prepared(shape: Shape) -> Shape:
    """Return a shape of which msgspec knows everything, worked out by one thread at a time.

    Args:
        shape: A class or another type that msgspec can decode; it is remembered for ever.
    """
    if shape not in _ready:
        with _lock:
            msgspec.json.Decoder(shape)
            _ready.add(shape)
    return shape
