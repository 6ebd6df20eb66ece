"""The sentences about what the base must have."""

from __future__ import annotations

from basewise.fit.facts import NeedKind
from basewise.fit.native import Need
from basewise.model.base_image import BaseImage
from basewise.model.verdict import Reason, ReasonKind

__all__ = ["because", "needs_packages", "no_provider", "perhaps_carried"]

_PROGRAM_KINDS = frozenset({NeedKind.PROGRAM, NeedKind.FONTS, NeedKind.COMPILER, NeedKind.JAVA})


def because(need: Need) -> str:
    """Say why a package is added: who loads or needs what."""
    who = ", ".join(need.wanted_by)
    if need.kind is NeedKind.SONAME:
        return f"{who} loads {need.name}"
    return f"{who} needs {need.name}"


def needs_packages(need: Need, names: tuple[str, ...]) -> Reason:
    """Say which packages settle a need."""
    kind = ReasonKind.NEEDS_PROGRAM if need.kind in _PROGRAM_KINDS else ReasonKind.NEEDS_LIBRARY
    moment = "at import" if need.when == "import" else "when it is called"
    sentence = f"{', '.join(need.wanted_by)} needs {need.name} {moment}: add {' '.join(names)}"
    return Reason(kind=kind, package=need.wanted_by[0], sentence=sentence, evidence=need.evidence)


def no_provider(image: BaseImage, need: Need, *, gone: bool) -> Reason:
    """Say that no package settles a need; `gone` when the release is known to have none."""
    who = ", ".join(need.wanted_by)
    sentence = (
        f"{who} needs {need.name}, which no package of {image.distro} brings"
        if gone
        else f"{who} needs {need.name}; which package of {image.distro} brings it is not known"
    )
    return Reason(
        kind=ReasonKind.NO_PROVIDER,
        package=need.wanted_by[0],
        sentence=sentence,
        blocking=gone,
        evidence=need.evidence,
    )


def perhaps_carried(need: Need, not_inspected: tuple[str, ...]) -> Reason:
    """Say that a library may be inside a wheel that was not read."""
    who = ", ".join(need.wanted_by)
    sentence = f"{who} needs {need.name}, which no known package brings; {', '.join(not_inspected)}, not inspected, may carry it"
    return Reason(
        kind=ReasonKind.NOT_INSPECTED, package=need.wanted_by[0], sentence=sentence, evidence=need.evidence
    )
