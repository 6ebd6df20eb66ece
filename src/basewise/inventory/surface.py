"""The attack surface: what can be run, what runs with others' rights, what can install or build more."""

from __future__ import annotations

from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.model.evidence import NotCovered
from basewise.model.inventory import ImageSurface
from basewise.model.package import PackageType

__all__ = ["SurfaceCataloger"]

_EXECUTE, _SETUID, _SETGID = 0o111, 0o4000, 0o2000
_PROGRAM_DIRECTORIES = (
    "bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "busybox", "opt/conda/bin",
)  # fmt: skip
_SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "busybox")
_PACKAGE_MANAGERS = (
    "apt", "apt-get", "dpkg", "apk", "dnf", "dnf5", "yum", "microdnf", "rpm", "zypper", "tdnf", "opkg", "conda",
    "mamba", "micromamba", "pip", "pip3", "uv",
)  # fmt: skip
_COMPILERS = ("cc", "gcc", "g++", "c++", "clang", "clang++", "tcc", "rustc", "go", "gfortran", "nvcc")
_HEADER_PACKAGES = ("linux-libc-dev", "kernel-headers", "linux-headers", "linux-glibc-devel")
_HEADER = "usr/include/linux/version.h"
_OS_TYPES = (PackageType.DEB, PackageType.APK, PackageType.RPM)


class SurfaceCataloger:
    """Measures the attack surface. Reads no file: names, permission bits and the configuration say it."""

    name = "surface"
    version = 1
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = ()
    max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:  # noqa: ARG002 - of the protocol; nothing is condensed
        """Return nothing: no file is read."""
        return b""

    def catalog(self, view: ImageView) -> CatalogResult:
        """Measure it."""
        tree, config = view.tree, view.config
        programs = list(tree.files_with_mode(_EXECUTE))
        shells, managers, compilers = (
            _programs(tree, names) for names in (_SHELLS, _PACKAGE_MANAGERS, _COMPILERS)
        )
        installed = view.packages(*_OS_TYPES)
        surface = ImageSurface(
            packages=len(view.packages()),
            executables=len(programs),
            setuid=sum(entry.mode & _SETUID != 0 for entry in programs),
            setgid=sum(entry.mode & _SETGID != 0 for entry in programs),
            shell=bool(shells),
            shells=shells,
            package_manager=bool(managers),
            package_managers=managers,
            compiler=bool(compilers),
            compilers=compilers,
            kernel_headers=_HEADER in tree
            or any(found.package.name in _HEADER_PACKAGES for found in installed),
            default_user=config.user or "root",
            exposed_ports=config.exposed_ports,
            environment=config.environment_names,
        )
        return CatalogResult(surface=surface, not_covered=_no_packages(view) if not installed else ())


def _programs(tree: FileTree, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths of programs of these names that can be executed, in the usual directories, links too."""
    found = set()
    for directory in _PROGRAM_DIRECTORIES:
        real = tree.resolve(directory)
        if real is None:
            continue
        for name in names:
            entry = tree.lookup(f"{real}/{name}")
            if entry is not None and entry.is_file and entry.mode & _EXECUTE:
                found.add(f"{real}/{name}")
    return tuple(sorted(found))


def _no_packages(view: ImageView) -> tuple[NotCovered, ...]:
    """Say that there is no OS package, where no cataloger has said why."""
    if any(
        "packages of" in said.what or said.what.endswith(" packages")
        for result in view.earlier
        for said in result.not_covered
    ):
        return ()
    return (NotCovered("OS packages", "there is no package database of dpkg, apk or rpm"),)
