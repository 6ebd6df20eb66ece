"""The wishes that `choose` takes, and how settings of files become them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from basewise._internal.units import parse_size
from basewise.errors import InvalidValueError, UsageError
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.model.reference import Reference
from basewise.model.requirement import Accelerator
from basewise.settings import FileSettings

__all__ = ["PREFERENCES", "SUPPORTED_PLATFORMS", "ChooseOptions", "options_from_settings"]

PREFERENCES = ("balanced", "security", "size")
SUPPORTED_PLATFORMS = ("linux/amd64", "linux/arm64")


class ChooseOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to choose among and by what.

    Args:
        platform: Platform of the image.
        python: Only this Python minor (`3.12`).
        distro: Only this distribution or release (`debian`, `trixie`, `alpine3.24`, `3.24`).
        libc: Only `glibc` or `musl`.
        max_size_bytes: Largest finished application on disk.
        images: Only these images; one that the catalogue does not have is read on the fly. A text may name a
            local image as `oci:DIR`, `docker-archive:FILE` …
        accelerator: What the application computes on; None: as its settings say.
        include_prerelease: Admit pre-releases of Python.
        include_eol: Admit what is past its end of support.
        allow_lts: Rank long-term support like regular support.
        prefer: Named weights of the cost formula.
        weights: Single weights that override the named ones.
        requirement_files: Requirements files that replace the search for manifests.
        extras: Optional dependencies that are part of production.
        groups: Dependency groups that are part of production.
        project_root: Folder within which `-r` lines may leave the application folder.
        allow_index: Index URLs that are honoured where the application's files ask for them.
        offline: Ask nobody.
        plain_http: `host:port` of registries that may be asked without TLS.
        ca_file: Certificates of authorities that are trusted besides the system's.
        token_services: Pairs of a registry and a host that may be given its credentials besides itself.
        limits: What reading an image may cost, where it is not as usual: values by the names of `operations.limits`.
    """

    platform: Platform = LINUX_AMD64
    python: str | None = None
    distro: str | None = None
    libc: str | None = None
    max_size_bytes: int | None = None
    images: tuple[Reference | str, ...] = ()
    accelerator: Accelerator = Accelerator.UNKNOWN
    include_prerelease: bool = False
    include_eol: bool = False
    allow_lts: bool = False
    prefer: str = "balanced"
    weights: Mapping[str, float] = {}
    requirement_files: tuple[Path, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    project_root: Path | None = None
    allow_index: tuple[str, ...] = ()
    offline: bool = False
    plain_http: tuple[str, ...] = ()
    ca_file: Path | None = None
    token_services: tuple[tuple[str, str], ...] = ()
    limits: Mapping[str, float] = {}


def options_from_settings(settings: FileSettings, folder: Path, given: Mapping[str, object]) -> ChooseOptions:
    """Combine the settings of files and environment with flags; a flag wins.

    Args:
        settings: From `load_settings`.
        folder: The application folder; requirements files of settings are relative to it.
        given: Values of `ChooseOptions` fields that flags set.

    Raises:
        UsageError: A value that is not allowed.
    """
    from_files: dict[str, object] = {
        "platform": None if settings.platform is None else _platform(settings.platform),
        "python": settings.python,
        "distro": settings.distro,
        "libc": _one_of("libc", settings.libc, ("glibc", "musl")),
        "max_size_bytes": None if settings.max_size is None else parse_size(settings.max_size),
        "accelerator": None if settings.accelerator is None else _accelerator(settings.accelerator),
        "include_prerelease": settings.include_prerelease,
        "include_eol": settings.include_eol,
        "allow_lts": settings.allow_lts,
        "prefer": _one_of("prefer", settings.prefer, PREFERENCES),
        "weights": settings.weights,
        "requirement_files": _paths(settings.requirement, folder),
        "extras": settings.extra,
        "groups": settings.group,
    }
    chosen = {name: value for name, value in from_files.items() if value is not None}
    chosen.update({name: value for name, value in given.items() if value is not None})
    return check_options(ChooseOptions(**chosen))  # type: ignore[arg-type]  # each value was checked by its name above


def check_options(options: ChooseOptions) -> ChooseOptions:
    """Return the options when they make sense.

    Raises:
        UsageError: A value that is not allowed.
    """
    if str(options.platform) not in SUPPORTED_PLATFORMS:
        raise UsageError(
            f"no base images are known for {options.platform}",
            hint=f"supported platforms: {', '.join(SUPPORTED_PLATFORMS)}",
        )
    _one_of("prefer", options.prefer, PREFERENCES)
    if options.python is not None and not _is_minor(options.python):
        raise InvalidValueError(
            f"not a Python minor: {options.python[:40]!r}", hint="write for example `3.12`"
        )
    return options


def _is_minor(text: str) -> bool:
    major, dot, minor = text.partition(".")
    return bool(dot) and major.isascii() and minor.isascii() and major.isdigit() and minor.isdigit()


def _platform(text: str) -> Platform:
    return Platform.parse(text)


def _accelerator(text: str) -> Accelerator:
    _one_of("accelerator", text, tuple(Accelerator))
    return Accelerator(text)


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> str | None:
    if value is not None and value not in allowed:
        raise UsageError(f"{name} cannot be {value[:40]!r}", hint=f"allowed: {', '.join(allowed)}")
    return value


def _paths(names: tuple[str, ...] | None, folder: Path) -> tuple[Path, ...] | None:
    return None if names is None else tuple(folder / name for name in names)
