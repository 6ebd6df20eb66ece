"""CPython interpreters, wherever they stand, with the version that their own files say.

A path says the minor at most. The patch release stands in the program itself, or in its shared library when the
program is linked to one, and in `patchlevel.h`. The program's own word wins over the header's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from basewise.image.tree import FileTree
from basewise.inventory.cataloger import CatalogResult, ImageView
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Owner, PythonRuntime
from basewise.model.package import Package, PackageType

__all__ = ["CPythonCataloger", "read_binary_version", "read_header_version"]

# Names are spelled out because a fixed last name costs nothing for the files it does not match.
_MINORS = ("2.7", *(f"3.{minor}" for minor in range(40)))
_PROGRAMS = tuple(f"**/bin/python{minor}{build}" for minor in _MINORS for build in ("", "t", "d", "m"))
_LIBRARY_SUFFIXES = (".so.1.0", "t.so.1.0", "d.so.1.0", "m.so.1.0")
_LIBRARIES = tuple(f"**/libpython{minor}{suffix}" for minor in _MINORS for suffix in _LIBRARY_SUFFIXES)
_HEADER = "**/patchlevel.h"
_OTHER_NAMES = ("/bin/pypy", "/bin/pypy3", "/bin/graalpy")
_NAMED = re.compile(
    r"""
    (?:(?P<prefix>.*?)/)?(?P<place>bin/python|(?:lib(?:64)?(?:/[a-z0-9_]+-linux-[a-z0-9]+)?/)?libpython)
    (?P<minor>[23]\.[0-9]+)(?P<build>[a-z]?)(?:\.so\.1\.0)?\Z
    """,
    re.VERBOSE | re.DOTALL,
)
_VERSION_MACRO = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+PY_VERSION[ \t]+\"([0-9A-Za-z.+]{3,32})\"", re.MULTILINE
)
_VERSION = re.compile(r"(?P<release>[23]\.[0-9]{1,3}\.[0-9]{1,3}(?:(?:a|b|rc)[0-9]{1,3})?)\+?\Z")
_LIBRARY_PLACES = ("lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu")
_END_OF_STRING = "~"
_MAX_VERSIONS = 32
_DIGITS_AND_DOT = frozenset({b"", *(bytes([char]) for char in b"0123456789.")})
_OS_TYPES = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM})


class CPythonCataloger:
    """Finds interpreters; those that no OS package brought are `cpython` packages."""

    name = "cpython"
    version = 1
    wants: tuple[str, ...] = ()
    condenses: tuple[str, ...] = (*_PROGRAMS, *_LIBRARIES, _HEADER)
    max_file_bytes = 128 * 1024 * 1024

    def condense(self, path: str, content: bytes) -> bytes:
        """Keep the version that the file says."""
        if path.endswith("patchlevel.h"):
            return read_header_version(content).encode()
        match = _NAMED.match(path)
        return b"" if match is None else "\n".join(read_binary_version(content, match["minor"])).encode()

    def catalog(self, view: ImageView) -> CatalogResult:
        """Find the interpreters."""
        found: dict[tuple[str, str], PythonRuntime] = {}
        not_covered: list[NotCovered] = []
        named = [
            (path, match) for path in view.tree.condensed_paths(self.name) if (match := _NAMED.match(path))
        ]
        for path, match in sorted(named, key=_programs_first):
            if _is_cached(path, view.tree):
                continue
            version = self._version(view.tree, path, match["minor"], match["build"])
            if version is None:
                why = "neither the program nor what belongs to it says its version"
                not_covered.append(NotCovered(f"interpreter `{path}`", why))
                continue
            runtime = _runtime(view, path, match["prefix"] or "", version)
            if _is_program(match) or runtime.owner is None:
                found.setdefault((runtime.prefix, version), runtime)
        not_covered += _others(view)
        return CatalogResult(
            packages=tuple(sorted(_packages(found.values()))),
            pythons=tuple(sorted(found.values())),
            not_covered=tuple(not_covered),
        )

    def _version(self, tree: FileTree, path: str, minor: str, build: str) -> str | None:
        """Return the version of the program at `path`; None when its files do not say one, or several.

        A whole string of the program or its library is best, then the header beside them, then the end of a
        string: a linker keeps `3.12.1` as the end of `/opt/python/3.12.1` where a build has both.
        """
        match = _NAMED.match(path)
        prefix = (match["prefix"] if match is not None else None) or ""
        binaries = [path, *(f"{prefix}/{place}/libpython{minor}{build}.so.1.0" for place in _LIBRARY_PLACES)]
        header = f"{prefix}/include/python{minor}{build}/patchlevel.h"
        said = [_lines(tree.condensed(place, self.name)) for place in (*binaries, header)]
        for mark in ("", _END_OF_STRING):
            for lines in said:
                versions = {line.removeprefix(mark) for line in lines if line.startswith(mark)}
                mine = {found["release"] for text in versions if (found := _VERSION.match(text))}
                mine = {version for version in mine if version.startswith(f"{minor}.")}
                if len(mine) == 1:
                    return mine.pop()
        return None


def _lines(kept: bytes | None) -> list[str]:
    return (kept or b"").decode("ascii", "replace").split("\n")


def read_header_version(content: bytes) -> str:
    """Return `PY_VERSION` of a `patchlevel.h`, "" when it says none."""
    match = _VERSION_MACRO.search(content)
    return match[1].decode("ascii") if match else ""


def read_binary_version(content: bytes, minor: str) -> list[str]:
    """Return the versions of a minor that stand in a program or library.

    Args:
        content: The whole file.
        minor: `3.12`; a static build carries versions of much else.

    Returns:
        Whole strings, sorted, then those that end a longer string, marked with `~`.
    """
    escaped = re.escape(minor.encode("ascii"))
    # The pattern begins with letters, not with a class: that is what makes a search through 30 MB quick.
    pattern = re.compile(escaped + rb"\.[0-9]{1,3}(?:(?:a|b|rc)[0-9]{1,3})?\+?(?=\0)")
    whole: set[str] = set()
    ends: set[str] = set()
    for match in pattern.finditer(content):
        before = content[match.start() - 1 : match.start()]
        if before not in _DIGITS_AND_DOT:
            (whole if before == b"\0" else ends).add(match[0].decode("ascii"))
    return [*sorted(whole), *(f"{_END_OF_STRING}{version}" for version in sorted(ends))][:_MAX_VERSIONS]


def _is_program(match: re.Match[str]) -> bool:
    return match["place"] == "bin/python"


def _programs_first(named: tuple[str, re.Match[str]]) -> tuple[bool, str]:
    """Order programs before libraries: a library alone is an interpreter only where no program is linked to it."""
    return not _is_program(named[1]), named[0]


def _runtime(view: ImageView, path: str, prefix: str, version: str) -> PythonRuntime:
    entry = view.tree.entry(path)
    owner = view.owner_of(path)
    return PythonRuntime(
        version=version,
        implementation="cpython",
        prefix=prefix,
        location=path,
        layer=entry.layer if entry is not None else None,
        owner=owner,
    )


def _packages(runtimes: Iterable[PythonRuntime]) -> Iterator[InstalledPackage]:
    """Yield an interpreter of no OS package as a package: its own release branch judges it."""
    for runtime in runtimes:
        if runtime.owner is None or runtime.owner.type not in _OS_TYPES:
            yield InstalledPackage(
                package=Package(type=PackageType.CPYTHON, name="cpython", version=runtime.version),
                location=runtime.location,
                layer=runtime.layer,
                installer=_installer(runtime.owner),
            )


def _installer(owner: Owner | None) -> str:
    return "" if owner is None else str(owner.type)


def _is_cached(path: str, tree: FileTree) -> bool:
    """Tell whether this is conda's store of unpacked packages."""
    prefix, found, _ = path.partition("/pkgs/")
    return bool(found) and f"{prefix}/conda-meta" in tree


def _others(view: ImageView) -> Iterator[NotCovered]:
    """Yield the interpreters of which no version is read."""
    for path in view.tree.paths():
        if path.endswith(_OTHER_NAMES):
            yield NotCovered(f"interpreter `{path}`", "only CPython is known here")
