"""Which facts are about an installed package: those by which it was judged."""

from __future__ import annotations

import pytest

from basewise.model.advisory import Advisory, FactKind
from basewise.model.distro import Distro
from basewise.model.package import Package, PackageType
from basewise.operations.explain_facts import facts_about
from basewise.testing.feeds import FactsFeed, fact, store_of

CVE = "CVE-2026-0001"
EDGE, OLD = (
    fact(CVE, FactKind.FIXED, "3.5.2-r0", release=release, ecosystem="alpine", origin="alpine_secdb")
    for release in ("edge", "3.20")
)
KERNEL = fact(CVE, FactKind.FIXED, "6.1.99-1", package="linux")


@pytest.mark.parametrize(
    ("kind", "source", "distro", "expected"),
    [
        (PackageType.APK, "openssl", Distro("alpine", "3.25"), EDGE),
        (PackageType.APK, "openssl", Distro("alpine", "3.20"), OLD),
        (PackageType.DEB, "linux-signed-amd64", Distro("debian", "12", "bookworm"), KERNEL),
    ],
)
def test_the_facts_are_those_that_judge_the_package(
    kind: PackageType, source: str, distro: Distro, expected: Advisory
) -> None:
    package = Package(type=kind, name="installed", version="1", source=source, source_version="1")
    alpine = FactsFeed("alpine_secdb", [EDGE, OLD], ecosystem="alpine")
    with store_of(feeds=[alpine, FactsFeed("debian_archive", [KERNEL])]) as store:
        assert facts_about(package, distro, frozenset({CVE.lower()}), store) == (expected,)
