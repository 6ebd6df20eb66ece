from __future__ import annotations

import pytest

from basewise.matching.cpython import match_cpython
from basewise.matching.result import Part
from basewise.model.advisory import Advisory, FactKind
from basewise.model.finding import State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of


def interpreter(version: str) -> Package:
    return Package(type=PackageType.CPYTHON, name="cpython", version=version)


def cpython(identifier: str, branch: str, kind: FactKind, version: str = "", published: str = "") -> Advisory:
    return fact(
        identifier,
        kind,
        version,
        package="cpython",
        release=branch,
        ecosystem="cpython",
        origin="cpython",
        published=published,
        detail="gh-1",
    )


FACTS = (
    cpython("CVE-2026-0001", "3.12", FactKind.FIXED, "3.12.13", "2026-03-03"),
    cpython("CVE-2026-0001", "3.13", FactKind.FIXED, "3.13.11", "2025-12-05"),
    cpython("CVE-2026-0002", "3.12", FactKind.UNDETERMINED),
    cpython("gh-160300", "3.12", FactKind.FIXED, "3.12.14", "2026-08-12"),
    cpython("CVE-2026-0003", "3.15", FactKind.FIXED, "3.15.0rc2"),
    cpython("CVE-2026-0004", "3.13", FactKind.FIXED, "3.12.0a1"),
)


def found(*versions: str) -> Part:
    feed = FactsFeed(
        "cpython", FACTS, ecosystem="cpython", current=[("cpython", "3.12", "cpython", "3.12.15")]
    )
    with store_of(feeds=[feed]) as store:
        return match_cpython([interpreter(version) for version in versions], store)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.12.12", {("CVE-2026-0001", State.FIXED), ("CVE-2026-0002", State.UNDETERMINED)}),
        ("3.12.13", {("CVE-2026-0002", State.UNDETERMINED)}),
        ("3.13.10", {("CVE-2026-0001", State.FIXED)}),
        ("3.13.11", set()),
        ("3.15.0rc1", {("CVE-2026-0003", State.FIXED)}),
        ("3.15.0rc2", set()),
        ("3.15.0", set()),
    ],
)
def test_each_branch_is_judged_by_its_own_releases(version: str, expected: set[tuple[str, State]]) -> None:
    assert {(item.id, item.state) for item in found(version).findings} == expected


def test_a_fixable_finding_names_the_release_of_its_branch() -> None:
    finding = found("3.12.12").findings[0]
    assert (finding.fixed_version, finding.fixed_on) == ("3.12.13", "2026-03-03")


def test_a_security_entry_without_a_cve_is_shown_and_not_counted() -> None:
    assert [item.id for item in found("3.12.13").uncounted] == ["gh-160300"]
    assert found("3.12.14").uncounted == ()


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("3.8.20", "the advisory store holds no facts of branch 3.8"),
        ("3.12.16", "the store knows 3.12 up to 3.12.15 only"),
        ("three", "`three` is not a Python version"),
    ],
)
def test_what_the_store_does_not_know_is_said(version: str, why: str) -> None:
    assert [item.why for item in found(version).not_covered] == [why]


def test_two_interpreters_are_both_judged() -> None:
    assert len(found("3.12.12", "3.13.10").findings) == 3
