from __future__ import annotations

import pytest

from basewise.fit.markers import is_wanted, simplified
from basewise.fit.targets import admits_python, distinct_targets, target_of
from basewise.testing.fits import base_image

BOTH = ("x86_64", "aarch64")


def test_images_of_one_python_libc_and_machine_share_a_target() -> None:
    images = [base_image(), base_image(packages={"vim": "1"}), base_image("trixie"), base_image("alpine")]
    targets = distinct_targets(images)
    assert [str(target) for target in targets] == [
        "Python 3.12, glibc 2.36, x86_64",
        "Python 3.12, glibc 2.41, x86_64",
        "Python 3.12, musl 1.2.5, x86_64",
    ]


def test_a_prerelease_has_the_minor_of_its_release() -> None:
    assert target_of(base_image(python="3.15.0rc1")).minor == 15


@pytest.mark.parametrize(
    ("marker", "machine", "wanted"),
    [
        ("", "x86_64", True),
        ("sys_platform == 'win32'", "x86_64", False),
        ("sys_platform == 'linux'", "x86_64", True),
        ("platform_system == 'Darwin'", "x86_64", False),
        ("platform_machine == 'aarch64'", "x86_64", False),
        ("platform_machine == 'aarch64'", "aarch64", True),
        ("python_version < '3.12'", "x86_64", False),
        ("python_full_version >= '3.12.3'", "x86_64", True),
        ("implementation_name == 'pypy'", "x86_64", False),
        ("extra == 'test'", "x86_64", False),
        ("this is no marker", "x86_64", None),
    ],
)
def test_a_marker_is_evaluated_for_the_container(marker: str, machine: str, *, wanted: bool | None) -> None:
    assert is_wanted(marker, "3.12.14", machine) is wanted


def test_a_marker_of_great_depth_is_not_read() -> None:
    assert is_wanted("(" * 4000 + "os_name == 'posix'" + ")" * 4000, "3.12.14", "x86_64") is None
    assert is_wanted("os_name == 'posix' or " * 2000 + "os_name == 'x'", "3.12.14", "x86_64") is None


@pytest.mark.parametrize(
    ("marker", "left"),
    [
        ("", ""),
        ("sys_platform == 'linux' and python_full_version < '3.13'", ""),
        ("sys_platform == 'win32'", None),
        ("platform_machine == 'x86_64' and sys_platform == 'linux'", "platform_machine == 'x86_64'"),
        ("python_full_version < '3.12.5'", "python_full_version < '3.12.5'"),
    ],
)
def test_a_marker_is_simplified_for_one_minor_on_linux(marker: str, left: str | None) -> None:
    assert simplified(marker, "3.12", BOTH) == left


@pytest.mark.parametrize(
    ("requires", "python", "admitted"),
    [
        (">=3.10", "3.12.14", True),
        ("<3.12", "3.12.14", False),
        (">=3.15", "3.15.0rc1", False),
        (">=3.14", "3.15.0rc1", True),
        ("what", "3.12.14", True),
    ],
)
def test_requires_python_is_compared_with_the_full_version(
    requires: str, python: str, *, admitted: bool
) -> None:
    assert admits_python(requires, python) is admitted
