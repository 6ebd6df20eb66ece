"""What must hold of matching whatever the facts and packages are."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.matching.count import count
from basewise.matching.match import match
from basewise.model.advisory import Advisory, FactKind
from basewise.model.distro import Distro
from basewise.model.finding import State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import fact, store_of
from basewise.versions.debian import sort_key

BOOKWORM = Distro("debian", "12", "bookworm")
SOURCES = ("acl", "glibc", "openssl", "perl")
VERSIONS = ("1.0-1", "1.0-1+deb12u1", "1.0-2", "1.1~rc1-1", "1.1-1", "1:0.9-1")
ARCHIVE_KINDS = (FactKind.FIXED, FactKind.REVERTED, FactKind.MENTIONED, FactKind.FIXED_ELSEWHERE)
TRACKER_KINDS = tuple(kind for kind in FactKind if kind not in {FactKind.REVERTED, FactKind.MENTIONED})

identifiers = st.integers(min_value=1, max_value=6).map(lambda number: f"CVE-2026-{number:04}")
facts = st.one_of(
    st.builds(
        fact,
        identifiers,
        st.sampled_from(ARCHIVE_KINDS),
        st.sampled_from(VERSIONS),
        package=st.sampled_from(SOURCES),
        published=st.sampled_from(["2026-01-01", "2026-09-09"]),
    ),
    st.builds(
        fact,
        identifiers,
        st.sampled_from(TRACKER_KINDS),
        st.sampled_from(VERSIONS),
        package=st.sampled_from(SOURCES),
        origin=st.just("debian_tracker"),
    ),
)
packages = st.builds(
    lambda source, suffix, version: Package(
        type=PackageType.DEB, name=f"{source}{suffix}", version=version, source=source, source_version=version
    ),
    st.sampled_from(SOURCES),
    st.sampled_from(["", "-bin", "-dev"]),
    st.sampled_from(VERSIONS),
)
inventories = st.lists(packages, min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(known=st.lists(facts, min_size=1, max_size=20), installed=inventories, seed=st.integers(0, 1000))
def test_the_order_of_packages_and_facts_changes_nothing(
    known: list[Advisory], installed: list[Package], seed: int
) -> None:
    shuffled_facts, shuffled = list(known), list(installed)
    random.Random(seed).shuffle(shuffled_facts)  # noqa: S311 - an order, no secret
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, no secret
    with store_of(*known) as store:
        expected = match(installed, BOOKWORM, store)
        again = match(shuffled, BOOKWORM, store)
    with store_of(*shuffled_facts) as store:
        other = match([*shuffled, *shuffled], BOOKWORM, store)
    assert msgspec.json.encode(again) == msgspec.json.encode(expected)
    assert msgspec.json.encode(other) == msgspec.json.encode(expected)


@settings(max_examples=60, deadline=None)
@given(known=st.lists(facts, min_size=1, max_size=20), installed=inventories)
def test_a_package_that_no_fact_names_changes_no_finding(
    known: list[Advisory], installed: list[Package]
) -> None:
    unrelated = Package(
        type=PackageType.DEB, name="zlib1g", version="1-1", source="zlib", source_version="1-1"
    )
    with store_of(*known) as store:
        before = match(installed, BOOKWORM, store)
        after = match([*installed, unrelated], BOOKWORM, store)
    assert after.findings == before.findings
    assert count(after) == count(before)


@settings(max_examples=60, deadline=None)
@given(known=st.lists(facts, min_size=1, max_size=20), installed=inventories)
def test_raising_a_version_to_its_fix_removes_that_finding(
    known: list[Advisory], installed: list[Package]
) -> None:
    with store_of(*known) as store:
        for finding in match(installed, BOOKWORM, store).findings:
            if finding.state is not State.FIXED or finding.fixed_version is None:
                continue
            source, version = finding.package.source, finding.fixed_version
            assert finding.package.source_version is not None
            assert sort_key(finding.package.source_version) < sort_key(version)
            raised = [
                msgspec.structs.replace(package, version=version, source_version=version)
                if package.source == source
                else package
                for package in installed
            ]
            left = match(raised, BOOKWORM, store).findings
            assert (finding.id, source) not in {(item.id, item.package.source) for item in left}
            others = [item for item in left if item.package.source != source]
            before = match(installed, BOOKWORM, store).findings
            assert others == [item for item in before if item.package.source != source]


@settings(max_examples=60, deadline=None)
@given(known=st.lists(facts, min_size=1, max_size=20), installed=inventories)
def test_counts_are_those_of_the_findings(known: list[Advisory], installed: list[Package]) -> None:
    with store_of(*known) as store:
        result = match(installed, BOOKWORM, store)
    counts = count(result)
    keys = [(item.id, item.package.source) for item in result.findings]
    assert len(keys) == len(set(keys)), "one vulnerability in one source package counts once"
    if result.measured:
        assert counts.total is not None
        assert counts.undetermined is not None
        assert counts.fixable is not None
        assert counts.total + counts.undetermined == len(result.findings)
        assert counts.after_rebuild == counts.total - counts.fixable
    else:
        assert counts.total is None
