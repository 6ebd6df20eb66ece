"""When a requirement is wanted: PEP 508 markers, evaluated for a container and never for this machine."""

from __future__ import annotations

from functools import lru_cache

from basewise.fit.targets import marker_environment

__all__ = ["is_wanted", "simplified"]

_MAX_MARKER_CHARACTERS = 10_000


@lru_cache(maxsize=8192)
def is_wanted(marker: str, python: str, machine: str) -> bool | None:
    """Evaluate a marker.

    Args:
        marker: PEP 508 marker, "" for always.
        python: Full version of the candidate's Python.
        machine: `x86_64` or `aarch64`.

    Returns:
        None when the marker cannot be read.
    """
    if not marker:
        return True
    if len(marker) > _MAX_MARKER_CHARACTERS:
        return None
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison  # noqa: PLC0415 - many locks have none

    try:
        return bool(Marker(marker).evaluate(marker_environment(python, machine)))
    except (InvalidMarker, UndefinedComparison, RecursionError, ValueError):
        return None


def simplified(marker: str, minor: str, machines: tuple[str, ...]) -> str | None:
    """Return what is left of a marker for one Python minor on Linux: "" for always, None for never.

    Only a choice of the machine is left, or the marker itself where patch releases differ.
    """
    if not marker:
        return ""
    by_machine: dict[str, bool] = {}
    for machine in machines:
        answers = {is_wanted(marker, f"{minor}.{patch}", machine) for patch in (0, 99)}
        if len(answers) != 1 or None in answers:
            return marker
        by_machine[machine] = answers == {True}
    wanted = [machine for machine, holds in by_machine.items() if holds]
    if len(wanted) == len(machines):
        return ""
    return " or ".join(f"platform_machine == '{machine}'" for machine in sorted(wanted)) if wanted else None
