"""How long an image is supported, in words: the end that comes first, of its distribution or of its Python."""

from __future__ import annotations

from basewise.model.evidence import Support, SupportPhase
from basewise.report.words import UNKNOWN

__all__ = ["distro_end", "first_end", "support_until"]

_PHASES = {SupportPhase.LTS: "lts ", SupportPhase.EOL: "eol "}


def distro_end(support: Support) -> str | None:
    """Return the end of the distribution's support: of the regular one while it lasts, then of the long-term one."""
    regular = support.distro_eol if support.phase not in _PHASES else None
    return regular or support.distro_lts_eol or support.distro_eol


def first_end(support: Support) -> str | None:
    """Return the first end of support; None where that of the distribution is not known, however long Python's is."""
    distro = distro_end(support)
    ends = [end for end in (support.python_eol, distro) if end]
    return min(ends) if distro else None


def support_until(support: Support | None) -> str:
    """Return the first end of support with its phase where that is not the regular one."""
    if support is None:
        return UNKNOWN
    return _PHASES.get(support.phase, "") + (first_end(support) or UNKNOWN)
