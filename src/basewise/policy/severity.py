"""The order of severities: unknown stands above low and below medium, because it may be either."""

from __future__ import annotations

from basewise.model.finding import Severity

__all__ = ["SEVERITIES", "at_least", "severity_order"]

SEVERITIES = (
    Severity.CRITICAL,
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.UNKNOWN,
    Severity.LOW,
    Severity.NEGLIGIBLE,
)
"""From the worst down."""


def severity_order(severity: Severity) -> int:
    """Return the place of a severity, 0 for the worst."""
    return SEVERITIES.index(severity)


def at_least(severity: Severity, least: Severity) -> bool:
    """Tell whether a severity is `least` or worse."""
    return severity_order(severity) <= severity_order(least)
