"""Facts that are passed over early change nothing, whatever the facts and the installed version are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.advisories.facts import Fact
from basewise.matching import debian
from basewise.matching.affected import decide_affected, decide_fixed_or_affected
from basewise.matching.aliases import Vulnerability, by_vulnerability
from basewise.matching.decision import Decision
from basewise.matching.match import match
from basewise.matching.telling import telling_facts
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of
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


PLACES = {
    "debian": ("bookworm", PackageType.DEB, Distro("debian", "12", "bookworm")),
    "ubuntu": ("22.04", PackageType.DEB, Distro("ubuntu", "22.04", "jammy")),
    "alpine": ("3.20", PackageType.APK, Distro("alpine", "3.20.1")),
    "rhel": ("9", PackageType.RPM, Distro("rhel", "9.4")),
    "pypi": ("", PackageType.PYPI, None),
}
PLAIN = ("0.9", "1.0", "1.1", "2.0", "2.0+cpu", "3.0", "1.1.module_el9", "no version")
PACKAGES = ("curl", "curl-libs")
bounds = st.sampled_from(("0", "", *PLAIN))


def about(ecosystem: str) -> st.SearchStrategy[Advisory]:
    release = PLACES[ecosystem][0]
    return st.builds(
        fact,
        names,
        st.just(FactKind.AFFECTED)
        if ecosystem in {"rhel", "pypi"}
        else st.sampled_from((FactKind.AFFECTED, FactKind.FIXED, FactKind.NOT_AFFECTED, FactKind.OPEN)),
        bounds,
        aliases=st.lists(names, max_size=2, unique=True).map(tuple),
        ranges=st.lists(st.builds(VersionRange, bounds, bounds, bounds), max_size=2).map(tuple),
        versions=st.lists(st.sampled_from(PLAIN), max_size=2).map(tuple),
        published=st.sampled_from(("", "2026-01-01", "2026-09-09")),
        ecosystem=st.just(ecosystem),
        release=st.sampled_from((release, "22.04+pro")) if ecosystem == "ubuntu" else st.just(release),
        package=st.sampled_from(PACKAGES),
        origin=st.just("osv"),
    )


def every_fact(facts: Sequence[Advisory | Fact], _: object) -> Sequence[Advisory | Fact]:
    return facts


@pytest.mark.parametrize("ecosystem", PLACES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_matching_finds_the_same_as_with_every_fact(ecosystem: str, data: st.DataObject) -> None:
    _, kind, distro = PLACES[ecosystem]
    known = data.draw(st.lists(about(ecosystem), min_size=1, max_size=14))
    taken_back = FactsFeed("nvd", rejected=data.draw(st.lists(st.sampled_from(IDS[:3]), max_size=1)))
    versions_of = st.sampled_from(PLAIN)
    packages = [
        Package(type=kind, name=name, version=data.draw(versions_of), source="curl") for name in PACKAGES
    ]
    with store_of(*known, feeds=[taken_back]) as store:
        found = match(packages, distro, store)
    with store_of(*known, feeds=[taken_back]) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr("basewise.matching.telling.connected", every_fact)
        patch.setattr("basewise.matching.rpm.connected", every_fact)
        patch.setattr("basewise.matching.pypi._may_be_left_behind", lambda *_: True)
        expected = match(packages, distro, store)
    assert found == expected
