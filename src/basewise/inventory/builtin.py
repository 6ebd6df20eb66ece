"""The catalogers, in the order in which they run: OS packages first, what may belong to them after."""

from __future__ import annotations

from basewise.inventory.cataloger import Cataloger

__all__ = ["CATALOGERS"]

CATALOGERS: tuple[Cataloger, ...] = ()
