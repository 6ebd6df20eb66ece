"""Whether an application fits a base image, and what must be added for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.package import Package

__all__ = [
    "AddedPackage",
    "ClosurePackage",
    "Fit",
    "Install",
    "InstallKind",
    "Reason",
    "ReasonKind",
    "Swap",
    "Verdict",
]


class Verdict(StrEnum):
    """Whether the application installs, loads and runs, best first."""

    FITS = "fits"
    FITS_WITH_PACKAGES = "fits-with-packages"
    BUILDS_FROM_SOURCE = "builds-from-source"
    DOES_NOT_FIT = "does-not-fit"
    UNKNOWN = "unknown"


class InstallKind(StrEnum):
    """How one pinned distribution gets onto a target."""

    WHEEL = "wheel"
    ANY_FALLBACK = "any-fallback"
    SDIST = "sdist"
    IMPOSSIBLE = "impossible"
    NOT_WANTED = "not-wanted"
    UNKNOWN = "unknown"


class Install(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """How one pinned distribution installs on a target, with sizes in bytes (None: unknown)."""

    name: str
    version: str
    kind: InstallKind
    filename: str = ""
    sha256: str | None = None
    download_bytes: int | None = None
    installed_bytes: int | None = None
    installed_estimated: bool = False


class ReasonKind(StrEnum):
    """What a reason is about."""

    NO_WHEEL = "no-wheel"
    NO_FILE = "no-file"
    NO_RECIPE = "no-recipe"
    BUILDS = "builds"
    PYTHON = "python"
    UNSATISFIABLE = "unsatisfiable"
    NEEDS_LIBRARY = "needs-library"
    NEEDS_PROGRAM = "needs-program"
    NO_PROVIDER = "no-provider"
    SYMBOL_VERSION = "symbol-version"
    ANY_FALLBACK = "any-fallback"
    CPU_LEVEL = "cpu-level"
    DRIVER = "driver"
    NOTE = "note"
    NOT_INSPECTED = "not-inspected"


class Reason(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One reason of a verdict: a sentence, the package it is about, and whether it forbids the candidate."""

    kind: ReasonKind
    package: str
    sentence: str
    blocking: bool = False
    evidence: str = ""


class ClosurePackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A package that comes along as a dependency, sizes in bytes."""

    name: str
    version: str
    source: str
    source_version: str
    download_bytes: int | None
    installed_bytes: int | None


class AddedPackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """An OS package that must be installed on the candidate.

    Sizes are of the package and its `closure`: the packages that it brings and that neither the
    candidate nor an earlier added package has. None is unknown.
    """

    manager: str
    name: str
    version: str | None
    why: tuple[str, ...]
    download_bytes: int | None
    installed_bytes: int | None
    source: str | None = None
    source_version: str | None = None
    own_download_bytes: int | None = None
    own_installed_bytes: int | None = None
    closure: tuple[ClosurePackage, ...] = ()


class Swap(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A cheaper replacement, with what it saves in bytes (None: unknown) and when it is safe."""

    replace: str
    with_: str = msgspec.field(name="with")
    saves_download_bytes: int | None
    saves_disk_bytes: int | None
    why: str


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of one application on one base image.

    Args:
        verdict: Best verdict that the evidence supports.
        reasons: Why; blocking ones first.
        installs: One per wanted distribution, sorted by name.
        add_packages: OS packages for run time, in installation order.
        build_packages: OS packages for the builder stage only.
        wheels_download_bytes: Sum over installs; None when one is unknown.
        wheels_disk_bytes: Sum over installs; None when one is unknown.
        sizes_estimated: An installed size was estimated.
        environment: Variables that the image must set (CUDA), sorted.
        swaps: Cheaper replacements on this candidate.
        added_packages: The run-time packages with their closures as packages, for matching; None when
            the versions are not known (an Alpine candidate without repository data).
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    installs: tuple[Install, ...] = ()
    add_packages: tuple[AddedPackage, ...] = ()
    build_packages: tuple[AddedPackage, ...] = ()
    wheels_download_bytes: int | None = None
    wheels_disk_bytes: int | None = None
    sizes_estimated: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    swaps: tuple[Swap, ...] = ()
    added_packages: tuple[Package, ...] | None = ()
