"""What must hold of matching by ranges, lists and aliases, whatever the advisories of PyPI say."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.matching.match import match
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.finding import Finding, State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import fact, store_of
from basewise.versions.pep440 import sort_key

NAMES = ("numpy", "pillow", "torch")
VERSIONS = ("1.0", "1.1rc1", "1.1", "1.1.post1", "1.2", "2.0a1", "2.0", "2.0+cpu", "2.1", "1!0.1")
IDS = (
    "CVE-2026-0001", "CVE-2026-0002", "CVE-2026-00010", "GHSA-aaaa-bbbb-cccc", "GHSA-dddd-eeee-ffff", "PYSEC-2026-1",
    "PYSEC-2026-2", "PYSEC-2026-3",
)  # fmt: skip

bounds = st.sampled_from(("", *VERSIONS))
ranges = st.builds(
    VersionRange, st.sampled_from(("0", *VERSIONS)), bounds, st.one_of(st.just(""), bounds)
).filter(lambda item: not (item.fixed and item.last_affected))
advisories = st.builds(
    lambda identifier, aliases, spans, listed, package: fact(
        identifier,
        FactKind.AFFECTED,
        ecosystem="pypi",
        release="",
        package=package,
        origin="osv PyPI",
        aliases=tuple(sorted(aliases - {identifier})),
        ranges=tuple(sorted(spans)),
        versions=tuple(sorted(listed)),
    ),
    st.sampled_from(IDS),
    st.frozensets(st.sampled_from(IDS), max_size=2),
    st.frozensets(ranges, max_size=2),
    st.frozensets(st.sampled_from(VERSIONS), max_size=2),
    st.sampled_from(NAMES),
)
packages = st.builds(
    lambda name, version: Package(type=PackageType.PYPI, name=name, version=version),
    st.sampled_from(NAMES),
    st.sampled_from(VERSIONS),
)
known_facts = st.lists(advisories, min_size=1, max_size=10)
inventories = st.lists(packages, min_size=1, max_size=6)


def key(finding: Finding) -> tuple[str, str, str]:
    return finding.id, finding.package.name, finding.package.version


@settings(max_examples=150, deadline=None)
@given(known=known_facts, installed=inventories, seed=st.integers(0, 1000))
def test_the_order_of_packages_and_advisories_changes_nothing(
    known: list[Advisory], installed: list[Package], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order, no secret
    shuffled_facts, shuffled = list(known), [*installed, *installed]
    chance.shuffle(shuffled_facts)
    chance.shuffle(shuffled)
    with store_of(*known) as store, store_of(*shuffled_facts) as other:
        expected = msgspec.json.encode(match(installed, None, store))
        assert msgspec.json.encode(match(shuffled, None, other)) == expected


@settings(max_examples=100, deadline=None)
@given(known=known_facts, installed=inventories)
def test_an_unrelated_package_changes_no_finding(known: list[Advisory], installed: list[Package]) -> None:
    unrelated = Package(type=PackageType.PYPI, name="unrelated", version="1.0")
    with store_of(*known) as store:
        assert match([*installed, unrelated], None, store).findings == match(installed, None, store).findings


@settings(max_examples=150, deadline=None)
@given(known=known_facts, package=packages)
def test_raising_a_version_to_its_fix_removes_that_finding_and_splits_none(
    known: list[Advisory], package: Package
) -> None:
    with store_of(*known) as store:
        before = match([package], None, store).findings
        for finding in before:
            if finding.state is not State.FIXED:
                assert finding.fixed_version is None
                continue
            assert finding.fixed_version is not None
            assert sort_key(finding.fixed_version) > sort_key(package.version.partition("+")[0])
            raised = msgspec.structs.replace(package, version=finding.fixed_version)
            after = {found.id for found in match([raised], None, store).findings}
            assert finding.id not in after
            named = {*finding.aliases, finding.id}
            assert named.isdisjoint(after), "no part of the group comes back under another name"


@settings(max_examples=150, deadline=None)
@given(known=known_facts, installed=inventories)
def test_no_id_is_in_two_findings_of_one_package(known: list[Advisory], installed: list[Package]) -> None:
    with store_of(*known) as store:
        findings = match(installed, None, store).findings
    assert len({key(finding) for finding in findings}) == len(findings)
    named = [
        (name, finding.package.name, finding.package.version)
        for finding in findings
        for name in (finding.id, *finding.aliases)
    ]
    assert len(named) == len(set(named))


SCRIPT = """
import msgspec
from basewise.matching.match import match
from basewise.model.advisory import FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of
facts = [
    fact(f"CVE-2026-{n % 7:04}", FactKind.AFFECTED, ecosystem="pypi", release="", package=f"p{n % 5}", origin="osv PyPI",
         aliases=(f"GHSA-{n}", f"PYSEC-{n % 11}"), ranges=(VersionRange("0", f"{n % 3}.{n}"),),
         cvss=("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",))
    for n in range(40)
] + [fact(f"CVE-2026-{n:04}", FactKind.FIXED, f"{n}.0-1") for n in range(20)]
packages = [Package(type=PackageType.PYPI, name=f"P{n}", version="0.1") for n in range(5)]
packages += [Package(type=PackageType.DEB, name=f"lib{n}", version=f"{n}.0-1", source="openssl") for n in range(5)]
kev = FactsFeed("kev", exploited=["CVE-2026-0003"])
with store_of(*facts, feeds=[kev]) as store:
    print(msgspec.json.encode(match(set(packages), Distro("debian", "12", "bookworm"), store)).decode())
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "4242", "TZ": "America/Anchorage", "LC_ALL": "POSIX"},
    ],
)
def test_hash_seed_locale_and_time_zone_change_no_byte(environment: dict[str, str]) -> None:
    def run(**more: str) -> bytes:
        command = [sys.executable, "-c", SCRIPT]
        return subprocess.run(
            command, capture_output=True, check=True, timeout=60, env={**os.environ, **more}
        ).stdout

    expected = run(PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C.UTF-8")
    assert b"CVE-2026-0003" in expected
    assert run(**environment) == expected
