"""What the loader finds: sonames on its path, the C library and its version, symbol levels of the C++ runtime.

Reference:
    ld.so(8), section on search order; ldconfig(8); musl, `ldso/dynlink.c`, on the default path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from basewise._internal.elf import ElfError, highest_version, read_elf
from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.model.base_image import SymbolLevels
from basewise.model.distro import Libc
from basewise.model.evidence import NotCovered
from basewise.model.package import PackageType

__all__ = ["UNSEEN_LIBC", "LibrariesCataloger", "loader_directories"]

MAX_DIRECTORIES = 256
MAX_INCLUDES = 64
_MACHINES = (
    "x86_64", "aarch64", "i386", "arm", "armhf", "armv7", "ppc64le", "powerpc64le", "s390x", "riscv64",
)  # fmt: skip
_TRIPLETS = (
    "x86_64-linux-gnu", "aarch64-linux-gnu", "i386-linux-gnu", "arm-linux-gnueabihf", "arm-linux-gnueabi",
    "powerpc64le-linux-gnu", "s390x-linux-gnu", "riscv64-linux-gnu",
)  # fmt: skip
_DEFAULT = (
    "lib",
    "usr/lib",
    "lib64",
    "usr/lib64",
    *(f"{top}/{name}" for top in ("lib", "usr/lib") for name in _TRIPLETS),
)
_MUSL_DEFAULT = ("lib", "usr/local/lib", "usr/lib")
_CONFIGURATION = "etc/ld.so.conf"
_CONFIGURED = "etc/ld.so.conf.d/*.conf"
_MUSL_PATHS = tuple(f"etc/ld-musl-{machine}.path" for machine in _MACHINES)
_MUSL_LOADERS = tuple(f"{top}/ld-musl-{machine}.so.1" for top in ("lib", "usr/lib") for machine in _MACHINES)
# Debian 11 and older name the file after its version; the soname is a link to it.
_GLIBC = ("**/libc.so.6", *(f"**/libc-2.{minor}.so" for minor in range(12, 40)))
_CXX = tuple(f"**/libstdc++.so.6.0.{level}" for level in range(10, 70))
_GLIBC_VERSION = re.compile(rb"GNU C Library [^\n\0]{0,200}? release version ([0-9]{1,3}\.[0-9]{1,3})")
_MUSL_VERSION = re.compile(rb"\0([01]\.[0-9]{1,2}\.[0-9]{1,3})(?=[\0_-])")
_IS_MUSL = b"musl libc"
_NUMBERS = re.compile(r"([0-9]+\.[0-9]+(?:\.[0-9]+)?)")
_PACKAGES = {"libc6": "glibc", "glibc": "glibc", "musl": "musl"}
UNSEEN_LIBC = "C library"
"""What is called unseen where no C library says its version: wheels depend on it, and no vulnerability does."""


class LibrariesCataloger:
    """Finds the sonames that the loader can see, the C library and the levels of the C++ runtime."""

    name = "libraries"
    version = 1
    wants: tuple[str, ...] = (_CONFIGURATION, _CONFIGURED, *_MUSL_PATHS)
    condenses: tuple[str, ...] = (*_GLIBC, *_MUSL_LOADERS, *_CXX)
    max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:
        """Keep the version of a C library, and the symbol levels of a C++ runtime."""
        if "/libstdc++" in f"/{path}":
            try:
                return "\n".join(read_elf(content).defines).encode()
            except ElfError:
                return b""
        if _IS_MUSL in content:
            match = _MUSL_VERSION.search(content)
            return b"musl " + match[1] if match else b""
        match = _GLIBC_VERSION.search(content)
        return b"glibc " + match[1] if match else b""

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find them."""
        tree = view.tree
        libc = self._libc(view)
        directories = loader_directories(tree, musl=libc is not None and libc.family == "musl")
        symbols = self._symbols(tree, directories)
        missing = (
            []
            if libc is not None
            else [NotCovered(UNSEEN_LIBC, "no C library on the loader path says its version")]
        )
        return CatalogResult(
            libc=libc,
            symbols=symbols,
            sonames=frozenset(_sonames(tree, directories)),
            not_covered=tuple(missing) if len(tree) else (),
        )

    def _libc(self, view: ImageView) -> Libc | None:
        """Return the C library: what its own file says, else the version of its package."""
        tree = view.tree
        for path in _MUSL_LOADERS:
            kept = tree.condensed(path, self.name)
            if kept:
                return _libc(kept)
        for directory in _DEFAULT:
            kept = tree.condensed(f"{directory}/libc.so.6", self.name)
            if kept:
                return _libc(kept)
        for found in view.packages(PackageType.DEB, PackageType.APK, PackageType.RPM):
            family = _PACKAGES.get(found.package.name)
            match = _NUMBERS.search(found.package.version.rpartition(":")[2])
            if family is not None and match is not None:
                return Libc(family, match[1])
        return None

    def _symbols(self, tree: FileTree, directories: Iterable[str]) -> SymbolLevels | None:
        """Return the levels of the first C++ runtime on the path; None when it is there and not readable."""
        for directory in directories:
            path = f"{directory}/libstdc++.so.6"
            if path not in tree:
                continue
            kept = tree.condensed(path, self.name)
            if not kept:
                return None
            names = kept.decode("ascii", "replace").split("\n")
            return SymbolLevels(
                glibcxx=highest_version(names, "GLIBCXX"), cxxabi=highest_version(names, "CXXABI")
            )
        return SymbolLevels()


def loader_directories(tree: FileTree, *, musl: bool) -> list[str]:
    """Return the directories in which the loader looks, as real paths, each once.

    Args:
        tree: The image.
        musl: Its loader is musl's, which reads another file and has other defaults.
    """
    if musl:
        named = next((content for path in _MUSL_PATHS if (content := tree.read(path)) is not None), None)
        listed = (
            re.split(r"[:\n]", named.decode("utf-8", "surrogateescape"))
            if named is not None
            else _MUSL_DEFAULT
        )
    else:
        listed = [*_configured(tree), *_DEFAULT]
    found: dict[str, None] = {}
    for directory in listed[:MAX_DIRECTORIES]:
        real = tree.resolve(directory.strip())
        if real:
            found.setdefault(real)
    return list(found)


def _configured(tree: FileTree) -> Iterator[str]:
    """Yield the directories that `ld.so.conf` names, following its includes of the usual directory."""
    for path in (_CONFIGURATION, *tree.kept(_CONFIGURED)[:MAX_INCLUDES]):
        for line in (tree.read(path) or b"").decode("utf-8", "surrogateescape").split("\n"):
            directory = line.partition("#")[0].strip()
            if directory.startswith("/"):
                yield directory


def _libc(condensed: bytes) -> Libc:
    family, _, version = condensed.decode("ascii", "replace").partition(" ")
    return Libc(family, version)


def _sonames(tree: FileTree, directories: Iterable[str]) -> Iterator[str]:
    """Yield the names of shared objects in the directories that lead to a file."""
    wanted = set(directories)
    for path in tree.paths():
        if ".so" not in path:
            continue
        directory, _, name = path.rpartition("/")
        if directory not in wanted or not (name.endswith(".so") or ".so." in name):
            continue
        entry = tree.lookup(path)
        if entry is not None and entry.is_file:
            yield name
