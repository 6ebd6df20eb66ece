"""Short names made of long or hostile text, which stay different where the text is."""

from __future__ import annotations

import hashlib
from collections import Counter

from basewise.report.plain import plain_line

__all__ = ["distinct_text", "numbered", "short_hash"]

_CHARACTERS = 16


def short_hash(*parts: str) -> str:
    """Return 16 hexadecimal digits for a tuple of texts."""
    text = "\0".join(parts).encode("utf-8", "backslashreplace")
    return hashlib.sha256(text).hexdigest()[:_CHARACTERS]


def distinct_text(text: str, *, limit: int) -> str:
    """Return printable text of at most `limit` characters; what had to change ends in a hash of the original."""
    shown = plain_line(text, limit=limit)
    if shown == text:
        return text
    return f"{shown[: limit - _CHARACTERS - 1]}~{short_hash(text)}"


def numbered(name: str, seen: Counter[str], *, between: str = "-") -> str:
    """Return a name, from the second time on with its number, so that no two are alike; `seen` is what came before."""
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}{between}{seen[name]}"
