"""What to upgrade: the fixable findings of one package together, with the version that removes them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from basewise.errors import InvalidValueError
from basewise.matching.count import count_exploited
from basewise.model.finding import State
from basewise.model.package import PackageType
from basewise.model.scan import ScanFinding, ScanPackage, ScanUpgrade
from basewise.policy.severity import severity_order
from basewise.report.upgrade_command import upgrade_command
from basewise.versions import apk, debian, pep440, rpm

__all__ = ["upgrades_of"]

_ORDERS: Mapping[PackageType, Callable[[str], Any]] = {
    PackageType.DEB: debian.sort_key,
    PackageType.APK: apk.sort_key,
    PackageType.RPM: rpm.sort_key,
    PackageType.PYPI: pep440.sort_key,
    PackageType.CONDA: pep440.sort_key,
    PackageType.CPYTHON: pep440.sort_key,
}


def upgrades_of(findings: Iterable[ScanFinding]) -> tuple[ScanUpgrade, ...]:
    """Return the packages to upgrade, the most urgent first.

    Args:
        findings: In the order of urgency.
    """
    groups: dict[ScanPackage, list[ScanFinding]] = {}
    for found in findings:
        if found.state is State.FIXED and found.fixed_version is not None:
            groups.setdefault(found.package, []).append(found)
    upgrades = [_upgrade(package, group) for package, group in groups.items()]
    return tuple(sorted(upgrades, key=_urgency))


def _upgrade(package: ScanPackage, group: list[ScanFinding]) -> ScanUpgrade:
    first = group[0]
    to = _newest({found.fixed_version for found in group if found.fixed_version is not None}, package.type)
    return ScanUpgrade(
        package=package,
        binaries=first.binaries,
        to=to,
        command=upgrade_command(package, first.binaries, to),
        fixes=tuple(found.id for found in group),
        severity=min((found.severity for found in group), key=severity_order),
        exploited=count_exploited(group),
        layer=first.layer,
        instruction=first.instruction,
        introduced_by=first.introduced_by,
    )


def _newest(versions: Iterable[str], kind: PackageType) -> str:
    """Return the newest version; one that cannot be compared is older than all others."""
    order = _ORDERS[kind]
    comparable = []
    rest = []
    for version in sorted(versions):
        try:
            comparable.append((order(version), version))
        except InvalidValueError:
            rest.append(version)
    if not comparable:
        return rest[-1]
    return max(comparable, key=lambda pair: pair[0])[1]


def _urgency(upgrade: ScanUpgrade) -> tuple[object, ...]:
    package = upgrade.package
    return (
        -(upgrade.exploited or 0),
        severity_order(upgrade.severity),
        -len(upgrade.fixes),
        package.source or package.name,
        package.version,
    )
