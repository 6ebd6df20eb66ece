"""What the application's own Dockerfile installs beside what its wheels need: kept where the start command calls it, else named."""

from __future__ import annotations

import re
from collections.abc import Iterable

from basewise.debian.gone import Gone, load_gone
from basewise.model.base_image import BaseImage
from basewise.model.build_plan import PlannedPackage
from basewise.model.requirement import Application
from basewise.model.verdict import Fit
from basewise.rules.build_tools import is_build_tool

__all__ = ["gone_of", "left_behind", "needed_by_command"]

_PYTHON = re.compile(r"(?:python3?(?:\.\d+)?(?:-[a-z]+)?|python-is-python3|py3-pip|pip)\Z")

_SAME_NAME = frozenset({"dumb-init", "tini"})
"""Called the same in Debian and Alpine."""


def needed_by_command(application: Application, manager: str) -> tuple[PlannedPackage, ...]:
    """Return the installed package whose name the start command begins with (`tini`), nothing for none.

    Args:
        application: What was read.
        manager: `apt` or `apk`, of the image that is planned: names of the other one are not taken over.
    """
    program = application.command[0].rpartition("/")[2] if application.command else ""
    installed = _installed(application, manager)
    if program in _SAME_NAME:
        installed = (*_installed(application, "apt"), *_installed(application, "apk"))
    if program not in installed:
        return ()
    return (PlannedPackage(program, "the start command calls it"),)


def left_behind(application: Application, image: BaseImage, fit: Fit) -> tuple[str, ...]:
    """Return the OS packages that the existing Dockerfile installs and the planned one does not, sorted.

    Left out are compilers and headers, Python itself, and what the image or an added package brings.
    """
    manager = "apk" if image.distro.id == "alpine" else "apt"
    brought = {package.name for package in (*(image.packages or ()), *(fit.added_packages or ()))}
    brought |= {package.name for package in needed_by_command(application, manager)}
    names = {*_installed(application, "apt"), *_installed(application, "apk")}
    return tuple(
        sorted(name for name in names - brought if not is_build_tool(name) and not _PYTHON.match(name))
    )


def gone_of(names: Iterable[str], image: BaseImage) -> tuple[Gone, ...]:
    """Return those of these packages that an earlier Debian had and the release of the image does not have."""
    if image.distro.id != "debian":
        return ()
    known = load_gone()
    found = (known.find(name.partition("=")[0], image.distro.codename) for name in names)
    return tuple(gone for gone in found if gone is not None)


def _installed(application: Application, manager: str) -> tuple[str, ...]:
    existing = application.dockerfile
    if existing is None:
        return ()
    return existing.apk_packages if manager == "apk" else existing.apt_packages
