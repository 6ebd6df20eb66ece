from __future__ import annotations

from basewise.advisories.store import Store
from basewise.matching.count import count
from basewise.matching.match import match
from basewise.model.advisory import FactKind
from basewise.model.distro import Distro
from basewise.model.finding import State, Vulnerabilities
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of

ALPINE = Distro("alpine", "3.24.1")
FACTS = tuple(
    fact(identifier, kind, version, release="3.24", ecosystem="alpine", origin="alpine_secdb")
    for identifier, kind, version in (
        ("CVE-2026-0001", FactKind.FIXED, "3.5.1-r0"),
        ("CVE-2026-0002", FactKind.FIXED, "3.5.2-r0"),
        ("CVE-2026-0003", FactKind.NOT_AFFECTED, ""),
    )
)


def apk(name: str, version: str, source: str | None) -> Package:
    return Package(
        type=PackageType.APK,
        name=name,
        version=version,
        source=source,
        source_version=version if source else None,
    )


def test_a_subpackage_is_judged_by_its_origin() -> None:
    feed = FactsFeed("alpine_secdb", FACTS, ecosystem="alpine")
    with store_of(feeds=[feed]) as store:
        packages = [apk("libssl3", "3.5.1-r0", "openssl"), apk("libcrypto3", "3.5.1-r0", "openssl")]
        result = match(packages, ALPINE, store)
    assert result.measured
    assert [(item.id, item.fixed_version, item.binaries) for item in result.findings] == [
        ("CVE-2026-0002", "3.5.2-r0", ("libcrypto3", "libssl3"))
    ]


def test_a_version_that_cannot_be_compared_keeps_its_findings_as_undetermined() -> None:
    feed = FactsFeed("alpine_secdb", FACTS, ecosystem="alpine")
    with store_of(feeds=[feed]) as store:
        result = match([apk("libssl3", "3.6 ~", "openssl")], ALPINE, store)
    assert [item.state for item in result.findings] == [State.UNDETERMINED, State.UNDETERMINED]


def test_without_alpines_database_nothing_is_measured() -> None:
    with Store.open_default({}) as store:
        result = match([apk("libssl3", "3.5.1-r0", None)], ALPINE, store)
    assert not result.measured
    assert count(result) == Vulnerabilities()
    assert "OS packages of alpine 3.24.1" in {item.what for item in result.not_covered}


def test_without_origins_nothing_is_measured() -> None:
    feed = FactsFeed("alpine_secdb", FACTS, ecosystem="alpine")
    with store_of(feeds=[feed]) as store:
        result = match([apk("libssl3", "3.5.1-r0", None)], ALPINE, store)
    assert not result.measured
    assert any("origin" in item.why for item in result.not_covered)


def released(*releases: str) -> FactsFeed:
    facts = [
        fact(
            "CVE-2026-0002",
            FactKind.FIXED,
            "3.5.2-r0",
            release=release,
            ecosystem="alpine",
            origin="alpine_secdb",
        )
        for release in releases
    ]
    name = "alpine_secdb" if len(releases) > 1 else f"alpine_secdb {releases[0]}"
    return FactsFeed(name, facts, ecosystem="alpine")


def test_a_release_newer_than_all_is_judged_as_edge_and_that_is_said() -> None:
    packages = [apk("libssl3", "3.5.1-r0", "openssl")]
    with store_of(feeds=[released("3.9", "3.23", "edge")]) as store:
        newer = match(packages, Distro("alpine", "3.24"), store)
        older = match(packages, Distro("alpine", "3.10"), store)
        nameless = match(packages, Distro("alpine", ""), store)
    assert [item.id for item in newer.findings] == ["CVE-2026-0002"]
    assert any("judged as edge" in item.why for item in newer.not_covered)
    assert not older.measured
    assert not nameless.measured
    with store_of(feeds=[released("3.23"), released("edge")]) as store:
        assert [item.name for item in match(packages, Distro("alpine", "3.24"), store).sources] == [
            "alpine_secdb edge"
        ]
    with store_of(feeds=[released("3.23")]) as store:
        assert not match(packages, Distro("alpine", "3.24"), store).measured
