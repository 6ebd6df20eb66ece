"""The catalogers, in the order in which they run: OS packages first, what may belong to them after."""

from __future__ import annotations

from basewise.inventory.apk import ApkCataloger
from basewise.inventory.cataloger import Cataloger
from basewise.inventory.dpkg import DpkgCataloger
from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.python import PythonCataloger

__all__ = ["CATALOGERS"]

CATALOGERS: tuple[Cataloger, ...] = (
    OsReleaseCataloger(),
    DpkgCataloger(),
    ApkCataloger(),
    PythonCataloger(),
)
