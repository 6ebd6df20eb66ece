"""The command that upgrades packages: names come from the image, and none becomes an option or a second command."""

from __future__ import annotations

import pytest

from basewise.model.package import Package, PackageType
from basewise.report.upgrade_command import upgrade_command


@pytest.mark.parametrize(
    ("kind", "binaries", "expected"),
    [
        (
            PackageType.APK,
            ("--allow-untrusted", "-X/elsewhere", "libssl3"),
            "apk add --no-cache --upgrade libssl3",
        ),
        (PackageType.RPM, ("--nogpgcheck", "openssl-libs"), "dnf upgrade -y openssl-libs"),
        (PackageType.RPM, ("x$(id)",), "dnf upgrade -y 'x$(id)'"),
        (PackageType.APK, ("-X/elsewhere",), ""),
        (PackageType.PYPI, ("requests",), "pip install requests==3.5.1"),
        (PackageType.CPYTHON, ("python",), ""),
    ],
)
def test_a_name_from_an_image_is_nothing_but_a_name(
    kind: PackageType, binaries: tuple[str, ...], expected: str
) -> None:
    package = Package(type=kind, name=binaries[-1], version="3.5.0")
    assert upgrade_command(package, binaries, "3.5.1") == expected
