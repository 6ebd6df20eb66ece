from __future__ import annotations

from typing import NoReturn

import pytest

from basewise.matching.match import match
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.distro import Distro
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import fact, store_of

NAMES = ("curl", "glibc", "openssl")
SYSTEMS = {
    "debian": (PackageType.DEB, Distro("debian", "12", "bookworm"), ["bookworm"]),
    "ubuntu": (PackageType.DEB, Distro("ubuntu", "22.04", "jammy"), ["22.04", "22.04+pro"]),
    "alpine": (PackageType.APK, Distro("alpine", "3.20.1"), ["3.20"]),
    "rocky": (PackageType.RPM, Distro("rocky", "9.4"), ["9"]),
    "pypi": (PackageType.PYPI, None, [""]),
}


def said(ecosystem: str, release: str, package: str) -> Advisory:
    identifier = f"CVE-2026-{NAMES.index(package):04}"
    ranges = (VersionRange("0", "2.0-r1" if ecosystem == "alpine" else "2.0"),)
    return fact(
        identifier, FactKind.AFFECTED, ecosystem=ecosystem, release=release, package=package, ranges=ranges
    )


def one_by_one(*_: object) -> NoReturn:
    raise AssertionError("a record was asked for by itself")


@pytest.mark.parametrize("ecosystem", SYSTEMS)
def test_records_of_all_packages_are_read_at_once(ecosystem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, distro, releases = SYSTEMS[ecosystem]
    monkeypatch.setattr("basewise.advisories.package_records.PackageRecords._read_record", one_by_one)
    packages = [Package(type=kind, name=name, version="1.0", source=name) for name in (*NAMES, "unknown")]
    facts = [said(ecosystem, release, name) for release in releases for name in NAMES]
    with store_of(*facts) as store:
        found = match(packages, distro, store).findings
    assert [finding.package.name for finding in found] == list(NAMES)
