from __future__ import annotations

import pytest

from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.matching.rpm import decide_rpm
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.finding import Severity, State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import fact, store_of

CVE = "CVE-2026-0001"
ALMA = Distro("almalinux", "9.4", "")
ROCKY = Distro("rocky", "8.10", "")
RHEL = Distro("rhel", "9.4", "")


def rpm(
    name: str = "openssl-libs",
    version: str = "1:3.0.7-24.el9",
    *,
    source: str | None = "openssl",
    source_version: str | None = None,
) -> Package:
    return Package(
        type=PackageType.RPM,
        name=name,
        version=version,
        source=source,
        source_version=source_version or version if source else None,
    )


def affected(
    fixed: str,
    *,
    package: str = "openssl-libs",
    distro: Distro = ALMA,
    identifier: str = CVE,
    severity: str = "",
    detail: str = "",
) -> Advisory:
    return fact(
        identifier,
        FactKind.AFFECTED,
        ecosystem=distro.id,
        release=distro.version.partition(".")[0],
        package=package,
        origin="osv",
        published="2026-02-03",
        severity=severity,
        detail=detail,
        ranges=(VersionRange("0", fixed),),
    )


def matched(*facts: Advisory, packages: tuple[Package, ...] = (rpm(),), distro: Distro = ALMA) -> MatchResult:
    with store_of(*facts) as store:
        return match(packages, distro, store)


def found(result: MatchResult) -> list[tuple[str, str, State, str | None]]:
    return [(item.id, item.package.name, item.state, item.fixed_version) for item in result.findings]


class TestNames:
    def test_an_advisory_that_names_a_binary_package(self) -> None:
        result = matched(affected("1:3.0.7-25.el9_3", severity="important", detail="ALSA-2026:0123"))
        assert found(result) == [(CVE, "openssl-libs", State.FIXED, "1:3.0.7-25.el9_3")]
        assert result.findings[0].fixed_on == "2026-02-03"
        assert result.findings[0].detail == "fixed in 1:3.0.7-25.el9_3 (ALSA-2026:0123)"
        assert result.findings[0].severity is Severity.HIGH

    def test_an_advisory_that_names_the_source_package(self) -> None:
        result = matched(
            affected("1:1.1.1k-12.el8_9", package="openssl", distro=ROCKY),
            packages=(rpm(version="1:1.1.1k-9.el8"),),
            distro=ROCKY,
        )
        assert found(result) == [(CVE, "openssl-libs", State.FIXED, "1:1.1.1k-12.el8_9")]

    def test_an_advisory_that_names_both_counts_once(self) -> None:
        facts = [
            affected("1:3.0.7-25.el9_3", package=name, distro=RHEL)
            for name in ("openssl", "openssl-libs", "openssl-devel")
        ]
        packages = (rpm(), rpm("openssl"), rpm("openssl-devel"))
        result = matched(*facts, packages=packages, distro=RHEL)
        assert len(result.findings) == 1
        assert result.findings[0].binaries == ("openssl", "openssl-devel", "openssl-libs")

    def test_a_binary_package_with_versions_of_its_own_is_compared_by_them(self) -> None:
        errno = rpm("perl-Errno", "0:1.30-481.el9", source="perl", source_version="0:5.32.1-481.el9")
        same = affected("0:1.30-481.el9", package="perl-Errno")
        later = affected("0:1.30-482.el9", package="perl-Errno")
        assert matched(same, packages=(errno,)).findings == ()
        assert found(matched(later, packages=(errno,))) == [
            (CVE, "perl-Errno", State.FIXED, "0:1.30-482.el9")
        ]

    def test_a_package_that_is_not_installed_is_not_found(self) -> None:
        assert matched(affected("1:9-1.el9", package="openssl-perl")).findings == ()

    def test_a_package_without_a_source_is_judged_by_its_own_name_and_that_is_said(self) -> None:
        result = matched(affected("1:3.0.7-25.el9_3"), packages=(rpm(source=None),))
        assert len(result.findings) == 1
        assert any("do not say their source package" in said.why for said in result.not_covered)

    def test_kernel_headers_are_a_class_of_their_own(self) -> None:
        fixed = affected("5.14.0-500.el9", package="kernel-headers")
        headers = rpm("kernel-headers", "5.14.0-400.el9", source="kernel")
        result = matched(fixed, packages=(headers,))
        assert result.findings == ()
        assert [item.id for item in result.uncounted] == [CVE]
        core = rpm("kernel-core", "5.14.0-400.el9", source="kernel")
        assert len(matched(fixed, packages=(headers, core)).findings) == 1


# Fixed in, installed, state.
EPOCHS = {
    "a missing epoch of the fix is 0": ("3.0.7-25.el9", "0:3.0.7-24.el9", State.FIXED),
    "a missing epoch of the package is 0": ("0:3.0.7-25.el9", "3.0.7-25.el9", None),
    "a higher epoch of the package holds the fix": ("3.0.7-25.el9", "1:1.0-1.el9", None),
    "a higher epoch of the fix is later": ("1:1.0-1.el9", "3.0.7-25.el9", State.FIXED),
    "a release of a later minor is later": ("3.0.7-25.el9_3", "3.0.7-25.el9", State.FIXED),
    "a pre-release": ("1.0~rc2-1.el9", "1.0~rc1-1.el9", State.FIXED),
}


@pytest.mark.parametrize(("fixed", "installed", "state"), EPOCHS.values(), ids=EPOCHS.keys())
def test_epochs_and_releases_decide(fixed: str, installed: str, state: State | None) -> None:
    decision = decide_rpm([affected(fixed)], installed)
    assert (decision.state if decision else None) is state


NODE_18 = "1:18.20.2-1.module+el9.4.0+21742+692df1ea"
NODE_20 = "1:20.12.2-2.module+el9.4.0+21731+46b5b8a7"
PHP_80 = "8.0.30-1.module+el9.1.0+19464+9c1a2a33"
PHP_81 = "8.1.27-1.module+el9.4.0+20822+d1a6a5d4"
ALMA_PHP = "7.4.19-4.module_el8.6.0+3238+624bf8b8"

# Fixed in (one or several), installed, state, fixed version.
MODULES = {
    "a modular fix says nothing of a package that is none": ([NODE_20], "1:16.20.2-1.el9", None, None),
    "a plain fix says nothing of a modular package": (
        ["1:16.20.2-9.el9"],
        "1:16.1.0-1.module+el9.0.0+1+a",
        None,
        None,
    ),
    "plain beside modular: the plain one decides": (
        ["1:16.20.2-9.el9", NODE_20],
        "1:16.20.2-1.el9",
        State.FIXED,
        "1:16.20.2-9.el9",
    ),
    "the same line of versions": ([PHP_80, PHP_81], "8.0.20-1.module+el9.0.0+1+a", State.FIXED, PHP_80),
    "the same line holds the fix": ([PHP_80, PHP_81], "8.0.30-2.module+el9.1.0+2+b", None, None),
    "the second line": ([PHP_80, PHP_81], "8.1.8-1.module+el9.1.0+2+b", State.FIXED, PHP_81),
    "AlmaLinux writes an underscore": (
        [ALMA_PHP],
        "7.4.6-4.module_el8.3.0+2069+78f7e2fb",
        State.FIXED,
        ALMA_PHP,
    ),
    "AlmaLinux beside a plus of Red Hat": (
        [ALMA_PHP],
        "7.4.6-4.module+el8.3.0+2069+78f7e2fb",
        State.FIXED,
        ALMA_PHP,
    ),
    "only another stream, later": ([NODE_20], "1:18.1.0-1.module+el9.1.0+1+a", State.UNDETERMINED, None),
    "only another stream, earlier": ([NODE_18], "1:20.1.0-1.module+el9.1.0+1+a", None, None),
    "the same first number only": ([PHP_81], "8.0.20-1.module+el9.0.0+1+a", State.UNDETERMINED, None),
    "a version of one number": (
        ["12-3.module+el9+1+a"],
        "12-2.module+el9+1+a",
        State.FIXED,
        "12-3.module+el9+1+a",
    ),
}


@pytest.mark.parametrize(("fixed", "installed", "state", "version"), MODULES.values(), ids=MODULES.keys())
def test_module_streams_are_compared_with_themselves_only(
    fixed: list[str], installed: str, state: State | None, version: str | None
) -> None:
    decision = decide_rpm([affected(item) for item in fixed], installed)
    assert (decision.state if decision else None) is state
    assert (decision.fixed_version if decision else None) == version
    if state is State.UNDETERMINED:
        assert decision is not None
        assert "module stream" in decision.detail


class TestWhatIsNotCovered:
    def test_open_vulnerabilities_are_not_in_errata(self) -> None:
        assert "open vulnerabilities of almalinux 9" in {
            said.what for said in matched(affected("1:9-1.el9")).not_covered
        }

    @pytest.mark.parametrize(
        "distro",
        [
            Distro("almalinux", "8.9"),
            Distro("almalinux", ""),
            Distro("amzn", "2023"),
            Distro("fedora", "41"),
            Distro("ol", "9.4"),
            Distro("opensuse-leap", "15.6"),
            Distro("photon", "5.0"),
            Distro("azurelinux", "3.0"),
        ],
    )
    def test_a_distribution_without_facts_is_not_measured(self, distro: Distro) -> None:
        result = matched(affected("1:9-1.el9"), distro=distro)
        assert not result.measured
        assert result.findings == ()
        assert result.unjudged == (PackageType.RPM,)
        assert f"OS packages of {distro}" in {said.what for said in result.not_covered}

    def test_a_rebuild_is_judged_approximately_and_that_is_said(self) -> None:
        result = matched(affected("1:9-1.el9", distro=RHEL), distro=Distro("centos", "9"))
        assert len(result.findings) == 1
        assert any("judged as those of rhel" in said.why for said in result.not_covered)

    def test_a_version_that_is_none_is_undetermined(self) -> None:
        result = matched(affected("1:9-1.el9"), packages=(rpm(version="1.0 beta"),))
        assert [item.state for item in result.findings] == [State.UNDETERMINED]
