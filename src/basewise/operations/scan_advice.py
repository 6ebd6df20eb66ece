"""What to do about a finding: one sentence, with the command that a Dockerfile can run."""

from __future__ import annotations

import shlex

from basewise.model.finding import Finding, State
from basewise.model.package import PackageType
from basewise.model.scan import Origin

__all__ = ["advise", "upgrade_command"]


def upgrade_command(finding: Finding) -> str:
    """Return the command that installs the fix, "" where no package manager can.

    Names come from the image: each is quoted for a shell.
    """
    if finding.state is not State.FIXED or finding.fixed_version is None:
        return ""
    names = " ".join(shlex.quote(name) for name in finding.binaries)
    match finding.package.type:
        case PackageType.DEB:
            return f"apt-get update && apt-get install --only-upgrade -y {names}"
        case PackageType.APK:
            return f"apk add --no-cache --upgrade {names}"
        case PackageType.RPM:
            return f"dnf upgrade -y {names}"
        case PackageType.PYPI:
            return f"pip install {shlex.quote(f'{finding.package.name}>={finding.fixed_version}')}"
    return ""


def advise(finding: Finding, origin: Origin) -> str:
    """Return what to do, one sentence.

    Args:
        finding: What was found.
        origin: Which part of the image brought the package.
    """
    name = finding.package.source or finding.package.name
    match finding.state:
        case State.FIXED:
            return _upgrade(finding, name, origin)
        case State.OPEN:
            return f"no version of `{name}` in this release fixes it; remove the package if nothing needs it"
        case State.WONT_FIX:
            return f"the distribution will not fix `{name}` in this release; a newer release or removing it would help"
        case State.MINOR:
            return f"the tracker calls it minor for `{name}`: nothing to do now"
        case State.UNDETERMINED:
            return f"it is not known whether `{name}` in this release is affected"


def _upgrade(finding: Finding, name: str, origin: Origin) -> str:
    to = f"upgrade `{name}` to {finding.fixed_version}"
    if finding.package.type is PackageType.CPYTHON:
        how = "take a base image that has it, or build it anew: no package manager upgrades this interpreter"
    elif finding.package.type is PackageType.CONDA:
        how = "in the environment's file"
    else:
        how = f"`{upgrade_command(finding)}`"
    newer = "; a newer build of the base image may have it" if origin is Origin.BASE else ""
    return f"{to}: {how}{newer}"
