"""Applications, pins, base images and wheel facts for tests of the fit: small, complete, every part replaceable.

Names and numbers are invented; no test may take them for facts about a real image or wheel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from basewise.debian.package import BinaryPackage, SuiteIndex
from basewise.fit.facts import Evidence, EvidenceKind, WheelFact
from basewise.fit.sonames import SonameMap, SuiteNames
from basewise.model.base_image import BaseImage, ImageSize, Surface, SymbolLevels, Trust
from basewise.model.distro import Distro, Libc
from basewise.model.package import Basis, BasisKind, Package, PackageType
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.model.requirement import (
    Accelerator,
    Application,
    DistributionFile,
    IndexLine,
    Location,
    Manifest,
    Requirement,
    Resolution,
    ResolvedPackage,
    StatedPython,
)

__all__ = [
    "EVIDENCE",
    "application",
    "base_image",
    "binary",
    "fact",
    "load_small_suite",
    "pin",
    "requirement",
    "resolution",
    "small_sonames",
    "wheel",
]

EVIDENCE = Evidence(kind=EvidenceKind.DOCUMENTATION, date="2026-11-22", source="invented")
_EXACT = Basis(BasisKind.EXACT)
_DISTROS = {
    "bullseye": (Distro("debian", "11", "bullseye"), Libc("glibc", "2.31"), "3.4.28"),
    "bookworm": (Distro("debian", "12", "bookworm"), Libc("glibc", "2.36"), "3.4.30"),
    "trixie": (Distro("debian", "13", "trixie"), Libc("glibc", "2.41"), "3.4.33"),
    "alpine": (Distro("alpine", "3.24"), Libc("musl", "1.2.5"), ""),
}
_SLIM_SONAMES = frozenset({"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1"})
_SLIM_PACKAGES = {"libc6": "2.36-9", "libstdc++6": "12.2-1", "zlib1g": "1.3-1"}


def base_image(
    release: str = "bookworm",
    python: str = "3.12.14",
    *,
    platform: str = "linux/amd64",
    packages: Mapping[str, str] | None = None,
    sonames: Iterable[str] | None = (),
    known: bool = True,
) -> BaseImage:
    """Return a slim or Alpine image.

    Args:
        release: `bullseye`, `bookworm`, `trixie` or `alpine`.
        python: Full version.
        platform: `linux/amd64` or `linux/arm64`.
        packages: Packages besides those of a slim image.
        sonames: Sonames besides those of a slim image; None where they are not known.
        known: The package list is known.
    """
    distro, libc, glibcxx = _DISTROS[release]
    minor = ".".join(python.split(".")[:2])
    tag = f"{minor}-alpine{distro.version}" if release == "alpine" else f"{minor}-slim-{release}"
    names = {**(_SLIM_PACKAGES if release != "alpine" else {}), **(packages or {})}
    kind = PackageType.APK if release == "alpine" else PackageType.DEB
    return BaseImage(
        reference=Reference.parse(f"python:{tag}"),
        also_known_as=(),
        platform=Platform.parse(platform),
        index_digest=None,
        manifest_digest=None,
        created=datetime(2026, 9, 1, tzinfo=UTC),
        python=python,
        variant="alpine" if release == "alpine" else "slim",
        distro=distro,
        libc=libc,
        symbols=SymbolLevels(glibcxx=glibcxx, cxxabi=""),
        layers=(),
        size=ImageSize(compressed_bytes=1, disk_bytes=1, compressed_basis=_EXACT, disk_basis=_EXACT),
        packages=tuple(Package(type=kind, name=name, version=names[name]) for name in sorted(names))
        if known
        else None,
        packages_basis=_EXACT,
        sonames=None if sonames is None else _SLIM_SONAMES | frozenset(sonames),
        sonames_basis=_EXACT,
        surface=Surface(),
        trust=Trust(publisher="", official=True, explicit_tag=True, digest_pinned=True),
        source="invented",
    )


def wheel(filename: str, *, size_bytes: int | None = 1000) -> DistributionFile:
    """Return a wheel whose hash is that of its name."""
    return DistributionFile(filename=filename, size_bytes=size_bytes, sha256=_hash(filename))


def pin(
    name: str,
    version: str,
    *tags: str,
    sdist: bool = False,
    marker: str = "",
    files_known: bool = True,
    required_by: tuple[str, ...] = (),
) -> ResolvedPackage:
    """Return a pin with one wheel a tag."""
    stem = f"{name.replace('-', '_')}-{version}"
    archive = f"{stem}.tar.gz"
    return ResolvedPackage(
        name=name,
        version=version,
        marker=marker,
        wheels=tuple(wheel(f"{stem}-{tag}.whl") for tag in sorted(tags)),
        sdist=DistributionFile(filename=archive, size_bytes=500, sha256=_hash(archive)) if sdist else None,
        files_known=files_known,
        required_by=required_by,
    )


def resolution(*pins: ResolvedPackage, python: str | None = None) -> Resolution:
    """Return pins as a lock."""
    return Resolution(python=python, packages=tuple(sorted(pins)), origin="lock invented.lock")


def requirement(text: str, line: int = 1) -> Requirement:
    """Return a requirement written `name`, `name==1` or `name>=1 ; marker`."""
    wanted, _, marker = text.partition(";")
    wanted = wanted.strip()
    end = next((place for place, char in enumerate(wanted) if char in "<>=!~"), len(wanted))
    return Requirement(
        name=wanted[:end].strip(),
        specifier=wanted[end:],
        marker=marker.strip(),
        location=Location("requirements.txt", line),
        text=text,
    )


def application(
    *requirements: str,
    lock: Resolution | None = None,
    requires_python: str | None = None,
    stated_python: str | None = None,
    accelerator: Accelerator = Accelerator.UNKNOWN,
    index_lines: tuple[IndexLine, ...] = (),
    manifest: str = "requirements",
) -> Application:
    """Return an application that asks for the requirements, or has a lock."""
    return Application(
        path="app",
        manifests=(Manifest(path="requirements.txt", format=manifest, role="requirements"),),
        not_read=(),
        requirements=tuple(requirement(text, line) for line, text in enumerate(requirements, 1)),
        constraints=(),
        requires_python=requires_python,
        stated_python=StatedPython(minor=stated_python, location=Location("runtime.txt", 1))
        if stated_python
        else None,
        accelerator=accelerator,
        lock=lock,
        index_lines=index_lines,
    )


def fact(filename: str, **changes: object) -> WheelFact:
    """Return a fact about the wheel that `wheel` makes of the name: 1000 bytes, 3000 on disk, inspected."""
    values: dict[str, object] = {
        "filename": filename,
        "sha256": _hash(filename),
        "size_bytes": 1000,
        "installed_bytes": 3000,
        "inspected": True,
        "verified": True,
        "measured": "2026-11-22",
        **changes,
    }
    return WheelFact(**values)  # type: ignore[arg-type]  # tests name the fields; msgspec checks nothing here


def binary(name: str, *, depends: str = "", installed_bytes: int = 1_000_000) -> BinaryPackage:
    """Return a package of a suite."""
    return BinaryPackage(
        name=name,
        version="1.0-1",
        architecture="amd64",
        source=f"src-{name}",
        source_version="1.0-1",
        download_bytes=installed_bytes // 4,
        installed_bytes=installed_bytes,
        depends_text=depends,
    )


def load_small_suite(release: str, architecture: str) -> SuiteIndex:
    """Return an index of a few packages, the same for every release."""
    packages = [
        binary("gcc", depends="libc6-dev", installed_bytes=200_000_000),
        binary("libc6-dev", installed_bytes=10_000_000),
        binary("libgl1", depends="libmesa", installed_bytes=16_000_000),
        binary("libgomp1", depends="libc6", installed_bytes=300_000),
        binary("libmesa", installed_bytes=200_000_000),
        binary("libpq-dev", depends="libpq5", installed_bytes=5_000_000),
        binary("libpq5", installed_bytes=1_700_000),
        binary("libc6", installed_bytes=13_000_000),
        binary("tesseract-ocr", installed_bytes=90_000_000),
    ]
    return SuiteIndex(release, architecture, "2026-11-22", packages)


def small_sonames() -> SonameMap:
    """Return a map of a few sonames; `libold.so.1` is in bookworm alone."""
    names = {"libgomp.so.1": "libgomp1", "libGL.so.1": "libgl1", "libpq.so.5": "libpq5"}
    return SonameMap(
        schema="basewise.sonames/1",
        suites={
            "bookworm": SuiteNames(
                source="", date="2026-11-22", packages={**names, "libold.so.1": "libold1"}
            ),
            "trixie": SuiteNames(source="", date="2026-11-22", packages=names),
        },
        injected=("libcuda.so.1",),
        musl=("libc.musl-x86_64.so.1",),
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
