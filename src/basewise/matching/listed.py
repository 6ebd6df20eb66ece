"""Matching by the source package's name alone: Ubuntu, and the distributions of apk."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

import msgspec

from basewise.advisories.store import Store
from basewise.matching.affected import decide_fixed_or_affected
from basewise.matching.aliases import by_vulnerability
from basewise.matching.assemble import assemble
from basewise.matching.decision import Decision
from basewise.matching.group import SourceGroup, is_kernel_headers
from basewise.matching.memory import remembered
from basewise.matching.result import Part
from basewise.matching.telling import telling_advisories, telling_facts
from basewise.model.advisory import Advisory
from basewise.model.evidence import NotCovered
from basewise.model.finding import Finding, State
from basewise.versions.ranges import SortKey

__all__ = ["Family", "match_groups"]


class Family(msgspec.Struct, frozen=True):
    """Where the facts of a release are, and the order of its versions.

    Args:
        ecosystem: Of the facts.
        release: Of the facts.
        sort_key: Order of versions.
        subscribed: Release whose facts name fixes that only subscribers get; None for none.
        subscription: What they subscribe to.
    """

    ecosystem: str
    release: str
    sort_key: SortKey
    subscribed: str | None = None
    subscription: str = ""


def match_groups(
    groups: Collection[SourceGroup], family: Family, store: Store, not_covered: Iterable[NotCovered] = ()
) -> Part:
    """Find what applies to source packages, kernel headers apart.

    Args:
        groups: Source packages of one release.
        family: Where its facts are.
        store: What holds them.
        not_covered: What is already known to be unseen.
    """
    for release in (family.release, family.subscribed):
        if release is not None:
            store.read_ahead(family.ecosystem, release, [group.name for group in groups])
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
    for vulnerability in by_vulnerability(_facts(group, family, store)):
        decision = _decide(vulnerability.facts, group.version, family)
        if decision is not None:
            found.append(assemble(vulnerability, decision, group.representative, group.binaries, store))
    return tuple(found)


def _facts(group: SourceGroup, family: Family, store: Store) -> Iterable[Advisory]:
    """Return what is said of vulnerabilities that may apply; fixes for subscribers belong to them too."""
    own = (family.ecosystem, family.release, group.name)
    if family.subscribed is None:
        return telling_advisories(store, own, group.version, family.sort_key)
    facts = (*store.facts(*own), *store.facts(family.ecosystem, family.subscribed, group.name))
    return telling_facts(facts, group.version, family.sort_key)


def _decide(facts: Iterable[Advisory], installed: str, family: Family) -> Decision | None:
    """Return what facts of one vulnerability mean, those for subscribers last.

    A fix that only subscribers get closes the vulnerability where it is installed, and is no fix elsewhere: the
    vulnerability is open, and the detail names what a subscription would bring.
    """
    if family.subscribed is None:
        return decide_fixed_or_affected(facts, installed, family.sort_key)
    known = tuple(facts)
    own = tuple(fact for fact in known if fact.release != family.subscribed)
    decision = decide_fixed_or_affected(own, installed, family.sort_key)
    if len(own) == len(known) or (own and (decision is None or decision.state is not State.OPEN)):
        return decision
    others = tuple(fact for fact in known if fact.release == family.subscribed)
    subscribers = decide_fixed_or_affected(others, installed, family.sort_key)
    if subscribers is None or subscribers.state is not State.FIXED:
        return subscribers
    detail = f"fixed in {subscribers.fixed_version} for subscribers of {family.subscription} only"
    return Decision(state=State.OPEN, facts=(*own, *subscribers.facts), detail=detail)
