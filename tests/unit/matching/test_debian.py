from __future__ import annotations

from collections.abc import Iterable

import pytest

from basewise.advisories.debian_tracker import SELECTION
from basewise.matching.match import match
from basewise.matching.result import MatchResult
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.finding import Finding, Severity, State
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import FactsFeed, fact, store_of

BOOKWORM = Distro("debian", "12", "bookworm")
CVE = "CVE-2026-0001"


def deb(
    name: str = "libssl3",
    version: str = "3.0.17-1",
    *,
    source: str | None = "openssl",
    source_version: str | None = None,
    arch: str = "amd64",
) -> Package:
    return Package(
        type=PackageType.DEB,
        name=name,
        version=version,
        arch=arch,
        source=source,
        source_version=source_version or (version if source else None),
    )


def tracker(kind: FactKind, version: str = "", *, severity: str = "", detail: str = "") -> Advisory:
    return fact(CVE, kind, version, origin="debian_tracker", severity=severity, detail=detail)


def matched(facts: Iterable[Advisory], *packages: Package, distro: Distro = BOOKWORM) -> MatchResult:
    with store_of(*facts) as store:
        return match(packages or (deb(),), distro, store)


def only(result: MatchResult) -> Finding | None:
    assert len(result.findings) <= 1
    return result.findings[0] if result.findings else None


FIXED_LATER = fact(CVE, FactKind.FIXED, "3.0.17-1~deb12u3", published="2026-03-01")
ARCHIVE_FIXED = fact(CVE, FactKind.FIXED, "3.0.18-1", published="2026-03-01")

# What the archive says, what the tracker says, and the state that follows; None is no finding.
CASES = {
    "archive fixed": ([ARCHIVE_FIXED], State.FIXED),
    "archive fixed in what is installed": ([fact(CVE, FactKind.FIXED, "3.0.17-1")], None),
    "archive mentioned": ([fact(CVE, FactKind.MENTIONED, "3.0.18-1")], None),
    "archive reverted": ([ARCHIVE_FIXED, fact(CVE, FactKind.REVERTED, "3.0.18-2")], State.OPEN),
    "archive fixed elsewhere": ([fact(CVE, FactKind.FIXED_ELSEWHERE, "3.5.1-1")], State.UNDETERMINED),
    "archive fixed elsewhere in an older version": ([fact(CVE, FactKind.FIXED_ELSEWHERE, "3.0.16-1")], None),
    "archive fixed elsewhere in an older version of another stable release": (
        [fact(CVE, FactKind.FIXED_ELSEWHERE, "1.1.1n-0+deb11u5")],
        State.UNDETERMINED,
    ),
    "tracker open": ([tracker(FactKind.OPEN)], State.OPEN),
    "tracker not affected": ([tracker(FactKind.NOT_AFFECTED)], None),
    "tracker no-dsa": ([tracker(FactKind.NO_DSA)], State.MINOR),
    "tracker postponed": ([tracker(FactKind.POSTPONED)], State.MINOR),
    "tracker unimportant": ([tracker(FactKind.UNIMPORTANT)], State.MINOR),
    "tracker unimportant and fixed in what is installed": ([tracker(FactKind.UNIMPORTANT, "3.0.1-1")], None),
    "tracker ignored": ([tracker(FactKind.IGNORED)], State.WONT_FIX),
    "tracker end of life": ([tracker(FactKind.END_OF_LIFE)], State.UNDETERMINED),
    "tracker undetermined": ([tracker(FactKind.UNDETERMINED)], State.UNDETERMINED),
    "tracker undetermined, and unstable fixed an older version": (
        [tracker(FactKind.UNDETERMINED, "3.0.1-1")],
        None,
    ),
    "tracker fixed": ([tracker(FactKind.FIXED, "3.0.18-1")], State.FIXED),
    "tracker fixed in what is installed": ([tracker(FactKind.FIXED, "3.0.17-1")], None),
    "unstable fixed it in a newer version": ([tracker(FactKind.FIXED_ELSEWHERE, "3.5.1-1")], State.OPEN),
    "unstable fixed it in an older version": ([tracker(FactKind.FIXED_ELSEWHERE, "3.0.1-1")], None),
    "the archive is preferred for fixed": ([ARCHIVE_FIXED, tracker(FactKind.OPEN)], State.FIXED),
    "the archive is preferred for fixed to not affected": (
        [ARCHIVE_FIXED, tracker(FactKind.NOT_AFFECTED)],
        State.FIXED,
    ),
    "the archive is preferred for holding the fix": (
        [fact(CVE, FactKind.FIXED, "3.0.16-1"), tracker(FactKind.OPEN)],
        None,
    ),
    "the tracker is preferred where another suite has the fix": (
        [fact(CVE, FactKind.FIXED_ELSEWHERE, "3.5.1-1"), tracker(FactKind.NO_DSA)],
        State.MINOR,
    ),
    "the tracker knows that another suite's fix does not concern this one": (
        [fact(CVE, FactKind.FIXED_ELSEWHERE, "3.5.1-1"), tracker(FactKind.NOT_AFFECTED)],
        None,
    ),
    "a fix taken back is not affected when the tracker says so": (
        [ARCHIVE_FIXED, fact(CVE, FactKind.REVERTED, "3.0.18-2"), tracker(FactKind.NOT_AFFECTED)],
        None,
    ),
    "a fix taken back outlives the tracker's fixed line": (
        [
            fact(CVE, FactKind.FIXED, "3.0.16-1"),
            fact(CVE, FactKind.REVERTED, "3.0.16-2"),
            tracker(FactKind.FIXED, "3.0.16-1"),
        ],
        State.OPEN,
    ),
    "unstable's old line against unstable's changelog": (
        [
            fact(CVE, FactKind.FIXED_ELSEWHERE, "3.0.16-1"),
            tracker(FactKind.OPEN, detail="by the line of unstable"),
        ],
        None,
    ),
    "the release's own line against unstable's changelog": (
        [fact(CVE, FactKind.FIXED_ELSEWHERE, "3.0.16-1"), tracker(FactKind.OPEN)],
        State.OPEN,
    ),
}


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES.keys())
def test_the_facts_of_both_sources_give_one_state(facts: list[Advisory], expected: State | None) -> None:
    finding = only(matched(facts))
    assert (finding.state if finding else None) is expected


def test_a_fixable_finding_names_version_and_date_of_the_fix() -> None:
    finding = only(matched([ARCHIVE_FIXED, tracker(FactKind.NO_DSA, severity="low")]))
    assert finding is not None
    assert finding.fixed_version == "3.0.18-1"
    assert finding.fixed_on == "2026-03-01"
    assert finding.origins == ("debian_archive", "debian_tracker")
    assert finding.severity is Severity.LOW
    assert finding.severity_source == "debian_tracker"


def test_only_a_fixable_finding_has_a_fixed_version() -> None:
    for facts, _ in CASES.values():
        for finding in matched(facts).findings:
            assert (finding.fixed_version is not None) is (finding.state is State.FIXED)
            assert finding.severity is Severity.UNKNOWN


def test_raising_a_version_to_the_fix_removes_exactly_that_finding() -> None:
    facts = [
        ARCHIVE_FIXED,
        fact("CVE-2026-0002", FactKind.FIXED, "3.0.19-1"),
        fact("CVE-2026-0003", FactKind.OPEN),
    ]
    with store_of(*facts) as store:
        before = match([deb(version="3.0.17-1")], BOOKWORM, store)
        after = match([deb(version="3.0.18-1")], BOOKWORM, store)
    assert [item.id for item in before.findings] == ["CVE-2026-0001", "CVE-2026-0002"]
    assert [item.id for item in after.findings] == ["CVE-2026-0002"]


@pytest.mark.parametrize(
    ("installed", "held"),
    [
        ("2.8.3-1~deb13u1", True),
        ("2.8.3-1~bpo12+1", True),
        ("2.8.2-1~deb13u1", False),
        ("2.8.3-1~rc1", False),
    ],
)
def test_a_backport_holds_what_its_version_fixed(installed: str, held: bool) -> None:
    assert (only(matched([fact(CVE, FactKind.FIXED, "2.8.3-1")], deb(version=installed))) is None) is held


class TestPackages:
    def test_a_source_counts_once_and_names_all_its_binaries(self) -> None:
        packages = [deb("openssl"), deb("libssl3"), deb("libssl3", arch="i386"), deb("libssl-dev")]
        finding = only(matched([ARCHIVE_FIXED], *packages))
        assert finding is not None
        assert finding.binaries == ("libssl-dev", "libssl3", "openssl")
        assert finding.package.name == "libssl-dev"

    def test_the_source_version_is_compared_and_not_the_binary_one(self) -> None:
        package = deb("bsdutils", "1:2.38.1-5", source="util-linux", source_version="2.38.1-5")
        finding = only(
            matched([fact(CVE, FactKind.FIXED, "2.38.1-5+deb12u4", package="util-linux")], package)
        )
        assert finding is not None
        assert finding.state is State.FIXED

    def test_a_rebuild_suffix_of_the_binary_version_is_not_part_of_the_source_version(self) -> None:
        package = Package(type=PackageType.DEB, name="libssl3", version="3.0.17-1+b2", source="openssl")
        assert only(matched([fact(CVE, FactKind.FIXED, "3.0.17-1+a")], package)) is not None

    def test_of_two_versions_of_a_source_the_older_is_judged(self) -> None:
        packages = [deb("libssl3", "3.0.18-1"), deb("libssl-dev", "3.0.17-1")]
        finding = only(matched([ARCHIVE_FIXED], *packages))
        assert finding is not None
        assert finding.package.name == "libssl-dev"
        assert finding.binaries == ("libssl-dev", "libssl3")

    @pytest.mark.parametrize("version", ["", " ", "x1.0", "1.0 beta", "é1", "999999999999999999999:1", "-"])
    def test_a_version_that_cannot_be_compared_keeps_its_findings_as_undetermined(self, version: str) -> None:
        package = Package(
            type=PackageType.DEB,
            name="libssl3",
            version=version,
            source="openssl",
            source_version=version or None,
        )
        facts = [
            ARCHIVE_FIXED,
            fact("CVE-2026-0002", FactKind.MENTIONED, "3.0.18-1"),
            fact("CVE-2026-0003", FactKind.NOT_AFFECTED, origin="debian_tracker"),
        ]
        finding = only(matched(facts, package))
        assert finding is not None
        assert finding.state is State.UNDETERMINED
        assert "cannot be compared" in finding.detail

    def test_kernel_headers_are_a_class_of_their_own(self) -> None:
        facts = [fact(CVE, FactKind.FIXED, "6.1.200-1", package="linux")]
        headers = deb("linux-libc-dev", "6.1.1-1", source="linux")
        result = matched(facts, headers)
        assert result.findings == ()
        assert [item.id for item in result.uncounted] == [CVE]
        kernel = deb("linux-image-6.1.0-1-amd64", "6.1.1-1", source="linux")
        result = matched(facts, headers, kernel)
        assert [item.id for item in result.findings] == [CVE]
        assert result.uncounted == ()


class TestWhatIsNotCovered:
    def said(self, result: MatchResult) -> dict[str, str]:
        return {item.what: item.why for item in result.not_covered}

    def test_sources_without_tracker_data_are_counted(self) -> None:
        looked_at = FactsFeed("debian_archive", [ARCHIVE_FIXED], covered=[("debian", "bookworm", "acl")])
        selection = FactsFeed("debian_tracker", [tracker(FactKind.OPEN)], note=f"1 {SELECTION}")
        with store_of(feeds=[looked_at, selection]) as store:
            result = match([deb(), deb("libacl1", "2.3.1-3", source="acl")], BOOKWORM, store)
        assert result.measured
        why = self.said(result)["open vulnerabilities of bookworm"]
        assert why.startswith("no tracker data for 1 of 2 sources")

    @pytest.mark.parametrize("name", ["debian_tracker", "osv Debian"])
    def test_a_source_of_the_whole_distribution_leaves_nothing_open(self, name: str) -> None:
        known = FactsFeed(name, [tracker(FactKind.OPEN)])
        with store_of(feeds=[known]) as store:
            alone = match([deb()], BOOKWORM, store)
            result = match([deb(), deb("libacl1", "2.3.1-3", source="acl")], BOOKWORM, store)
        python = {"Python packages of the application", "site-packages of the base image"}
        assert alone.measured
        assert set(self.said(alone)) == python
        assert result.measured
        assert set(self.said(result)) == {"1 of 2 source packages", *python}
        assert self.said(result)["1 of 2 source packages"].endswith("may be another publisher's: acl")

    def test_osv_ranges_decide_where_archive_and_tracker_are_silent(self) -> None:
        ranges = (VersionRange("0", "3.0.18-1"),)
        known = [
            fact("CVE-2026-0001", FactKind.AFFECTED, origin="osv Debian", ranges=ranges),
            fact("CVE-2026-0002", FactKind.AFFECTED, origin="osv Debian", ranges=ranges),
            fact("CVE-2026-0002", FactKind.NOT_AFFECTED, origin="debian_tracker"),
            fact("CVE-2026-0003", FactKind.AFFECTED, origin="osv Debian", ranges=ranges),
            fact("CVE-2026-0003", FactKind.FIXED, "3.0.17-1"),
            fact("CVE-2026-0004", FactKind.AFFECTED, origin="osv Debian", ranges=(VersionRange(),)),
            fact(
                "CVE-2026-0005",
                FactKind.AFFECTED,
                origin="osv Debian",
                ranges=(VersionRange("0", "3.0.17-1"),),
            ),
            fact("CVE-2026-0005", FactKind.FIXED_ELSEWHERE, "3.5-1"),
        ]
        found = [(item.id, item.state, item.fixed_version) for item in matched(known).findings]
        assert found == [("CVE-2026-0001", State.FIXED, "3.0.18-1"), ("CVE-2026-0004", State.OPEN, None)]

    def test_sources_whose_changelog_was_not_read_are_named(self) -> None:
        result = matched([ARCHIVE_FIXED], deb(), deb("libacl1", "2.3.1-3", source="acl"))
        assert self.said(result)["fixes of 1 of 2 source packages"].endswith(": acl")

    def test_a_package_without_a_known_source_is_named(self) -> None:
        result = matched([ARCHIVE_FIXED], deb(), deb("mystery", source=None))
        assert self.said(result)["1 Debian packages"] == "their source package is not known: mystery"

    @pytest.mark.parametrize(
        "distro",
        [
            Distro("debian", "10", "buster"),
            Distro("debian", "", ""),
            Distro("debian", "", "sid"),
            Distro("ubuntu", "24.04", "noble"),
            Distro("", ""),
        ],
    )
    def test_an_unknown_release_or_distribution_is_not_measured(self, distro: Distro) -> None:
        result = matched([ARCHIVE_FIXED, fact(CVE, FactKind.OPEN, release="sid")], distro=distro)
        assert not result.measured
        assert result.findings == ()
        assert (f"OS packages of {distro}" if distro.id else "OS packages") in self.said(result)

    def test_a_release_none_of_whose_packages_were_looked_at_is_not_measured(self) -> None:
        assert not matched([ARCHIVE_FIXED], deb("libacl1", "2.3.1-3", source="acl")).measured

    def test_an_unknown_or_empty_list_is_not_measured(self) -> None:
        with store_of(ARCHIVE_FIXED) as store:
            assert not match(None, BOOKWORM, store).measured
            assert not match([], BOOKWORM, store).measured

    def test_packages_of_another_package_manager_are_named(self) -> None:
        foreign = Package(type=PackageType.RPM, name="bash", version="5.1", source="bash")
        result = matched([ARCHIVE_FIXED], deb(), foreign)
        assert not result.measured
        assert "1 rpm packages" in self.said(result)

    def test_python_packages_are_named_until_the_store_has_pypi(self) -> None:
        said = self.said(matched([ARCHIVE_FIXED]))
        assert {"site-packages of the base image", "Python packages of the application"} <= set(said)
        pypi = fact(CVE, FactKind.FIXED, "1.0", ecosystem="pypi", release="", package="numpy", origin="pypi")
        said = self.said(matched([ARCHIVE_FIXED, pypi]))
        assert "site-packages of the base image" not in said
