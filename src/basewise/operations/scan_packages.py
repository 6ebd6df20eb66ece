"""Which packages of an image are judged, and by whom: the distribution judges its own, PyPI the rest of Python."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from basewise._internal.text import plural
from basewise.inventory.libraries import UNSEEN_LIBC
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Inventory
from basewise.model.package import Package, PackageType

__all__ = ["JudgedPackages", "judged_packages"]

MAX_NAMES_SHOWN = 10
_SEPARATORS = re.compile(r"[-_.]+")


class JudgedPackages(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to matching.

    Args:
        packages: Each once, sorted.
        installed: The same with place and layer; several where one version stands in several places.
        not_covered: What the inventory could not see, and what nobody judges, with the reason.
    """

    packages: tuple[Package, ...]
    installed: tuple[InstalledPackage, ...]
    not_covered: tuple[NotCovered, ...] = ()


def judged_packages(inventory: Inventory) -> JudgedPackages:
    """Return the packages of an inventory that advisories are looked up for.

    OS packages, interpreters that no OS package brought, and Python distributions that the distribution does
    not own, or whose files were overwritten since. What is embedded in something else is none of them.
    """
    installed = tuple(found for found in inventory.packages if _is_judged(found))
    unseen = (item for item in inventory.coverage.not_covered if item.what != UNSEEN_LIBC)
    return JudgedPackages(
        packages=tuple(sorted({found.package for found in installed})),
        installed=installed,
        not_covered=(*unseen, *_conda_not_covered(inventory.packages)),
    )


def _is_judged(found: InstalledPackage) -> bool:
    kind = found.package.type
    if kind is PackageType.PYPI:
        return found.owner is None or found.files_changed
    return kind is not PackageType.CONDA


def _conda_not_covered(packages: Iterable[InstalledPackage]) -> tuple[NotCovered, ...]:
    """Name the conda packages that have no twin which PyPI's or CPython's advisories judge."""
    conda: set[str] = set()
    twins: set[str] = set()
    for found in packages:
        package = found.package
        if package.type is PackageType.CONDA:
            conda.add(package.name)
        elif package.type is PackageType.PYPI and _is_judged(found):
            twins.add(_normalised(package.name))
        elif package.type is PackageType.CPYTHON:
            twins.add("python")
    alone = sorted(name for name in conda if _normalised(name) not in twins)
    if not alone:
        return ()
    more = f" and {len(alone) - MAX_NAMES_SHOWN} more" if len(alone) > MAX_NAMES_SHOWN else ""
    why = f"no source publishes advisories for conda packages: {', '.join(alone[:MAX_NAMES_SHOWN])}{more}"
    return (NotCovered(plural(len(alone), "conda package"), why),)


def _normalised(name: str) -> str:
    """Return a name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()
