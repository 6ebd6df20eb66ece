"""Facts that are passed over early change nothing, whatever the facts and the installed version are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.matching import debian
from basewise.matching.affected import decide_affected, decide_fixed_or_affected
from basewise.matching.aliases import Vulnerability, by_vulnerability
from basewise.matching.decision import Decision
from basewise.matching.telling import telling_facts
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.testing.feeds import fact
from basewise.versions.debian import sort_key

VERSIONS = ("1.0-1", "1.0-1+deb12u1", "1.0-1~deb12u1", "1.1~rc1-1", "1.1-1", "1:0.9-1")
NAMED = (*VERSIONS, *VERSIONS, "", "no version")
VIEWS = ("cve-2026-0003", "DEBIAN-CVE-2026-0001")
IDS = (
    "CVE-2026-0001",
    "CVE-2026-0002",
    "CVE-2026-0003",
    *VIEWS,
    "GHSA-1",
    "GHSA-2",
    "GHSA-3",
    "DSA-1",
    "RHSA-2026:1",
)

Decide = Callable[[Iterable[Advisory], str], Decision | None]
DECIDERS: dict[str, Decide] = {
    "ranges alone": lambda facts, installed: decide_affected(facts, installed, sort_key),
    "a list of fixes": lambda facts, installed: decide_fixed_or_affected(facts, installed, sort_key),
    "Debian": debian.decide,
}

versions = st.sampled_from(NAMED)
names = st.sampled_from(IDS)
affected = st.builds(
    fact,
    names,
    st.just(FactKind.AFFECTED),
    aliases=st.lists(names, max_size=3, unique=True).map(tuple),
    ranges=st.lists(
        st.builds(VersionRange, st.sampled_from(("0", *NAMED)), versions, versions), max_size=2
    ).map(tuple),
    versions=st.lists(versions, max_size=2).map(tuple),
    origin=st.just("osv"),
)
others = st.builds(
    fact,
    names,
    st.sampled_from(FactKind),
    versions,
    aliases=st.lists(names, max_size=2, unique=True).map(tuple),
    origin=st.sampled_from(["debian_archive", "debian_tracker"]),
)


@pytest.mark.parametrize("decider", DECIDERS)
@settings(max_examples=300, deadline=None)
@given(
    known=st.lists(st.one_of(affected, others), max_size=12).map(sorted),
    installed=st.sampled_from((*VERSIONS, "no version")),
)
def test_what_is_passed_over_leads_to_no_decision(
    decider: str, known: list[Advisory], installed: str
) -> None:
    decide = DECIDERS[decider]
    if installed not in VERSIONS and decider == "Debian":
        return

    def decided(facts: Iterable[Advisory]) -> list[tuple[Vulnerability, Decision]]:
        return [
            (vulnerability, decision)
            for vulnerability in by_vulnerability(facts)
            if (decision := decide(vulnerability.facts, installed)) is not None
        ]

    assert decided(telling_facts(known, installed, sort_key)) == decided(known)
