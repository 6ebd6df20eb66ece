"""Package and soname lists of the catalogue: which image has which, and how that is known."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from basewise.model.package import Basis, BasisKind, Package, PackageType

__all__ = [
    "ARCHITECTURES",
    "CollectedList",
    "CollectedPackage",
    "CollectedTag",
    "ComputedList",
    "PackageLists",
    "SonameLists",
]

ARCHITECTURES = {"linux/amd64": "amd64", "linux/arm64": "arm64"}
OLD_ERA = re.compile(r"\(old deployed\)")
# Binary packages of Debian that amd64 has and arm64 has not, compared with the arm64 indexes of the suites.
ABSENT_ON_ARM64 = frozenset({"libquadmath0", "libfftw3-quad3"})
# libmvec came to aarch64 with glibc 2.38.
GLIBC_WITH_ARM64_VECTORS = (2, 38)
# Sonames of Alpine packages whose name or whose unchanging ABI says them; what else is there is not said.
ALPINE_SONAMES = {
    "musl": ("libc.musl-{machine}.so.1", "ld-musl-{machine}.so.1", "libc.so"),
    "libgcc": ("libgcc_s.so.1",),
    "libstdc++": ("libstdc++.so.6",),
    "libgomp": ("libgomp.so.1",),
    "libcrypto3": ("libcrypto.so.3",),
    "libssl3": ("libssl.so.3",),
    "zlib": ("libz.so.1",),
    "libbz2": ("libbz2.so.1",),
    "xz-libs": ("liblzma.so.5",),
    "sqlite-libs": ("libsqlite3.so.0",),
    "libuuid": ("libuuid.so.1",),
    "libexpat": ("libexpat.so.1",),
}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class PageSource(msgspec.Struct, frozen=True):
    """The page that a record was copied from."""

    repo: str
    path: str
    commit: str


class CollectedTag(msgspec.Struct, frozen=True, kw_only=True):
    """A record of `tags.json` and its sister files."""

    tag: str
    page_tag: str
    python_version: str
    created: datetime
    image_id: str
    source: PageSource
    variant: str = ""
    distro: str = ""
    distro_release: str = ""
    index_digest: str | None = None
    manifest_digest: str | None = None
    compressed_size_bytes: int | None = None
    uncompressed_size_mb: float | None = None
    layers: tuple[dict[str, str | int], ...] = ()
    arm64: dict[str, Any] | None = None
    alias_of: str | None = None
    era: str = ""

    @property
    def is_old(self) -> bool:
        """It was built years ago and is listed because it is deployed."""
        return OLD_ERA.search(self.era) is not None

    @property
    def family(self) -> tuple[str, str, str]:
        """Release, variant and era: images that differ in nothing else share their package list."""
        return self.distro_release, self.variant, self.era


class CollectedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package of a list; unknown is None."""

    name: str
    version: str
    arch: str | None = None
    source: str | None = None
    source_version: str | None = None


class CollectedList(msgspec.Struct, frozen=True, kw_only=True):
    """A file of `packages/`: the exact list of one image."""

    tag: str
    image_id: str
    format: str
    complete: bool
    package_count: int
    packages: tuple[CollectedPackage, ...]


class ComputedList(msgspec.Struct, frozen=True, kw_only=True):
    """The recorded result of `tools/build_full_list.py`.

    Args:
        release: Codename.
        as_of: Newest date of the suites that were read.
        image_date: The day whose versions were worked out.
        suites: Date of each suite.
        base: Tag whose exact list it stands on.
        wanted: The documented package set.
        packages: By Debian architecture, sorted by name.
        dated_sources: Source packages whose version of that day was read from a changelog.
        validation: The same computation for a release whose list is known, beside that list.
    """

    release: str
    as_of: date
    image_date: date
    suites: dict[str, date]
    base: str
    wanted: tuple[str, ...]
    packages: dict[str, tuple[CollectedPackage, ...]]
    dated_sources: dict[str, str]
    validation: dict[str, Any]

    @property
    def basis(self) -> Basis:
        """What is said of it wherever it is used."""
        return Basis(
            BasisKind.COMPUTED,
            f"buildpack-deps package set on the list of {self.base}; versions of {self.image_date} from the suite "
            f"and changelogs read on {self.as_of}",
        )


class PackageLists:
    """The exact lists, the computed one, and who shares them.

    Args:
        folder: Where the exact lists are.
        computed: The list of the full images of its release.
    """

    def __init__(self, folder: Path, computed: ComputedList) -> None:
        files = sorted(folder.glob("*.json"))
        self._exact = [msgspec.json.decode(path.read_bytes(), type=CollectedList) for path in files]
        for listed in self._exact:
            if not listed.complete or len(listed.packages) != listed.package_count:
                raise ValueError(f"the package list of {listed.tag} is not complete")
        self._computed = computed
        self._used: dict[str, tuple[Package, ...]] = {}

    def exact_list(self, tag: CollectedTag) -> CollectedList | None:
        """Return the list read from this very image."""
        return next((listed for listed in self._exact if listed.image_id == tag.image_id), None)

    def find(self, tag: CollectedTag, tags: list[CollectedTag], platform: str) -> tuple[str | None, Basis]:
        """Return the key of an image's list and how it is known.

        Own list, else the one of an image of the same release, variant and era, else the computed one.
        A list of another architecture is inferred from amd64.
        """
        architecture = ARCHITECTURES[platform]
        listed, owner = self.exact_list(tag), tag
        if listed is None:
            siblings = (other for other in tags if other.family == tag.family and not other.alias_of)
            owner, listed = next(
                ((other, own) for other in siblings if (own := self.exact_list(other)) is not None),
                (tag, None),
            )
        if listed is None:
            return self._find_computed(tag, architecture)
        key = f"{owner.distro}-{owner.distro_release}-{owner.variant}-{architecture}"
        packages = _packages(listed.packages, listed.format)
        self._used[key] = packages if architecture == "amd64" else _for_arm64(packages)
        if architecture != "amd64":
            return key, Basis(BasisKind.INFERRED, f"{owner.tag} on linux/amd64")
        if owner is tag:
            return key, Basis(BasisKind.EXACT)
        return key, Basis(BasisKind.INFERRED, owner.tag)

    def _find_computed(self, tag: CollectedTag, architecture: str) -> tuple[str | None, Basis]:
        if tag.variant != "full" or tag.distro_release != self._computed.release or tag.is_old:
            return None, Basis(BasisKind.UNKNOWN, "no list of this release and variant was read")
        if tag.created.date() != self._computed.image_date:
            raise ValueError(f"{tag.tag} is of {tag.created.date()}, the computed list of another day")
        key = f"{tag.distro}-{tag.distro_release}-{tag.variant}-{architecture}"
        self._used[key] = _packages(self._computed.packages[architecture], "dpkg")
        return key, self._computed.basis

    def get(self, key: str) -> tuple[Package, ...]:
        """Return a list that `find` has named."""
        return self._used[key]

    def encoded(self) -> dict[str, msgspec.Raw]:
        """Return the lists that images use, for the data file."""
        return {
            key: msgspec.Raw(msgspec.json.encode([_compact(package) for package in packages]))
            for key, packages in sorted(self._used.items())
        }


class SonameLists:
    """Shared libraries on the loader path, worked out from the package lists.

    Args:
        folder: Where the maps from soname to packages are.
        packages: The package lists.
    """

    def __init__(self, folder: Path, packages: PackageLists) -> None:
        maps = msgspec.json.decode(
            (folder / "debian_sonames.json").read_bytes(), type=dict[str, dict[str, list[str]]]
        )
        self._maps = maps
        self._packages = packages
        self._used: dict[str, list[str]] = {}

    def find(self, tag: CollectedTag, packages_key: str | None, platform: str) -> tuple[str | None, Basis]:
        """Return the key of an image's sonames and how they are known."""
        if packages_key is None:
            return None, Basis(BasisKind.UNKNOWN, "the package list is not known")
        names = {package.name for package in self._packages.get(packages_key)}
        architecture = ARCHITECTURES[platform]
        if tag.distro == "alpine":
            machine = MACHINES[architecture]
            found = {
                soname.format(machine=machine) for name in names for soname in ALPINE_SONAMES.get(name, ())
            }
            self._used[packages_key] = sorted(found)
            return packages_key, Basis(
                BasisKind.COMPUTED, "libraries that the apk list names by their ABI; others may be there"
            )
        suite = self._maps.get(tag.distro_release)
        if suite is None:
            return None, Basis(BasisKind.UNKNOWN, f"no soname map of {tag.distro_release} was read")
        found = {soname for soname, owners in suite.items() if not names.isdisjoint(owners)}
        if architecture == "arm64":
            found = _sonames_for_arm64(found, tag.distro_release)
        self._used[packages_key] = sorted(found)
        return packages_key, Basis(
            BasisKind.COMPUTED, f"package list and the archive's file lists of {tag.distro_release}"
        )

    def encoded(self) -> dict[str, msgspec.Raw]:
        """Return the lists that images use, for the data file."""
        return {key: msgspec.Raw(msgspec.json.encode(found)) for key, found in sorted(self._used.items())}


def _packages(collected: tuple[CollectedPackage, ...], form: str) -> tuple[Package, ...]:
    kind = {"dpkg": PackageType.DEB, "apk": PackageType.APK}[form]
    return tuple(
        sorted(
            Package(
                type=kind,
                name=package.name,
                version=package.version,
                arch=package.arch,
                source=package.source,
                source_version=package.source_version,
            )
            for package in collected
        )
    )


def _for_arm64(packages: tuple[Package, ...]) -> tuple[Package, ...]:
    """Return the list with arm64's names; versions are amd64's, rebuild suffixes may differ."""
    return tuple(
        sorted(
            msgspec.structs.replace(
                package,
                name=package.name.replace("x86-64-linux-gnu", "aarch64-linux-gnu"),
                arch="arm64" if package.arch == "amd64" else package.arch,
            )
            for package in packages
            if package.name not in ABSENT_ON_ARM64
        )
    )


def _sonames_for_arm64(sonames: set[str], release: str) -> set[str]:
    glibc = {"bullseye": (2, 31), "bookworm": (2, 36), "trixie": (2, 41)}[release]
    renamed = {soname.replace("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1") for soname in sonames}
    if glibc < GLIBC_WITH_ARM64_VECTORS:
        renamed = {soname for soname in renamed if not soname.startswith("libmvec.so")}
    return renamed


def _compact(package: Package) -> dict[str, str]:
    """Return the fields that are known: the loader reads an absent one as None."""
    fields = msgspec.to_builtins(package)
    return {name: value for name, value in fields.items() if value is not None}
