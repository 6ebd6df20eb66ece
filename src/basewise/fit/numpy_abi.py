"""Wheels that were compiled for NumPy 1 and are resolved together with NumPy 2: they install, and fail at run time.

What a distribution asks of numpy has often no upper bound, so that a resolver does not see it.

Reference:
    NumPy 2.0 migration guide, "NumPy 2.0-specific advice": extensions built before need `numpy<2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise.fit.outcome import ResolutionProblem
from basewise.model.requirement import Resolution, ResolvedPackage
from basewise.versions import pep440

__all__ = ["NumpyAbi", "numpy_abi_entries", "warn_of_numpy"]

TABLE = "knowledge/numpy_abi.json"
_NUMPY = "numpy"
_FIRST_OF_NEW = "2"


class NumpyAbi(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the table.

    Args:
        package: PEP 503 name.
        since: First version whose wheels run on NumPy 2.
        effect: What happens with an older one, a sentence without its end.
        source: What shows it.
        date: Day of the look, `YYYY-MM-DD`.
    """

    package: str
    since: str
    effect: str
    source: str
    date: str


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    schema: str
    entries: tuple[NumpyAbi, ...]


def warn_of_numpy(
    resolutions: Mapping[str, Resolution | ResolutionProblem], entries: tuple[NumpyAbi, ...] | None = None
) -> tuple[str, ...]:
    """Return a sentence for each distribution whose wheels need NumPy 1 and get NumPy 2.

    Args:
        resolutions: Pins by Python minor.
        entries: The table; the embedded one when None.
    """
    known = {entry.package: entry for entry in (numpy_abi_entries() if entries is None else entries)}
    found: dict[tuple[str, str], list[str]] = {}
    for minor, resolution in resolutions.items():
        if isinstance(resolution, Resolution):
            for name, version, numpy in _of_minor(resolution, minor, known):
                found.setdefault((name, version), []).append(numpy)
    return tuple(
        f"{name} {version} was built for NumPy 1 and gets numpy {max(versions, key=pep440.sort_key)}: "
        f"{known[name].effect}; ask for `numpy<2`, or for {name} {known[name].since} or later"
        for (name, version), versions in sorted(found.items())
    )


def _of_minor(
    resolution: Resolution, minor: str, known: Mapping[str, NumpyAbi]
) -> list[tuple[str, str, str]]:
    numpy = {package.version for package in resolution.packages if package.name == _NUMPY}
    if len(numpy) != 1 or pep440.compare(min(numpy), _FIRST_OF_NEW) < 0:
        return []
    return [
        (package.name, package.version, min(numpy))
        for package in resolution.packages
        if package.name in known
        and pep440.compare(package.version, known[package.name].since) < 0
        and _has_wheel(package, minor)
    ]


def _has_wheel(package: ResolvedPackage, minor: str) -> bool:
    """Tell whether a wheel is installed on a minor: what is built there is built for the numpy that is there."""
    tag = f"-cp{minor.replace('.', '')}-"
    return any(tag in wheel.filename or "-abi3-" in wheel.filename for wheel in package.wheels)


@cache
def numpy_abi_entries() -> tuple[NumpyAbi, ...]:
    """Return the embedded table, sorted by package.

    Raises:
        KnowledgeError: It is missing or damaged.
    """
    return decode_embedded(TABLE, _Table).entries
