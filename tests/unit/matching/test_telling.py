from __future__ import annotations

import pytest

from basewise.matching.telling import telling_facts
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.testing.feeds import fact
from basewise.versions.debian import sort_key

INSTALLED = "2.0-1"


def affected(identifier: str, *aliases: str, fixed: str) -> Advisory:
    return fact(identifier, FactKind.AFFECTED, aliases=aliases, ranges=(VersionRange("0", fixed),))


OPEN = affected("CVE-2026-1", fixed="2.0-2")
CLOSED = affected("CVE-2026-2", fixed="2.0-1")


@pytest.mark.parametrize(
    "silent",
    [
        CLOSED,
        affected("CVE-2026-2", "GHSA-1", fixed="1.9-1"),
        fact("CVE-2026-2", FactKind.FIXED, "2.0-1"),
        fact("CVE-2026-2", FactKind.NOT_AFFECTED),
        fact("CVE-2026-2", FactKind.AFFECTED, versions=("1.9-1",)),
    ],
)
def test_a_vulnerability_of_which_every_fact_is_silent_is_passed_over(silent: Advisory) -> None:
    assert telling_facts([silent], INSTALLED, sort_key) == ()
    assert telling_facts([OPEN, silent], INSTALLED, sort_key) == [OPEN]


@pytest.mark.parametrize(
    "speaking",
    [
        OPEN,
        fact("CVE-2026-2", FactKind.FIXED, "2.0-2"),
        fact("CVE-2026-2", FactKind.FIXED, "?"),
        fact("CVE-2026-2", FactKind.MENTIONED, "1.0-1"),
        fact("CVE-2026-2", FactKind.REVERTED, "1.0-1"),
        fact("CVE-2026-2", FactKind.FIXED_ELSEWHERE, "1.0-1"),
        fact("CVE-2026-2", FactKind.NO_DSA),
        fact("CVE-2026-2", FactKind.AFFECTED),
        fact("CVE-2026-2", FactKind.AFFECTED, versions=("2.0-1",)),
        affected("CVE-2026-2", fixed="?"),
    ],
)
def test_a_fact_that_may_lead_to_a_finding_stays(speaking: Advisory) -> None:
    assert telling_facts([CLOSED, speaking], INSTALLED, sort_key)[-1] == speaking


def test_silent_facts_stay_where_a_chain_of_names_connects_them_with_one_that_speaks() -> None:
    far = affected("DEBIAN-CVE-2026-3", "GHSA-far", fixed="1.0-1")
    near = affected("GHSA-near", "cve-2026-3", "CVE-2026-1", fixed="1.0-1")
    apart = affected("GHSA-apart", "CVE-2026-4", fixed="1.0-1")
    assert telling_facts([far, apart, near, OPEN], INSTALLED, sort_key) == [far, near, OPEN]


def test_every_fact_stays_where_the_installed_version_cannot_be_compared() -> None:
    facts = [OPEN, CLOSED]
    assert telling_facts(facts, "?", sort_key) is facts
