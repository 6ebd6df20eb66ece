"""The command that installs fixed versions, as a Dockerfile can run it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from basewise.model.package import Package, PackageType
from basewise.model.scan import ScanPackage, ScanUpgrade

__all__ = ["upgrade_command", "upgrade_commands"]

_COMMANDS = {
    PackageType.DEB: "apt-get update && apt-get install -y --only-upgrade",
    PackageType.APK: "apk add --no-cache --upgrade",
    PackageType.RPM: "dnf upgrade -y",
    PackageType.PYPI: "pip install",
}


def upgrade_command(package: Package | ScanPackage, binaries: Sequence[str], to: str) -> str:
    """Return the command for one package, "" where no package manager can.

    Args:
        package: As installed.
        binaries: All installed packages of its source.
        to: The version that has the fix.
    """
    command = _COMMANDS.get(package.type)
    names = _arguments(package, binaries, to)
    return f"{command} {' '.join(names)}" if command and names else ""


def upgrade_commands(upgrades: Iterable[ScanUpgrade]) -> tuple[str, ...]:
    """Return a command for each package manager that does all of its upgrades at once."""
    arguments: dict[PackageType, dict[str, None]] = {kind: {} for kind in _COMMANDS}
    for upgrade in upgrades:
        if upgrade.package.type in arguments:
            names = _arguments(upgrade.package, upgrade.binaries, upgrade.to)
            arguments[upgrade.package.type].update(dict.fromkeys(names))
    return tuple(f"{_COMMANDS[kind]} {' '.join(names)}" for kind, names in arguments.items() if names)


def _arguments(package: Package | ScanPackage, binaries: Sequence[str], to: str) -> tuple[str, ...]:
    """Return what is named to the package manager, quoted for a shell since names come from the image.

    A Python package is raised to the very version, not beyond: the next series may break what uses it. What looks
    like an option is no name of a package and is left out.
    """
    names = [f"{package.name}=={to}"] if package.type is PackageType.PYPI else binaries
    return tuple(shlex.quote(name) for name in names if not name.startswith("-"))
