from __future__ import annotations

import pytest
from packageurl import PackageURL

from basewise.model.choice import CandidateDistro
from basewise.model.package import PackageType
from basewise.model.sbom import SbomImage, SbomPackage, SbomSize
from basewise.report.purl import image_purl, package_purl

DEBIAN = CandidateDistro("debian", "13", "trixie")
DIGEST = f"sha256:{'a' * 64}"


def package(
    kind: PackageType, name: str, version: str, *, arch: str | None = None, source: str | None = None,
    source_version: str | None = None, module: str = "",
) -> SbomPackage:  # fmt: skip
    return SbomPackage(
        type=kind, name=name, version=version, arch=arch, source=source, source_version=source_version, location="x",
        layer=0, owner=None, installer="", direct="", module=module, files_changed=False,
    )  # fmt: skip


def image(reference: str, digest: str | None = DIGEST) -> SbomImage:
    return SbomImage(
        reference=reference, name="", digest=digest, index_digest=None, config_digest=None, platform="linux/arm64/v8",
        created=None, layers=(),
        size=SbomSize(compressed_bytes=None, compressed_basis="unknown", disk_bytes=None, disk_basis="unknown"),
    )  # fmt: skip


CASES = [
    (
        package(PackageType.DEB, "libc6", "2.41-12", arch="amd64", source="glibc", source_version="2.41-12"),
        DEBIAN,
        "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc",
    ),
    (
        package(PackageType.DEB, "bash", "5.2-2+b1", arch="amd64", source="bash", source_version="5.2-2"),
        DEBIAN,
        "pkg:deb/debian/bash@5.2-2%2Bb1?arch=amd64&distro=debian-13&upstream=bash%405.2-2",
    ),
    (
        package(PackageType.DEB, "zlib1g", "1:1.3~rc1", source="zlib1g", source_version="1:1.3~rc1"),
        DEBIAN,
        "pkg:deb/debian/zlib1g@1:1.3~rc1?distro=debian-13",
    ),
    (
        package(
            PackageType.APK,
            "libcrypto3",
            "3.5.4-r0",
            arch="x86_64",
            source="openssl",
            source_version="3.5.4-r0",
        ),
        CandidateDistro("alpine", "3.24.1", ""),
        "pkg:apk/alpine/libcrypto3@3.5.4-r0?arch=x86_64&distro=alpine-3.24.1&upstream=openssl",
    ),
    (
        package(PackageType.RPM, "openssl-libs", "1:3.5.1-4.el9", arch="x86_64", module="m:1"),
        CandidateDistro("rhel", "9.6", ""),
        "pkg:rpm/rhel/openssl-libs@3.5.1-4.el9?arch=x86_64&distro=rhel-9.6&epoch=1&rpmmod=m:1",
    ),
    (package(PackageType.RPM, "Xorg", "1-1"), None, "pkg:rpm/Xorg@1-1"),
    (package(PackageType.PYPI, "Flask_Thing.x", "1.0+cpu"), DEBIAN, "pkg:pypi/flask-thing-x@1.0%2Bcpu"),
    (
        package(PackageType.CONDA, "numpy", "2.1", arch="linux-64"),
        DEBIAN,
        "pkg:conda/numpy@2.1?subdir=linux-64",
    ),
    (package(PackageType.CPYTHON, "cpython", "3.15.0rc1"), DEBIAN, "pkg:generic/python@3.15.0rc1"),
]


@pytest.mark.parametrize(("found", "distro", "expected"), CASES, ids=[case[2] for case in CASES])
def test_a_package_has_one_canonical_url(
    found: SbomPackage, distro: CandidateDistro | None, expected: str
) -> None:
    assert package_purl(found, distro) == expected
    assert PackageURL.from_string(expected).to_string() == expected


@pytest.mark.parametrize("text", ["a b", "a/b", "a@b", "a?b#c", "a%b", "é", "x&y=z", "\x1b", "\ud800"])
@pytest.mark.parametrize("kind", list(PackageType))
def test_no_text_breaks_out_of_its_place(kind: PackageType, text: str) -> None:
    found = package(kind, text, text, arch=text, source=text, source_version=f"{text}1")
    parsed = PackageURL.from_string(package_purl(found, DEBIAN))
    plain = text.encode("utf-8", "backslashreplace").decode()
    if kind is not PackageType.CPYTHON:
        assert parsed.name.lower() == plain.lower().replace("_", "-")
    assert parsed.version == plain
    assert parsed.subpath is None


def test_an_image_of_a_registry_is_named_by_its_digest() -> None:
    found = image_purl(image("docker.io/library/python:3.12-slim"))
    expected = f"pkg:oci/python@{DIGEST}?arch=arm64&repository_url=docker.io%2Flibrary%2Fpython&tag=3.12-slim"
    assert found == expected
    parsed = PackageURL.from_string(expected)
    assert parsed.qualifiers["repository_url"] == "docker.io/library/python"


@pytest.mark.parametrize("reference", ["oci:dir", "dir:/x", "./x.tar", "docker-archive:x.tar", "a b"])
def test_an_image_that_is_in_no_registry_has_no_url(reference: str) -> None:
    assert image_purl(image(reference)) is None


def test_an_image_without_digest_has_no_url() -> None:
    assert image_purl(image("docker.io/library/python:3.12", digest=None)) is None
