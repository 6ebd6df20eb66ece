from __future__ import annotations

import pytest

from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.finding import Finding, Severity, State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of

CVE = "CVE-2026-0001"
BOOKWORM = Distro("debian", "12", "bookworm")


def pypi(name: str = "numpy", version: str = "1.20.0") -> Package:
    return Package(type=PackageType.PYPI, name=name, version=version)


def affected(
    identifier: str = CVE,
    *ranges: tuple[str, str],
    package: str = "numpy",
    aliases: tuple[str, ...] = (),
    published: str = "2026-01-01",
    cvss: tuple[str, ...] = (),
) -> Advisory:
    return fact(
        identifier,
        FactKind.AFFECTED,
        ecosystem="pypi",
        release="",
        package=package,
        origin="osv",
        published=published,
        aliases=aliases,
        ranges=tuple(VersionRange(introduced, fixed) for introduced, fixed in ranges or (("0", "1.22.0"),)),
        cvss=cvss,
    )


def matched(
    *facts: Advisory, packages: tuple[Package, ...] = (pypi(),), feeds: tuple[FactsFeed, ...] = ()
) -> MatchResult:
    with store_of(*facts, feeds=feeds) as store:
        return match(packages, None, store)


def only(result: MatchResult) -> Finding:
    (finding,) = result.findings
    return finding


class TestFindings:
    def test_a_finding_names_what_fixes_it(self) -> None:
        finding = only(matched(affected()))
        assert (finding.id, finding.state, finding.fixed_version) == (CVE, State.FIXED, "1.22.0")
        assert finding.binaries == ("numpy",)
        assert finding.origins == ("osv",)

    def test_a_fixed_version_has_no_finding(self) -> None:
        assert matched(affected(), packages=(pypi(version="1.22.0"),)).findings == ()

    @pytest.mark.parametrize(
        ("installed", "known"),
        [
            ("Products.PluggableAuthService", "products-pluggableauthservice"),
            ("aiohttp_session", "aiohttp-session"),
            ("sopel-plugins.channelmgnt", "sopel-plugins-channelmgnt"),
            ("oslo.middleware", "oslo-middleware"),
            ("PyYAML", "pyyaml"),
            ("ruamel.-_yaml", "ruamel-yaml"),
        ],
    )
    def test_names_are_compared_as_pep_503_writes_them(self, installed: str, known: str) -> None:
        assert only(matched(affected(package=known), packages=(pypi(installed),))).package.name == installed

    def test_a_group_of_aliases_counts_once_by_its_lowest_cve(self) -> None:
        facts = [
            affected("PYSEC-2026-7", ("0", "1.21.0"), aliases=("GHSA-aaaa-bbbb-cccc",)),
            affected("GHSA-aaaa-bbbb-cccc", ("0", "1.22.0"), aliases=("CVE-2026-2000", "CVE-2026-1999")),
        ]
        finding = only(matched(*facts))
        assert finding.id == "CVE-2026-1999"
        assert finding.aliases == ("CVE-2026-2000", "GHSA-aaaa-bbbb-cccc", "PYSEC-2026-7")
        assert finding.fixed_version == "1.22.0"

    def test_two_versions_of_one_distribution_are_judged_each_by_itself(self) -> None:
        result = matched(
            affected(), packages=(pypi(version="1.20.0"), pypi(version="1.23.0"), pypi(version="1.19.0"))
        )
        assert [finding.package.version for finding in result.findings] == ["1.19.0", "1.20.0"]

    @pytest.mark.parametrize(
        ("installed", "fixed", "is_found"),
        [
            ("2.1.0+cpu", "2.2.0", True),
            ("2.2.0+cu121", "2.2.0", False),
            ("2.1.0+cpu", "2.1.0", False),
            ("2.1.0", "2.1.0+security1", True),
            ("2.1.0+security1", "2.1.0+security1", False),
        ],
    )
    def test_a_local_label_is_a_build_of_its_version(
        self, installed: str, fixed: str, is_found: bool
    ) -> None:
        result = matched(affected(CVE, ("0", fixed)), packages=(pypi(version=installed),))
        assert bool(result.findings) is is_found

    def test_a_build_of_the_last_affected_version_is_affected(self) -> None:
        last = fact(
            CVE, FactKind.AFFECTED, ecosystem="pypi", release="", package="numpy",
            ranges=(VersionRange("0", "", "2.1.0"),),
        )  # fmt: skip
        assert matched(last, packages=(pypi(version="2.1.0+cpu"),)).findings

    def test_a_version_that_is_none_is_undetermined(self) -> None:
        finding = only(matched(affected(), packages=(pypi(version="0.1-bulbasaur"),)))
        assert finding.state is State.UNDETERMINED
        assert "`0.1-bulbasaur` cannot be compared" in finding.detail


class TestWhatIsAttached:
    def test_the_highest_score_of_the_group_the_list_of_exploited_and_the_severity(self) -> None:
        feeds = (
            FactsFeed("epss", scores=[("CVE-2026-1999", 0.2, 0.9), ("CVE-2026-2000", 0.4, 0.95)]),
            FactsFeed("kev", exploited=["CVE-2026-2000"]),
        )
        facts = affected(
            "GHSA-aaaa-bbbb-cccc",
            aliases=("CVE-2026-1999", "CVE-2026-2000"),
            cvss=("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",),
        )
        finding = only(matched(facts, feeds=feeds))
        assert (finding.epss, finding.epss_percentile) == (0.4, 0.95)
        assert finding.exploited is True
        assert (finding.severity, finding.severity_source) == (Severity.CRITICAL, "CVSS 3.1 by ghsa")
        assert finding.cvss is not None
        assert finding.cvss.score == 9.8

    def test_what_no_list_can_know_is_unknown(self) -> None:
        kev = FactsFeed("kev", exploited=["CVE-2020-0001"], as_of="2026-06-01")
        without_cve = only(matched(affected("GHSA-aaaa-bbbb-cccc"), feeds=(kev,)))
        assert without_cve.exploited is None
        assert without_cve.epss is None
        assert only(matched(affected(published="2026-01-01"), feeds=(kev,))).exploited is False
        assert only(matched(affected(published="2026-07-01"), feeds=(kev,))).exploited is None


class TestWhatIsNotCovered:
    def test_without_advisories_of_pypi_nothing_is_judged_and_that_is_said(self) -> None:
        debian = fact(CVE, FactKind.FIXED, "3.0.18-1")
        deb = Package(type=PackageType.DEB, name="libssl3", version="3.0.17-1", source="openssl")
        with store_of(debian) as store:
            result = match([deb, pypi()], BOOKWORM, store)
            alone = match([pypi()], None, store)
        assert result.measured, "OS packages are no less judged for that"
        assert result.unjudged == (PackageType.PYPI,)
        assert [finding.id for finding in result.findings] == [CVE]
        assert "Python packages of the application" in {said.what for said in result.not_covered}
        assert not alone.measured

    def test_without_advisories_of_the_distribution_python_is_still_judged(self) -> None:
        deb = Package(type=PackageType.DEB, name="libssl3", version="3.0.17-1", source="openssl")
        with store_of(affected()) as store:
            result = match([deb, pypi()], BOOKWORM, store)
        assert not result.measured
        assert result.unjudged == (PackageType.DEB,)
        assert [finding.id for finding in result.findings] == [CVE]

    def test_a_directory_without_a_distribution_is_measured_by_its_python_packages(self) -> None:
        result = matched(affected())
        assert result.measured
        assert result.unjudged == ()
        assert "OS packages" in {said.what for said in result.not_covered}

    def test_an_image_in_which_nothing_was_found_is_not_measured(self) -> None:
        assert not matched(affected(), packages=()).measured

    def test_a_series_that_the_newest_advisories_leave_out_may_not_be_examined_any_more(self) -> None:
        newest = [
            affected(
                f"CVE-2026-{number:04}",
                ("3.2", "3.2.20"),
                ("4.1", "4.1.6"),
                package="django",
                published=f"2026-0{number}-01",
            )
            for number in range(2, 5)
        ]
        old = affected("CVE-2019-0001", ("1.11", "1.11.20"), package="django", published="2019-01-01")
        result = matched(old, *newest, packages=(pypi("Django", "1.11.29"), pypi("Django", "3.2.25")))
        (said,) = (said for said in result.not_covered if "Django" in said.what)
        assert said.what == "vulnerabilities of Django 1.11.29"
        assert "CVE-2026-0002, CVE-2026-0003, CVE-2026-0004" in said.why
        assert result.findings == ()

    def test_one_older_range_among_the_newest_shows_that_the_series_is_examined(self) -> None:
        facts = [
            affected("CVE-2026-0002", ("3.2", "3.2.20"), package="django", published="2026-02-01"),
            affected("CVE-2026-0003", ("3.2", "3.2.20"), package="django", published="2026-03-01"),
            affected("CVE-2026-0004", ("0", "1.11.20"), package="django", published="2026-04-01"),
        ]
        result = matched(*facts, packages=(pypi("Django", "1.11.29"),))
        assert [said.what for said in result.not_covered] == ["OS packages"]

    def test_the_source_of_pypi_is_among_those_that_were_used(self) -> None:
        feed = FactsFeed("osv PyPI", [affected()], ecosystem="pypi")
        with store_of(feeds=[feed]) as store:
            assert [source.name for source in match([pypi()], None, store).sources] == ["osv PyPI"]
