"""Reading numbers with units."""

from __future__ import annotations

import re

from basewise.errors import InvalidValueError

__all__ = ["parse_size"]

_UNITS = {
    "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3,
    "kib": 1024, "mib": 1024**2, "gib": 1024**3,
}  # fmt: skip
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-zA-Z]{0,3})\Z")


def parse_size(text: str) -> int:
    """Read a size: `800MB` and `1.5gb` are decimal, `1GiB` is binary, a bare number is bytes.

    Returns:
        Bytes.

    Raises:
        InvalidValueError: The text is no size, or is zero.
    """
    found = _SIZE.match(text.strip())
    if found is None or found[2].lower() not in _UNITS or float(found[1]) == 0:
        raise InvalidValueError(f"not a size: {text[:40]!r}", hint="write for example `800MB` or `1GiB`")
    return int(float(found[1]) * _UNITS[found[2].lower()])
