"""Source packages: which one a binary package counts to, and in which version."""

from __future__ import annotations

import pytest

from basewise.matching.group import group_by_source, is_kernel_headers
from basewise.matching.match import match
from basewise.model.advisory import FactKind
from basewise.model.distro import Distro
from basewise.model.package import Package, PackageType
from basewise.testing.feeds import fact, store_of
from basewise.versions.debian import sort_key


def deb(name: str, source: str, version: str) -> Package:
    return Package(type=PackageType.DEB, name=name, version=version, source=source, source_version=version)


@pytest.mark.parametrize(
    ("source", "version", "expected"),
    [
        ("linux-signed-amd64", "6.1.90+1", ("linux", "6.1.90-1")),
        ("linux-signed-arm64", "6.9.7+1~bpo12+1", ("linux", "6.9.7-1~bpo12+1")),
        ("linux-signed-5.10-amd64", "5.10.209+2~deb10u1", ("linux-5.10", "5.10.209-2~deb10u1")),
        ("linux-signed", "5.15.0-105.115", ("linux", "5.15.0-105.115")),
        ("linux-signed-hwe-6.8", "6.8.0-40.40~22.04.3", ("linux-hwe-6.8", "6.8.0-40.40~22.04.3")),
        ("linux", "6.1.90-1", ("linux", "6.1.90-1")),
        ("openssl", "3.0.9-1+b1", ("openssl", "3.0.9-1+b1")),
    ],
)
def test_a_signed_kernel_counts_to_the_source_that_was_signed(
    source: str, version: str, expected: tuple[str, str]
) -> None:
    ((group,), _) = group_by_source([deb("linux-image", source, version)], sort_key)
    assert (group.name, group.version) == expected


def test_an_installed_kernel_is_judged_and_counted_though_its_headers_are_not() -> None:
    facts = [fact("CVE-2026-0001", FactKind.FIXED, "6.1.99-1", package="linux")]
    image = deb("linux-image-6.1.0-21-amd64", "linux-signed-amd64", "6.1.90+1")
    headers = deb("linux-libc-dev", "linux", "6.1.99-1")
    bookworm = Distro("debian", "12", "bookworm")
    with store_of(*facts) as store:
        (found,) = match([image, headers], bookworm, store).findings
        assert (found.fixed_version, found.package.name) == ("6.1.99-1", image.name)
        assert match([deb(image.name, "linux-signed-amd64", "6.1.99+1")], bookworm, store).findings == ()
    ((group,), _) = group_by_source([headers], sort_key)
    assert is_kernel_headers(group)
