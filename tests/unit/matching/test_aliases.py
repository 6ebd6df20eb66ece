from __future__ import annotations

import random

import pytest

from basewise.matching.aliases import Vulnerability, by_vulnerability, identifier_order
from basewise.model.advisory import Advisory, FactKind
from basewise.testing.feeds import fact


def named(identifier: str, *aliases: str) -> Advisory:
    return fact(identifier, FactKind.AFFECTED, aliases=aliases)


def ids(*facts: Advisory) -> list[tuple[str, ...]]:
    return [(group.id, *group.aliases) for group in by_vulnerability(facts)]


CASES = {
    "nothing": ([], []),
    "no aliases": ([named("CVE-2026-0002"), named("CVE-2026-0001")], [("CVE-2026-0001",), ("CVE-2026-0002",)]),
    "a chain": (
        [named("PYSEC-2026-1", "GHSA-aaaa-bbbb-cccc"), named("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001")],
        [("CVE-2026-0001", "GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1")],
    ),
    "a cycle": (
        [named("PYSEC-1", "GHSA-1"), named("GHSA-1", "CVE-2026-1111"), named("CVE-2026-1111", "PYSEC-1")],
        [("CVE-2026-1111", "GHSA-1", "PYSEC-1")],
    ),
    "an alias of itself": ([named("GHSA-1", "GHSA-1")], [("GHSA-1",)]),
    "one GHSA with two CVEs": (
        [named("GHSA-1", "CVE-2026-20000", "CVE-2026-3000")],
        [("CVE-2026-3000", "CVE-2026-20000", "GHSA-1")],
    ),
    "the same id twice": ([named("GHSA-1"), named("GHSA-1", "CVE-2025-0001")], [("CVE-2025-0001", "GHSA-1")]),
    "two that a third connects": (
        [named("PYSEC-1", "CVE-2026-0001"), named("PYSEC-2", "CVE-2026-0002"), named("GHSA-1", "PYSEC-1", "PYSEC-2")],
        [("CVE-2026-0001", "CVE-2026-0002", "GHSA-1", "PYSEC-1", "PYSEC-2")],
    ),
    "a shared alias that no record has": (
        [named("PYSEC-1", "CVE-2026-0001"), named("GHSA-1", "CVE-2026-0001")],
        [("CVE-2026-0001", "GHSA-1", "PYSEC-1")],
    ),
    "no CVE": ([named("PYSEC-1", "GHSA-1")], [("GHSA-1", "PYSEC-1")]),
    "a distribution's view of a CVE": ([named("DEBIAN-CVE-2026-0001"), named("CVE-2026-0001")], [("CVE-2026-0001",)]),
    "a CVE in small letters": ([named("cve-2026-0001", "GHSA-1")], [("CVE-2026-0001", "GHSA-1")]),
    "an advisory of several vulnerabilities": (
        [named("DSA-5000-1", "CVE-2026-0001", "CVE-2026-0002"), named("CVE-2026-0001")],
        [("CVE-2026-0001", "DSA-5000-1"), ("CVE-2026-0002", "DSA-5000-1")],
    ),
    "an advisory that names no vulnerability": ([named("RHSA-2026:1"), named("GHSA-1", "GHSA-2")], [("GHSA-1", "GHSA-2"), ("RHSA-2026:1",)]),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES.keys())
def test_ids_that_aliases_connect_are_one_vulnerability(
    facts: list[Advisory], expected: list[tuple[str, ...]]
) -> None:
    for seed in range(8):
        shuffled = list(facts)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret
        assert ids(*shuffled) == expected


def test_every_fact_is_in_the_groups_that_it_speaks_of() -> None:
    bundle = named("RHSA-2026:1", "CVE-2026-0001", "CVE-2026-0002")
    single = named("CVE-2026-0002")
    assert by_vulnerability([single, bundle]) == (
        Vulnerability("CVE-2026-0001", ("RHSA-2026:1",), (bundle,)),
        Vulnerability("CVE-2026-0002", ("RHSA-2026:1",), tuple(sorted((bundle, single)))),
    )


def test_ids_are_ordered_by_family_and_cves_by_year_and_number() -> None:
    rising = ["CVE-2019-9999", "CVE-2026-999", "CVE-2026-1000", "GHSA-zzzz", "PYSEC-2020-1", "OSV-1", "Z-1"]
    falling = rising[::-1]
    assert sorted(falling, key=identifier_order) == rising


def test_a_long_chain_takes_no_recursion() -> None:
    chain = [named(f"GHSA-{number:06}", f"GHSA-{number + 1:06}") for number in range(20_000)]
    assert len(by_vulnerability(chain)) == 1
