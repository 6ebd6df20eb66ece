"""The order of severities: unknown stands above low and below medium, because it may be either."""

from __future__ import annotations

from basewise.model.finding import SEVERITY_ORDER, Severity

__all__ = ["at_least", "severity_order"]


def severity_order(severity: Severity) -> int:
    """Return the place of a severity, 0 for the worst."""
    return SEVERITY_ORDER.index(severity)


def at_least(severity: Severity, least: Severity) -> bool:
    """Tell whether a severity is `least` or worse."""
    return severity_order(severity) <= severity_order(least)
