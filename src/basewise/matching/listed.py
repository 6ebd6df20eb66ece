"""Matching by the source package's name alone: Ubuntu, and the distributions of apk."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from basewise.advisories.store import Store
from basewise.matching.affected import decide_fixed_or_affected
from basewise.matching.aliases import by_vulnerability
from basewise.matching.assemble import assemble
from basewise.matching.group import SourceGroup, is_kernel_headers
from basewise.matching.memory import remembered
from basewise.matching.result import Part
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding
from basewise.versions.ranges import SortKey

__all__ = ["Family", "match_groups"]


class Family(msgspec.Struct, frozen=True):
    """Where the facts of a release are, and the order of its versions."""

    ecosystem: str
    release: str
    sort_key: SortKey


def match_groups(
    groups: Iterable[SourceGroup], family: Family, store: Store, not_covered: Iterable[NotCovered] = ()
) -> Part:
    """Find what applies to source packages, kernel headers apart.

    Args:
        groups: Source packages of one release.
        family: Where its facts are.
        store: What holds them.
        not_covered: What is already known to be unseen.
    """
    findings: list[Finding] = []
    headers: list[Finding] = []
    for group in groups:
        key = (family.ecosystem, family.release, group)
        found = remembered(store, key, partial(_match_group, group, family, store))
        (headers if is_kernel_headers(group) else findings).extend(found)
    return Part(findings=tuple(findings), uncounted=tuple(headers), not_covered=tuple(not_covered))


def _match_group(group: SourceGroup, family: Family, store: Store) -> tuple[Finding, ...]:
    """Return the findings of one source package."""
    found = []
    for vulnerability in by_vulnerability(store.facts(family.ecosystem, family.release, group.name)):
        decision = decide_fixed_or_affected(vulnerability.facts, group.version, family.sort_key)
        if decision is not None:
            found.append(assemble(vulnerability, decision, group.representative, group.binaries, store))
    return tuple(found)
