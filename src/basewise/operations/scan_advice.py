"""What to do about a finding: one sentence, with the command that a Dockerfile can run."""

from __future__ import annotations

from basewise.model.finding import Finding, State
from basewise.model.package import PackageType
from basewise.model.scan import Origin
from basewise.report.upgrade_command import upgrade_command

__all__ = ["advise"]


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
            return _wait(finding, name)
        case State.WONT_FIX:
            return f"the distribution will not fix `{name}` in this release; a newer release or removing it would help"
        case State.MINOR:
            return f"the tracker calls it minor for `{name}`: nothing to do now"
        case State.UNDETERMINED:
            return f"it is not known whether the installed version of `{name}` is affected"


def _upgrade(finding: Finding, name: str, origin: Origin) -> str:
    if finding.fixed_version is None:
        return f"upgrade `{name}`: a fix is published"
    to = f"upgrade `{name}` to {finding.fixed_version}"
    command = upgrade_command(finding.package, finding.binaries, finding.fixed_version)
    if command:
        how = f"`{command}`"
    else:
        how = "take a base image that has it, or build it anew: no package manager upgrades this one"
    newer = "; a newer build of the base image may have it" if origin is Origin.BASE else ""
    return f"{to}: {how}{newer}"


def _wait(finding: Finding, name: str) -> str:
    if finding.package.type is PackageType.PYPI:
        return (
            f"no fixed version of `{name}` is published; replace it, or see whether the affected part is used"
        )
    if finding.package.type is PackageType.CPYTHON:
        return f"no release of this branch of `{name}` fixes it yet; see whether the affected part is used"
    return f"no version of `{name}` in this release fixes it; remove the package if nothing needs it"
