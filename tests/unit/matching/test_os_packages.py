from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from basewise.matching.known_false import known_false_entries, part_known_false
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.finding import Finding, Severity, State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of

CVE = "CVE-2026-0001"
NOBLE = Distro("ubuntu", "24.04", "noble")
WOLFI = Distro("wolfi", "20230201")


def deb(name: str, version: str, source: str) -> Package:
    return Package(type=PackageType.DEB, name=name, version=version, source=source)


def apk(name: str, version: str, origin: str | None) -> Package:
    return Package(type=PackageType.APK, name=name, version=version, source=origin)


def affected(
    package: str,
    *ranges: tuple[str, str],
    ecosystem: str = "ubuntu",
    release: str = "24.04",
    severity: str = "",
) -> Advisory:
    return fact(
        CVE,
        FactKind.AFFECTED,
        ecosystem=ecosystem,
        release=release,
        package=package,
        origin="osv",
        severity=severity,
        ranges=tuple(VersionRange(introduced, fixed) for introduced, fixed in ranges),
    )


def matched(*facts: Advisory, packages: tuple[Package, ...], distro: Distro) -> MatchResult:
    with store_of(*facts) as store:
        return match(packages, distro, store)


class TestUbuntu:
    def test_a_source_counts_once_with_ubuntus_own_severity(self) -> None:
        packages = (
            deb("libssl3t64", "3.0.13-0ubuntu3", "openssl"),
            deb("openssl", "3.0.13-0ubuntu3", "openssl"),
        )
        result = matched(
            affected("openssl", ("0", "3.0.13-0ubuntu3.1"), severity="medium"),
            packages=packages,
            distro=NOBLE,
        )
        (finding,) = result.findings
        assert finding.state is State.FIXED
        assert finding.fixed_version == "3.0.13-0ubuntu3.1"
        assert (finding.severity, finding.severity_source) == (Severity.MEDIUM, "osv")
        assert {said.what for said in result.not_covered} == {
            "Python packages of the application",
            "site-packages of the base image",
        }

    def test_a_source_that_nothing_names_may_be_another_publishers(self) -> None:
        packages = (
            deb("openssl", "3.0-1", "openssl"),
            deb("cuda-cudart-12-4", "12.4.127-1", "cuda-cudart-12-4"),
        )
        result = matched(affected("openssl", ("0", "")), packages=packages, distro=NOBLE)
        said = {item.what: item.why for item in result.not_covered}
        assert said["1 of 2 source packages"].endswith("may be another publisher's: cuda-cudart-12-4")

    def test_what_has_no_fix_is_open(self) -> None:
        result = matched(
            affected("openssl", ("0", "")), packages=(deb("openssl", "3.0-1", "openssl"),), distro=NOBLE
        )
        assert [item.state for item in result.findings] == [State.OPEN]

    @pytest.mark.parametrize("distro", [Distro("ubuntu", "22.04", "jammy"), Distro("ubuntu", "", "")])
    def test_another_release_is_not_measured(self, distro: Distro) -> None:
        result = matched(
            affected("openssl", ("0", "")), packages=(deb("openssl", "3.0-1", "openssl"),), distro=distro
        )
        assert not result.measured

    def test_kernel_headers_are_a_class_of_their_own(self) -> None:
        result = matched(
            affected("linux", ("0", "")),
            packages=(deb("linux-libc-dev", "6.8.0-1.1", "linux"),),
            distro=NOBLE,
        )
        assert result.findings == ()
        assert len(result.uncounted) == 1


class TestUbuntuPro:
    """Fixes of `24.04+pro` are for subscribers; images have none unless they were built with a subscription."""

    PRO_FIX = "3.0-1ubuntu0.1~esm1"

    def found(self, installed: str, *facts: Advisory) -> tuple[Finding, ...]:
        packages = (deb("openssl", installed, "openssl"),)
        there = affected("zlib", ("0", "1"))
        return matched(there, *facts, packages=packages, distro=NOBLE).findings

    def pro(self) -> Advisory:
        return affected("openssl", ("0", self.PRO_FIX), release="24.04+pro")

    @pytest.mark.parametrize("own", [(), (affected("openssl", ("0", "")),)])
    def test_a_fix_for_subscribers_leaves_a_vulnerability_open(self, own: tuple[Advisory, ...]) -> None:
        (finding,) = self.found("3.0-1", *own, self.pro())
        assert finding.state is State.OPEN
        assert finding.fixed_version is None
        assert finding.detail == f"fixed in {self.PRO_FIX} for subscribers of Ubuntu Pro only"

    @pytest.mark.parametrize("own", [(), (affected("openssl", ("0", "")),)])
    def test_an_installed_fix_of_a_subscriber_closes_it(self, own: tuple[Advisory, ...]) -> None:
        assert self.found(self.PRO_FIX, *own, self.pro()) == ()

    def test_a_fix_for_everybody_comes_first(self) -> None:
        own = affected("openssl", ("0", "3.0-1ubuntu1"))
        (finding,) = self.found("3.0-1", own, self.pro())
        assert (finding.state, finding.fixed_version) == (State.FIXED, "3.0-1ubuntu1")
        assert self.found("3.0-1ubuntu1", own, self.pro()) == ()


class TestWolfi:
    def test_packages_of_a_distribution_without_releases(self) -> None:
        facts = (
            fact(
                CVE,
                FactKind.FIXED,
                "3.3.0-r1",
                ecosystem="wolfi",
                release="",
                package="openssl",
                origin="wolfi_secdb",
            ),
            fact(
                "CVE-2026-0002",
                FactKind.NOT_AFFECTED,
                ecosystem="wolfi",
                release="",
                package="openssl",
                origin="wolfi_secdb",
            ),
        )
        result = matched(*facts, packages=(apk("libssl3", "3.3.0-r0", "openssl"),), distro=WOLFI)
        assert [(item.id, item.fixed_version) for item in result.findings] == [(CVE, "3.3.0-r1")]
        assert "open vulnerabilities of wolfi" in {said.what for said in result.not_covered}

    def test_one_distribution_does_not_judge_another(self) -> None:
        facts = fact(CVE, FactKind.FIXED, "3.3.0-r1", ecosystem="wolfi", release="", package="openssl")
        result = matched(
            facts, packages=(apk("libssl3", "3.3.0-r0", "openssl"),), distro=Distro("chainguard", "")
        )
        assert not result.measured


class TestAlpine:
    def test_osv_ranges_are_read_where_the_security_database_is_silent(self) -> None:
        alpine = Distro("alpine", "3.20")
        facts = (
            fact(
                CVE,
                FactKind.FIXED,
                "8.9.0-r0",
                ecosystem="alpine",
                release="3.20",
                package="curl",
                origin="alpine_secdb",
            ),
            affected("curl", ("0", "8.9.0-r0"), ecosystem="alpine", release="3.20"),
            msgspec.structs.replace(
                affected("curl", ("0", "8.8.0-r0"), ecosystem="alpine", release="3.20"), id="CVE-2026-0002"
            ),
        )
        result = matched(*facts, packages=(apk("libcurl", "8.5.0-r0", "curl"),), distro=alpine)
        assert [(item.id, item.fixed_version) for item in result.findings] == [
            (CVE, "8.9.0-r0"),
            ("CVE-2026-0002", "8.8.0-r0"),
        ]


class TestDerivatives:
    @pytest.mark.parametrize("identifier", ["kali", "linuxmint", "devuan", "pop", "elementary"])
    def test_a_derivative_with_packages_of_its_own_is_not_judged(self, identifier: str) -> None:
        debian = fact(CVE, FactKind.FIXED, "3.0.18-1")
        distro = Distro(identifier, "12", "bookworm")
        result = matched(debian, packages=(deb("libssl3", "3.0.17-1", "openssl"),), distro=distro)
        assert not result.measured
        assert result.findings == ()
        assert f"OS packages of {distro}" in {said.what for said in result.not_covered}

    def test_a_rebuild_is_judged_by_what_it_rebuilds_and_that_is_said(self) -> None:
        debian = fact(CVE, FactKind.FIXED, "3.0.18-1")
        result = matched(
            debian,
            packages=(deb("libssl3", "3.0.17-1", "openssl"),),
            distro=Distro("raspbian", "12", "bookworm"),
        )
        assert [item.id for item in result.findings] == [CVE]
        assert any("judged as those of debian" in said.why for said in result.not_covered)
        assert [source.name for source in result.sources] == ["debian_archive"]


class TestKnownFalse:
    CHFN = "CVE-2022-0563"

    def result(self, *binaries: str, package: str = "util-linux", as_of: str = "2026-11-23") -> MatchResult:
        facts = [
            fact(self.CHFN, FactKind.UNIMPORTANT, package=package, origin="debian_tracker"),
            fact(CVE, FactKind.OPEN, package=package, origin="debian_tracker"),
        ]
        feed = FactsFeed("debian_tracker", facts, as_of=as_of)
        with store_of(feeds=[feed]) as store:
            return match(
                [deb(name, "2.38-1", package) for name in binaries], Distro("debian", "12", "bookworm"), store
            )

    def test_they_are_shown_apart_with_the_reason(self) -> None:
        result = self.result("util-linux", "libuuid1")
        assert [item.id for item in result.findings] == [CVE]
        (known,) = result.uncounted
        assert known.id == self.CHFN
        assert "theirs come from shadow" in known.detail

    def test_an_entry_that_expired_before_the_data_does_not_hold(self) -> None:
        expires = next(entry for entry in known_false_entries() if self.CHFN in entry.ids).expires
        assert len(self.result("util-linux", as_of=expires).uncounted) == 1
        year = int(expires[:4]) + 1
        assert self.result("util-linux", as_of=f"{year}{expires[4:]}").uncounted == ()

    def test_an_entry_for_some_binaries_holds_where_nothing_else_of_the_source_is_installed(self) -> None:
        assert self.result("locales", package="glibc").findings == ()
        assert len(self.result("locales", "libc6", package="glibc").findings) == 2

    def test_an_alias_is_enough_and_another_distribution_is_not_meant(self) -> None:
        finding = Finding(
            id="CVE-2020-0001",
            aliases=(self.CHFN,),
            package=deb("util-linux", "2.38-1", "util-linux"),
            binaries=("util-linux",),
            state=State.OPEN,
        )
        entries = known_false_entries()
        assert part_known_false([finding], "debian", "2026-11-23", entries)[0] == ()
        assert part_known_false([finding], "alpine", "2026-11-23", entries)[0] == (finding,)

    def test_every_entry_says_why_who_shows_it_and_until_when(self) -> None:
        for entry in known_false_entries():
            assert entry.reason
            assert entry.source
            days = date.fromisoformat(entry.expires) - date.fromisoformat(entry.date)
            assert timedelta(days=0) < days <= timedelta(days=366)
            assert entry.ids or entry.binaries, "an entry never covers a whole source"
