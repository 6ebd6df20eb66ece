"""Dependency fields: alternatives, version relations, architecture qualifiers, Provides.

Reference: Debian Policy, section 7.1; deb-control(5).
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from basewise.errors import ArchiveError, InvalidValueError
from basewise.versions import debian

__all__ = ["Dependency", "Relation", "parse_depends", "satisfies"]

_RELATION = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9+.-]*)(?::(?P<qualifier>[a-z0-9-]+))?"
    r"(?:\s*\(\s*(?P<operator><<|<=|=|>=|>>|<|>)\s*(?P<version>[^\s()<>=]+)\s*\))?"
    r"(?:\s*\[(?P<architectures>[^\]]*)\])?(?:\s*<[^>]*>)*"
)
# deb-control(5): the obsolete `<` and `>` mean "or equal".
_ALLOWED_ORDERS = {"<<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,)}
_OBSOLETE_OPERATORS = {"<": "<=", ">": ">="}


class Relation(msgspec.Struct, frozen=True):
    """One package of a dependency.

    Args:
        name: Package name, real or virtual.
        operator: `<<`, `<=`, `=`, `>=`, `>>`, or "" for any version.
        version: What the operator compares with, "" without one.
        qualifier: `any`, `native` or an architecture; "" for none.
    """

    name: str
    operator: str = ""
    version: str = ""
    qualifier: str = ""

    def __str__(self) -> str:
        name = f"{self.name}:{self.qualifier}" if self.qualifier else self.name
        return f"{name} ({self.operator} {self.version})" if self.operator else name


Dependency = tuple[Relation, ...]
"""Alternatives in their order; one of them must be there."""


@lru_cache(maxsize=16_384)
def parse_depends(text: str, architecture: str = "") -> tuple[Dependency, ...]:
    """Parse a `Depends`, `Pre-Depends` or `Provides` field.

    Args:
        text: The field.
        architecture: Debian architecture that `[amd64]` restrictions are compared with; "" keeps all.

    Returns:
        Groups of alternatives, in the order of the field.

    Raises:
        ArchiveError: A relation does not parse.
    """
    groups = []
    for group in text.split(","):
        if not group.strip():
            continue
        alternatives = tuple(
            relation
            for alternative in group.split("|")
            if (relation := _parse_relation(alternative.strip(), architecture)) is not None
        )
        if alternatives:
            groups.append(alternatives)
    return tuple(groups)


def satisfies(version: str, relation: Relation) -> bool:
    """Say whether a package of `version` fulfils the relation; an invalid version fulfils only "any"."""
    if not relation.operator:
        return True
    try:
        order = debian.compare(version, relation.version)
    except InvalidValueError:
        return False
    return order in _ALLOWED_ORDERS[relation.operator]


def _parse_relation(text: str, architecture: str) -> Relation | None:
    """Return the relation, or None when it is for other architectures."""
    match = _RELATION.fullmatch(text)
    if match is None:
        raise ArchiveError(f"a dependency does not parse: {text[:80]!r}")
    if architecture and not _concerns(match["architectures"] or "", architecture):
        return None
    operator = match["operator"] or ""
    return Relation(
        name=match["name"],
        operator=_OBSOLETE_OPERATORS.get(operator, operator),
        version=match["version"] or "",
        qualifier=match["qualifier"] or "",
    )


def _concerns(restriction: str, architecture: str) -> bool:
    """Say whether `amd64 arm64` or `!i386 !armhf` includes the architecture; an empty text does."""
    names = restriction.split()
    if not names:
        return True
    if names[0].startswith("!"):
        return f"!{architecture}" not in names
    return architecture in names or "any" in names or "linux-any" in names
