"""Describing a rule in one line."""

from __future__ import annotations

from basewise.model.check import CheckSeverity, Rule

__all__ = ["PAGES", "described"]

PAGES = "docs/reference/rules"


def described(
    rule_id: str, name: str, severity: CheckSeverity, summary: str, *, fixable: bool = False
) -> Rule:
    """Return a rule whose page is named by its id."""
    return Rule(
        id=rule_id,
        name=name,
        severity=severity,
        summary=summary,
        page=f"{PAGES}/{rule_id}.md",
        fixable=fixable,
    )
