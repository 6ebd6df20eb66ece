"""How each pinned distribution gets onto a target: by wheel, by its pure wheel, from source, or not at all."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from basewise.fit.facts import BuildRecipe
from basewise.fit.knowledge import Knowledge
from basewise.fit.markers import is_wanted
from basewise.fit.tags import WheelIndex, parse_wheel_name
from basewise.fit.targets import Target
from basewise.model.requirement import DistributionFile, Resolution, ResolvedPackage
from basewise.model.verdict import InstallKind, Reason, ReasonKind

__all__ = ["InstallPlan", "Place", "PlannedInstall", "Planner", "is_pure", "recipe_packages"]

_ALPINE = "alpine"


class Place(msgspec.Struct, frozen=True, order=True):
    """A target on a release of a distribution: Debian's codename, or `alpine`; "" when neither."""

    target: Target
    release: str

    @property
    def distro(self) -> str:
        """The release as a person says it."""
        if self.release == _ALPINE:
            return "Alpine"
        return f"Debian {self.release}" if self.release else "this distribution"


class PlannedInstall(msgspec.Struct, frozen=True):
    """One pin and the file that an installer would take for it."""

    package: ResolvedPackage
    kind: InstallKind
    file: DistributionFile | None = None
    recipe: BuildRecipe | None = None

    @property
    def label(self) -> str:
        """`name version`, for sentences."""
        return f"{self.package.name} {self.package.version}"


class InstallPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What installs on a place with a full version of Python, and what speaks against it."""

    place: Place
    python: str
    installs: tuple[PlannedInstall, ...]
    reasons: tuple[Reason, ...]

    @property
    def wheels(self) -> tuple[DistributionFile, ...]:
        """The wheels that would be installed."""
        return tuple(one.file for one in self.installs if one.file is not None and one.file.is_wheel)


class Planner:
    """Plans the pins of one resolution for places, each package's wheels being sorted out once.

    Args:
        resolution: The pins.
        knowledge: Build recipes.
        pure_sources: Names of distributions whose source archive holds no compiled code.
    """

    def __init__(
        self, resolution: Resolution, knowledge: Knowledge, *, pure_sources: frozenset[str] = frozenset()
    ) -> None:
        self._knowledge = knowledge
        self._pure_sources = pure_sources
        self._packages = tuple((package, WheelIndex(package.wheels)) for package in resolution.packages)

    def plan(self, place: Place, python: str) -> InstallPlan:
        """Return the plan for a place.

        Args:
            place: Target and release.
            python: Full version of the candidate's Python, for markers.
        """
        installs: list[PlannedInstall] = []
        reasons: list[Reason] = []
        unknown: list[PlannedInstall] = []
        for package, index in self._packages:
            wanted = is_wanted(package.marker, python, place.target.machine)
            if wanted is False:
                continue
            install = self._install(package, index, place)
            installs.append(install)
            reasons += _reasons(install, index, place)
            unknown += [install] if install.kind is InstallKind.UNKNOWN else []
            if wanted is None:
                sentence = f"the marker of {install.label} cannot be read: it is taken as wanted"
                reasons.append(Reason(kind=ReasonKind.NOTE, package=package.name, sentence=sentence))
        reasons += [_unknown(unknown)] if unknown else []
        return InstallPlan(place=place, python=python, installs=tuple(installs), reasons=tuple(reasons))

    def _install(self, package: ResolvedPackage, index: WheelIndex, place: Place) -> PlannedInstall:
        best = index.best(place.target)
        if best is not None:
            file, pure = best
            fallback = pure and index.has_platform_wheels
            return PlannedInstall(package, InstallKind.ANY_FALLBACK if fallback else InstallKind.WHEEL, file)
        if package.sdist is not None:
            recipe = self._recipe(package, place)
            if recipe is not None or package.name in self._pure_sources:
                return PlannedInstall(package, InstallKind.SDIST, package.sdist, recipe)
        if not package.files_known:
            return PlannedInstall(package, InstallKind.UNKNOWN)
        return PlannedInstall(package, InstallKind.IMPOSSIBLE)

    def _recipe(self, package: ResolvedPackage, place: Place) -> BuildRecipe | None:
        if not place.release:
            return None
        return self._knowledge.recipe_for(package.name, package.version, codename=place.release)


def _reasons(install: PlannedInstall, index: WheelIndex, place: Place) -> list[Reason]:
    name, label = install.package.name, install.label
    match install.kind:
        case InstallKind.WHEEL | InstallKind.UNKNOWN:
            return []
        case InstallKind.ANY_FALLBACK:
            sentence = f"{label} has {_missing(index, place)}; its pure-Python wheel is installed instead"
            return [Reason(kind=ReasonKind.ANY_FALLBACK, package=name, sentence=sentence)]
        case InstallKind.SDIST:
            compiled = "" if install.recipe is not None else "; its source holds nothing to compile"
            sentence = f"{label} has {_missing(index, place)} and is built from source{compiled}"
            return [Reason(kind=ReasonKind.BUILDS, package=name, sentence=sentence)]
        case _:
            return [_impossible(install, index, place)]


def _unknown(installs: list[PlannedInstall]) -> Reason:
    names = ", ".join(install.label for install in installs)
    sentence = f"which files of {names} install here is not known: the lock pins hashes without file names"
    return Reason(kind=ReasonKind.NO_FILE, package=installs[0].package.name, sentence=sentence)


def _impossible(install: PlannedInstall, index: WheelIndex, place: Place) -> Reason:
    package, label = install.package, install.label
    if not package.wheels and package.sdist is None:
        kind, sentence = ReasonKind.NO_FILE, f"{label} has no file that could be installed on {place.distro}"
    else:
        kind = ReasonKind.NO_RECIPE if package.sdist is not None else ReasonKind.NO_WHEEL
        sentence = f"{label} has {_missing(index, place)} and no build recipe for {place.distro}"
    return Reason(kind=kind, package=package.name, sentence=sentence, blocking=True)


def _missing(index: WheelIndex, place: Place) -> str:
    """Say which wheel is missing: for the C library, the machine, the Python, or a C library this old."""
    target = place.target
    family = "musllinux" if target.libc.family == "musl" else "manylinux"
    if not index.offers(target.libc.family):
        return f"no {family} wheel"
    if not index.offers(target.libc.family, machine=target.machine):
        return f"no {family} wheel for {target.machine}"
    oldest = index.oldest_libc(target)
    if oldest is None:
        return f"no {family} wheel for Python {target.python}"
    return f"no wheel for {target.libc} (its oldest wheel needs {oldest[0]}.{oldest[1]})"


def recipe_packages(
    installs: Iterable[PlannedInstall], release: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return the run-time and the builder packages of what is built from source, each with why.

    Args:
        installs: What is installed.
        release: Debian codename or `alpine`.
    """
    run: dict[str, tuple[str, ...]] = {}
    build: dict[str, tuple[str, ...]] = {}
    for one in installs:
        if one.kind is not InstallKind.SDIST or one.recipe is None:
            continue
        for name in one.recipe.run.get(release, ()):
            run[name] = (*run.get(name, ()), f"{one.package.name}, built from source, links to it")
        for name in one.recipe.build.get(release, ()):
            build[name] = (*build.get(name, ()), f"{one.package.name} is built from source")
    return run, build


def is_pure(file: DistributionFile) -> bool:
    """Say whether a wheel is for every platform."""
    name = parse_wheel_name(file.filename)
    return name is not None and name.is_any
