"""Why a vulnerability applies to a package or does not, and how to get its fix, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from basewise.candidates.user_catalogue import load_whole_catalogue
from basewise.errors import ImageError, InvalidValueError
from basewise.model.advisory import Advisory, FactKind
from basewise.model.base_image import BaseImage
from basewise.model.finding import State
from basewise.model.package import PackageType
from basewise.model.platform import Platform
from basewise.model.scan import Origin, ScanBase, ScanFinding, ScanPackage
from basewise.report.upgrade_command import upgrade_command
from basewise.versions import apk, debian, pep440, rpm

__all__ = ["how_to_fix", "why_it_applies", "why_it_does_not"]

_ORDERS: Mapping[PackageType, Callable[[str], Any]] = {
    PackageType.DEB: debian.sort_key,
    PackageType.APK: apk.sort_key,
    PackageType.RPM: rpm.sort_key,
    PackageType.PYPI: pep440.sort_key,
    PackageType.CPYTHON: pep440.sort_key,
}
_STATES = {
    State.FIXED: "a fixed version is published, and the installed one is older",
    State.OPEN: "no published version fixes it here",
    State.WONT_FIX: "the distribution has decided not to fix it in this release",
    State.MINOR: "the tracker calls it minor, so it gets no update of its own",
    State.UNDETERMINED: "the sources do not say whether the installed version is affected",
}


def why_it_applies(finding: ScanFinding) -> str:
    """Return why a finding has its state."""
    detail = f" ({finding.detail})" if finding.detail else ""
    verb = "say" if len(finding.origins) > 1 else "says"
    said = f", {verb} {', '.join(finding.origins)}" if finding.origins else ""
    return f"{finding.state}: {_STATES[finding.state]}{detail}{said}"


def why_it_does_not(facts: Sequence[Advisory], installed: str, kind: PackageType) -> str:
    """Return why what the sources say does not hold for an installed version."""
    fixes = sorted({fact.version for fact in facts if fact.kind is FactKind.FIXED and fact.version})
    reached = [version for version in fixes if _reaches(installed, version, kind)]
    if reached:
        return f"fixed in {reached[-1]}: the installed {installed} has the fix"
    denied = next((fact for fact in facts if fact.kind is FactKind.NOT_AFFECTED), None)
    if denied is not None:
        return f"{denied.origin} says that this release is not affected" + (
            f" ({denied.detail})" if denied.detail else ""
        )
    if any(fact.kind is FactKind.AFFECTED for fact in facts):
        return f"the installed {installed} is in none of the affected versions that the sources list"
    elsewhere = next((fact for fact in facts if fact.kind is FactKind.FIXED_ELSEWHERE), None)
    if elsewhere is not None:
        return (
            f"another suite fixed it in {elsewhere.version}, and the installed {installed} is at least that"
        )
    if all(fact.kind is FactKind.MENTIONED for fact in facts):
        return "a changelog mentions it without fixing it, and no source says that it applies"
    return f"what the sources say does not hold for the installed {installed}"


def _reaches(installed: str, version: str, kind: PackageType) -> bool:
    order = _ORDERS[kind]
    try:
        return bool(order(installed) >= order(version))
    except InvalidValueError:
        return False


def how_to_fix(finding: ScanFinding, base: ScanBase | None, platform: str) -> tuple[tuple[str, ...], str]:
    """Return how to get the fix, or what else to do, and the command that a Dockerfile can run.

    Args:
        finding: What applies.
        base: The base image, where it is known.
        platform: Of the image.

    Returns:
        Sentences, and a command; "" where no package manager can, or nothing is fixed.
    """
    to = finding.fixed_version
    if finding.state is not State.FIXED or to is None:
        return (finding.advice,), ""
    command = upgrade_command(finding.package, finding.binaries, to)
    by_hand = (
        f"take an image that has {to}, or build it anew: no package manager upgrades what it did not install"
    )
    ways = [f"install {to} in the Dockerfile" if command else by_hand]
    if finding.introduced_by is Origin.BASE and base is not None:
        newer = _newer_build(finding.package, to, base, platform)
        ways.append(
            newer or f"a newer build of the base image `{base.image}` may have it: pull it and pin its digest"
        )
    return tuple(ways), command


def _newer_build(package: ScanPackage, to: str, base: ScanBase, platform: str) -> str | None:
    """Return the sentence about a build in the catalogue that has the fix; None where it has none, or is the same."""
    image = next(
        (found for found in _catalogue(platform) if base.image in {found.name, *found.also_known_as}), None
    )
    if image is None or image.index_digest is None or str(image.index_digest) == base.digest:
        return None
    if not any(_reaches(version, to, package.type) for version in _versions(package, image)):
        return None
    return f"the build of {image.created.date()} has it: FROM {image.name}@{image.index_digest}"


def _versions(package: ScanPackage, image: BaseImage) -> Iterable[str]:
    """Yield the versions of a package that a base image has."""
    if package.type is PackageType.CPYTHON:
        yield image.python
    for found in image.packages or ():
        if found.type is package.type and (found.source or found.name) == (package.source or package.name):
            yield found.source_version or found.version


def _catalogue(platform: str) -> tuple[BaseImage, ...]:
    try:
        parsed = Platform.parse(platform)
        return load_whole_catalogue(Platform(parsed.os, parsed.architecture)).images
    except (ImageError, InvalidValueError):
        return ()
