"""How long an image that was read is supported: its distribution, and the interpreter that ends first."""

from __future__ import annotations

from datetime import date

from basewise.candidates.lifecycle import Cycle, load_lifecycles, phase_on
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered, Support, SupportPhase
from basewise.model.inventory import Inventory

__all__ = ["ended_support", "support_of_inventory"]

_BRANCHED = frozenset({"alpine"})
"""Distributions whose releases are branches: `3.24` for `3.24.1`."""


def support_of_inventory(inventory: Inventory, today: date) -> Support | None:
    """Return ends of support and the phase on a day; None where neither distribution nor interpreter is known."""
    known = load_lifecycles()
    cycle = _distro_cycle(inventory.distro)
    ends = (known.find("python", runtime.minor) for runtime in inventory.pythons)
    python = min((found.eol for found in ends if found is not None and found.eol is not None), default=None)
    if cycle is None and python is None:
        return None
    return Support(
        python_eol=_text(python),
        distro_eol=_text(cycle.eol if cycle else None),
        distro_lts_eol=_text(cycle.lts_eol if cycle else None),
        phase=phase_on(cycle, today),
    )


def ended_support(inventory: Inventory, today: date) -> tuple[NotCovered, ...]:
    """Return what is not seen because its support is over: few or no advisories are written for it any more.

    A distribution after its long-term end, and interpreters that no OS package brought after the end of their minor.
    """
    said = []
    cycle = _distro_cycle(inventory.distro)
    if cycle is not None and phase_on(cycle, today) is SupportPhase.EOL:
        why = f"its support ended on {cycle.lts_eol or cycle.eol}: hardly an advisory is written for it since"
        said.append(NotCovered(f"newer vulnerabilities of {inventory.distro}", why))
    minors = {runtime.minor for runtime in inventory.pythons if runtime.owner is None}
    for minor in sorted(minors):
        end = load_lifecycles().find("python", minor)
        if end is not None and end.eol is not None and today > end.eol:
            why = f"its support ended on {end.eol}: nobody says whether later ones apply to it"
            said.append(NotCovered(f"newer vulnerabilities of CPython {minor}", why))
    return tuple(said)


def _distro_cycle(distro: Distro | None) -> Cycle | None:
    if distro is None:
        return None
    version = ".".join(distro.version.split(".")[:2]) if distro.id in _BRANCHED else distro.version
    return load_lifecycles().find(distro.id, version)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
