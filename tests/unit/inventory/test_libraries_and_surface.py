from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from basewise.image.config import ImageConfig
from basewise.inventory.apk import ApkCataloger
from basewise.inventory.dpkg import DpkgCataloger
from basewise.inventory.libraries import LibrariesCataloger
from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.surface import SurfaceCataloger
from basewise.model.base_image import SymbolLevels
from basewise.model.distro import Libc
from basewise.model.inventory import Inventory
from basewise.model.platform import Platform
from basewise.testing.small_images import SmallFile, inventory_of, link, program

GLIBC = b"\x7fELF\0GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.\n\0"
MUSL = b"\x7fELF\0musl libc (x86_64)\nVersion %s\n\x001.2.5\0"


def look(files: dict[str, SmallFile], config: ImageConfig | None = None) -> Inventory:
    catalogers = (
        OsReleaseCataloger(),
        DpkgCataloger(),
        ApkCataloger(),
        LibrariesCataloger(),
        SurfaceCataloger(),
    )
    return inventory_of(files, catalogers=catalogers, config=config)


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"lib/x86_64-linux-gnu/libc.so.6": GLIBC}, Libc("glibc", "2.36")),
        ({"usr/lib64/libc.so.6": GLIBC.replace(b"2.36", b"2.34")}, Libc("glibc", "2.34")),
        (
            {"lib/x86_64-linux-gnu/libc-2.31.so": GLIBC.replace(b"2.36", b"2.31"), "lib/x86_64-linux-gnu/libc.so.6": link("libc-2.31.so")},
            Libc("glibc", "2.31"),
        ),
        ({"lib/ld-musl-x86_64.so.1": MUSL}, Libc("musl", "1.2.5")),
        ({"lib": link("usr/lib"), "usr/lib/ld-musl-aarch64.so.1": MUSL.replace(b"1.2.5", b"1.2.3_git2023\0")}, Libc("musl", "1.2.3")),
        ({"lib/apk/db/installed": "P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\n\n"}, Libc("musl", "1.2.4")),
        (
            {"var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.41-12\n\n"},
            Libc("glibc", "2.41"),
        ),
    ],
)  # fmt: skip
def test_the_c_library_is_what_its_own_file_says_or_its_package(
    files: dict[str, SmallFile], expected: Libc
) -> None:
    assert look(files).libc == expected


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"GNU C Library but nothing else", b"\0" * 10_000])
def test_a_c_library_that_says_nothing_is_said(content: bytes) -> None:
    found = look({"lib/x86_64-linux-gnu/libc.so.6": content})
    assert found.libc is None
    assert "C library: no C library on the loader path says its version" in said(found)


def sonames(found: Inventory) -> set[str]:
    assert found.sonames is not None
    return set(found.sonames)


def test_sonames_are_names_on_the_path_of_the_loader_that_lead_to_a_file() -> None:
    found = look(
        {
            "lib": link("usr/lib"),
            "usr/lib/x86_64-linux-gnu/libc.so.6": GLIBC,
            "usr/lib/x86_64-linux-gnu/libz.so.1.2.13": b"",
            "usr/lib/x86_64-linux-gnu/libz.so.1": link("libz.so.1.2.13"),
            "usr/lib/x86_64-linux-gnu/libgone.so.1": link("libgone.so.1.0"),
            "usr/lib/x86_64-linux-gnu/libdir.so/": b"",
            "usr/lib/x86_64-linux-gnu/sub/libhidden.so.1": b"",
            "usr/lib/libplain.so": b"",
            "usr/local/lib/libpython3.12.so.1.0": b"",
            "opt/lib/libopt.so.3": b"",
            "opt/other/libother.so.3": b"",
            "etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
            "etc/ld.so.conf.d/libc.conf": "# libc default\n/usr/local/lib\n",
            "etc/ld.so.conf.d/opt.conf": "/opt/lib # more\n/nowhere\n",
        }
    )
    assert sonames(found) == {
        "libc.so.6", "libz.so.1", "libz.so.1.2.13", "libplain.so", "libpython3.12.so.1.0", "libopt.so.3",
    }  # fmt: skip


def test_musl_has_its_own_path() -> None:
    files: dict[str, SmallFile] = {
        "lib/ld-musl-x86_64.so.1": MUSL, "usr/local/lib/liba.so.1": b"", "usr/lib/libb.so": b"", "opt/lib/libc.so.2": b"",
    }  # fmt: skip
    assert sonames(look(files)) == {"ld-musl-x86_64.so.1", "liba.so.1", "libb.so"}
    assert sonames(look({**files, "etc/ld-musl-x86_64.path": "/opt/lib:/usr/lib\n"})) == {
        "libc.so.2",
        "libb.so",
    }


def test_the_levels_of_the_runtime_of_this_machine_are_those_it_defines() -> None:
    places = [
        Path("/usr/lib"),
        Path("/usr/lib64"),
        Path("/usr/lib", sysconfig.get_config_var("MULTIARCH") or "."),
    ]
    library = next(
        (found for place in places for found in sorted(place.glob("libstdc++.so.6.0.*[0-9]"))), None
    )
    if library is None:
        pytest.skip("this machine has no C++ runtime")
    level = library.name.rpartition(".")[2]
    found = look(
        {f"usr/lib/{library.name}": library.read_bytes(), "usr/lib/libstdc++.so.6": link(library.name)}
    )
    assert found.symbols is not None
    assert found.symbols.glibcxx == f"3.4.{level}"
    assert found.symbols.cxxabi.startswith("1.3.")


def test_no_runtime_and_an_unreadable_one_are_not_the_same() -> None:
    assert look({"usr/lib/libc.so.6": GLIBC}).symbols == SymbolLevels()
    broken = look(
        {
            "usr/lib/libstdc++.so.6.0.33": b"\x7fELF broken",
            "usr/lib/libstdc++.so.6": link("libstdc++.so.6.0.33"),
        }
    )
    assert broken.symbols is None


def test_the_surface_counts_what_can_be_run() -> None:
    found = look(
        {
            "bin": link("usr/bin"),
            "usr/bin/bash": program(),
            "usr/bin/sh": link("bash"),
            "usr/bin/su": program(mode=0o4755),
            "usr/bin/wall": program(mode=0o2755),
            "usr/bin/apt-get": program(),
            "usr/bin/x86_64-linux-gnu-gcc-12": program(),
            "usr/bin/gcc": link("x86_64-linux-gnu-gcc-12"),
            "usr/bin/readme": b"",
            "usr/share/setuid-but-not-executable": program(mode=0o4644),
            "usr/include/linux/version.h": b"",
        },
        ImageConfig(
            platform=Platform.parse("linux/amd64"),
            user="nobody",
            exposed_ports=("8080/tcp",),
            environment=("TOKEN=secret", "PATH=/bin"),
        ),
    )
    surface = found.surface
    assert (surface.executables, surface.setuid, surface.setgid) == (5, 1, 1)
    assert (surface.shells, surface.package_managers, surface.compilers) == (
        ("usr/bin/bash", "usr/bin/sh"), ("usr/bin/apt-get",), ("usr/bin/gcc",),
    )  # fmt: skip
    assert (surface.shell, surface.package_manager, surface.compiler, surface.kernel_headers) == (
        True,
        True,
        True,
        True,
    )
    assert (surface.default_user, surface.exposed_ports, surface.environment) == (
        "nobody",
        ("8080/tcp",),
        ("PATH", "TOKEN"),
    )
    assert "secret" not in repr(found)


def test_an_image_of_one_program_has_no_os_packages_and_that_is_said() -> None:
    found = look({"app": program()})
    assert found.surface.shell is False
    assert found.surface.default_user == "root"
    assert "OS packages: there is no package database of dpkg, apk or rpm" in said(found)
    assert "distribution: there is no `os-release`" in said(found)
