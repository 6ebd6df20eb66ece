"""What a CVE id looks like."""

from __future__ import annotations

import re

__all__ = ["is_cve"]

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)


def is_cve(text: str) -> bool:
    """Tell whether `text` is a CVE id, in capital letters.

    Args:
        text: For example `CVE-2026-0001`.
    """
    return _CVE.fullmatch(text) is not None
