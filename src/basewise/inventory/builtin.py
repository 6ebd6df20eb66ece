"""The catalogers, in the order in which they run: OS packages first, what may belong to them after."""

from __future__ import annotations

from basewise.inventory.apk import ApkCataloger
from basewise.inventory.cataloger import Cataloger
from basewise.inventory.conda import CondaCataloger
from basewise.inventory.cpython import CPythonCataloger
from basewise.inventory.dpkg import DpkgCataloger
from basewise.inventory.libraries import LibrariesCataloger
from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.python import PythonCataloger
from basewise.inventory.rpm import RpmCataloger
from basewise.inventory.surface import SurfaceCataloger

__all__ = ["CATALOGERS"]

CATALOGERS: tuple[Cataloger, ...] = (
    OsReleaseCataloger(),
    DpkgCataloger(),
    ApkCataloger(),
    RpmCataloger(),
    CondaCataloger(),
    PythonCataloger(),
    CPythonCataloger(),
    LibrariesCataloger(),
    SurfaceCataloger(),
)
