"""SARIF's rules: a vulnerability each, with words of our own about it.

Reference:
    OASIS SARIF 2.1.0 with errata 01, section 3.49. GitHub, "SARIF support for code scanning": `security-severity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from basewise.model.scan import ScanFinding
from basewise.report.markdown_text import escape_markdown
from basewise.report.sarif_parts import SarifMessage, rule_id, sarif_text
from basewise.report.scan_facts import advisory_link, severity_words

__all__ = ["SarifRule", "sarif_rules"]


class _Help(msgspec.Struct, frozen=True):
    text: str
    markdown: str


class SarifRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A rule; `properties` holds tags and the score."""

    id: str
    name: str
    short_description: SarifMessage
    full_description: SarifMessage
    help: _Help
    help_uri: str | None = None
    properties: dict[str, Any]


def sarif_rules(findings: Iterable[ScanFinding]) -> tuple[SarifRule, ...]:
    """Return a rule for each vulnerability in the order of its first finding, with the worst of its scores."""
    by_id: dict[str, list[ScanFinding]] = {}
    for found in findings:
        by_id.setdefault(rule_id(found.id), []).append(found)
    return tuple(_rule(identifier, same) for identifier, same in by_id.items())


def _rule(identifier: str, same: Sequence[ScanFinding]) -> SarifRule:
    first = same[0]
    scores = [found.cvss.score for found in same if found.cvss is not None]
    security = {"security-severity": f"{max(scores):.1f}"} if scores else {}
    also = f" Also known as {', '.join(first.aliases)}." if first.aliases else ""
    text = sarif_text(
        f"{first.id} is published as a vulnerability of {first.package.source or first.package.name}. "
        f"Severity: {severity_words(first)}.{also} Each result says which installed version is affected, "
        "which layer brought it, and what to do."
    )
    link = advisory_link(first.id)
    return SarifRule(
        id=identifier,
        name=identifier,
        short_description=SarifMessage(
            sarif_text(f"{first.id} in {first.package.source or first.package.name}")
        ),
        full_description=SarifMessage(text),
        help=_Help(
            text, f"{escape_markdown(text)} [Read the record]({link})." if link else escape_markdown(text)
        ),
        help_uri=link,
        properties={"tags": ["security", "vulnerability", str(first.severity)], **security},
    )
