"""Package URLs of others: read as the specification says, and compared with what is installed."""

from __future__ import annotations

import pytest

from basewise.policy.purl import Purl, parse_purl, purl_covers

INSTALLED = "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl"


def parsed(text: str) -> Purl:
    purl = parse_purl(text)
    assert purl is not None
    return purl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkg:pypi/Zope.Interface@5.0", Purl("pypi", "", "zope-interface", "5.0", {})),
        ("pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1", Purl("deb", "debian", "zlib1g", "1:1.2.13.dfsg-1", {})),
        ("pkg:DEB/Debian/Zlib", Purl("deb", "debian", "zlib", "", {})),
        ("pkg://rpm/rocky/openSSL@1-2?epoch=1&arch=", Purl("rpm", "rocky", "openSSL", "1-2", {"epoch": "1"})),
        ("pkg:npm/%40angular/animation@12.3.1#src/x", Purl("npm", "@angular", "animation", "12.3.1", {})),
        (
            "pkg:oci/app@sha256%3Aabc?repository_url=r.example%2Fteam%2Fapp",
            Purl("oci", "", "app", "sha256:abc", {"repository_url": "r.example/team/app"}),
        ),
    ],
)
def test_a_package_url_is_taken_apart(text: str, expected: Purl) -> None:
    assert parse_purl(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "CVE-2023-1", "pkg:", "pkg:deb", "pkg:deb/", "pkg:d b/x", "http://x/y", "pkg:x/" + "y" * 5000],
)
def test_what_is_none_is_none(text: str) -> None:
    assert parse_purl(text) is None


@pytest.mark.parametrize(
    ("stated", "covers"),
    [
        (INSTALLED, True),
        ("pkg:deb/debian/libssl3", True),
        ("pkg:deb/debian/libssl3@3.0.9-1", True),
        ("pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12.5", True),
        ("pkg:deb/debian/libssl3@3.0.9-1?distro=debian-11", False),
        ("pkg:deb/debian/libssl3@3.0.9-1?distro=debian-1", False),
        ("pkg:deb/debian/libssl3@3.0.9-1?upstream=openssl%403.0.9-1", True),
        ("pkg:deb/debian/libssl3?upstream=zlib", False),
        ("pkg:deb/debian/libssl3@3.0.9-2", False),
        ("pkg:deb/debian/libssl3?arch=arm64", False),
        ("pkg:deb/debian/libssl3?vcs_url=git", False),
        ("pkg:deb/ubuntu/libssl3", False),
        ("pkg:deb/libssl3", False),
        ("pkg:apk/debian/libssl3", False),
    ],
)
def test_a_stated_part_must_be_the_same(stated: str, *, covers: bool) -> None:
    assert purl_covers(parsed(stated), parsed(INSTALLED)) is covers
