"""Which wheel installs on a target: compatibility tags, matched without the tag lists of the host.

A wheel is decided by the Python, the C library *and its version*, and the machine of the candidate, never
by those of the machine that runs basewise.

Reference: PEP 425 (tags), PEP 600 (manylinux), PEP 656 (musllinux), binary distribution format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from basewise.fit.targets import Target
from basewise.model.distro import Libc
from basewise.model.requirement import DistributionFile

__all__ = ["WheelIndex", "WheelName", "parse_wheel_name"]

_LEGACY_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_PLATFORM = re.compile(
    r"(?P<family>manylinux|musllinux)_(?P<major>[0-9]{1,3})_(?P<minor>[0-9]{1,3})_(?P<machine>.+)\Z"
)
_PYTHON = re.compile(r"(?P<implementation>cp|py)(?P<major>[0-9])(?P<minor>[0-9]{0,3})\Z")
_BUILD = re.compile(r"(?P<number>[0-9]{1,9})(?P<rest>.*)\Z")
_MAX_TAGS = 256
# Newer than any C library; musllinux wheels ask for the same major.
_NEWEST = (Libc("glibc", "2.999"), Libc("musl", "1.999"))
_PYTHON_3 = "3"
_FIRST_ABI3_MINOR = 2


class PlatformTag(msgspec.Struct, frozen=True):
    """One platform of a wheel: family `glibc`, `musl`, `linux` or `any`, least version, machine."""

    family: str
    version: tuple[int, int]
    machine: str


class WheelName(msgspec.Struct, frozen=True):
    """A wheel's file name, taken apart.

    `platforms` holds Linux and `any` alone; a wheel for other systems has none. `build` sorts as the
    binary distribution format says.
    """

    distribution: str
    version: str
    build: tuple[int, str]
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[PlatformTag, ...]

    @property
    def is_any(self) -> bool:
        """The wheel is for every platform: it carries no compiled code (or hides it)."""
        return any(platform.family == "any" for platform in self.platforms)


@lru_cache(maxsize=16_384)
def parse_wheel_name(filename: str) -> WheelName | None:
    """Take a wheel's file name apart; None when it is no wheel name."""
    if not filename.endswith(".whl"):
        return None
    parts = filename[: -len(".whl")].split("-")
    if len(parts) not in {5, 6}:
        return None
    pythons, abis, platforms = (tuple(part.split(".")) for part in parts[-3:])
    if len(pythons) * len(abis) * len(platforms) > _MAX_TAGS:
        return None
    found = _BUILD.match(parts[2]) if len(parts) == 6 else None  # noqa: PLR2004 - six parts with a build tag
    return WheelName(
        distribution=parts[0].lower().replace("_", "-").replace(".", "-"),
        version=parts[1].replace("_", "-"),
        build=(int(found["number"]), found["rest"]) if found else (-1, ""),
        pythons=pythons,
        abis=abis,
        platforms=tuple(tag for text in platforms if (tag := _platform_tag(text)) is not None),
    )


class WheelIndex:
    """The wheels of one distribution, for picking the best one per target.

    Args:
        files: Its wheels; other files are left out.
    """

    def __init__(self, files: Iterable[DistributionFile]) -> None:
        self._wheels = tuple(
            (name, file)
            for file in files
            if (name := parse_wheel_name(file.filename)) is not None and name.platforms
        )
        self._ranked: dict[tuple[int, str], tuple[_Candidate, ...]] = {}
        self.has_platform_wheels = any(not name.is_any for name, _ in self._wheels)

    def best(self, target: Target) -> tuple[DistributionFile, bool] | None:
        """Return the wheel that an installer takes, and whether it is a pure one; None when none fits."""
        release = target.libc.release
        for candidate in self._candidates(target.minor, target.machine):
            if candidate.installs_on(target.libc.family, release):
                return candidate.file, candidate.pure
        return None

    def covers(self, python: str, machines: Iterable[str]) -> bool:
        """Say whether a Python minor has a wheel on the newest of each C library, for each machine."""
        targets = (Target(python, libc, machine) for libc in _NEWEST for machine in machines)
        return all(self.best(target) is not None for target in targets)

    def installable(self, minor: int, machine: str) -> tuple[DistributionFile, ...]:
        """Return every wheel for CPython 3.`minor` and a machine, whatever the C library, best first."""
        return tuple(dict.fromkeys(candidate.file for candidate in self._candidates(minor, machine)))

    def offers(self, family: str, *, machine: str = "") -> bool:
        """Say whether any wheel is made for this C library (`glibc`, `musl`), and machine when one is given."""
        return any(
            platform.family == family and machine in {"", platform.machine}
            for name, _ in self._wheels
            for platform in name.platforms
        )

    def oldest_libc(self, target: Target) -> tuple[int, int] | None:
        """Return the oldest C library on which a wheel for this Python and machine runs, None without one."""
        return min(
            (
                candidate.platform.version
                for candidate in self._candidates(target.minor, target.machine)
                if candidate.platform.family == target.libc.family
            ),
            default=None,
        )

    def _candidates(self, minor: int, machine: str) -> tuple[_Candidate, ...]:
        key = (minor, machine)
        if key not in self._ranked:
            found: list[_Candidate] = []
            for name, file in self._wheels:
                for platform in name.platforms:
                    rank = _python_rank(name, minor, pure=platform.family == "any")
                    if rank is not None and platform.machine in {machine, ""}:
                        found.append(_Candidate(rank, platform, name.build, file))
            self._ranked[key] = tuple(sorted(found, key=lambda candidate: candidate.order))
        return self._ranked[key]


class _Candidate:
    """A wheel under one of its platforms, with the place that installers give it."""

    __slots__ = ("file", "order", "platform", "pure")

    def __init__(
        self, rank: tuple[int, int], platform: PlatformTag, build: tuple[int, str], file: DistributionFile
    ) -> None:
        self.platform = platform
        self.file = file
        self.pure = platform.family == "any"
        major, minor = platform.version
        self.order = (
            self.pure, rank, platform.family == "linux", -major, -minor, -build[0], file.filename,
        )  # fmt: skip

    def installs_on(self, family: str, release: tuple[int, int]) -> bool:
        """Say whether this platform runs on the C library."""
        wanted = self.platform
        if wanted.family in {"any", "linux"}:
            return True
        if wanted.family != family or wanted.version > release:
            return False
        return family == "glibc" or wanted.version[0] == release[0]


def _platform_tag(text: str) -> PlatformTag | None:
    if text == "any":
        return PlatformTag("any", (0, 0), "")
    for legacy, version in _LEGACY_MANYLINUX.items():
        if text.startswith(f"{legacy}_"):
            return PlatformTag("glibc", version, text[len(legacy) + 1 :])
    found = _PLATFORM.match(text)
    if found is not None:
        family = "glibc" if found["family"] == "manylinux" else "musl"
        return PlatformTag(family, (int(found["major"]), int(found["minor"])), found["machine"])
    if text.startswith("linux_"):
        return PlatformTag("linux", (0, 0), text.removeprefix("linux_"))
    return None


def _python_rank(name: WheelName, minor: int, *, pure: bool) -> tuple[int, int] | None:
    """Return how well the Python and ABI tags fit CPython 3.`minor` with the GIL, smaller is better.

    A wheel for every platform can have no ABI.
    """
    ranks = [
        rank
        for python in name.pythons
        for abi in name.abis
        if not (pure and abi != "none")
        if (rank := _interpreter_rank(python, abi, minor)) is not None
    ]
    return min(ranks, default=None)


def _interpreter_rank(python: str, abi: str, minor: int) -> tuple[int, int] | None:
    found = _PYTHON.match(python)
    if found is None or found["major"] != _PYTHON_3:
        return None
    wanted = int(found["minor"]) if found["minor"] else None
    if found["implementation"] == "cp":
        return None if wanted is None else _cpython_rank(wanted, abi, minor)
    if abi != "none" or (wanted is not None and wanted > minor):
        return None
    if wanted is None:
        return 4, 1
    return (4, 0) if wanted == minor else (4, 1 + minor - wanted)


def _cpython_rank(wanted: int, abi: str, minor: int) -> tuple[int, int] | None:
    if abi == f"cp3{minor}" and wanted == minor:
        return 0, 0
    if abi == "abi3" and _FIRST_ABI3_MINOR <= wanted <= minor:
        return (1, 0) if wanted == minor else (3, minor - wanted)
    if abi == "none" and wanted == minor:
        return 2, 0
    return None
