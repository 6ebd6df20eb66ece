"""Package URLs that others wrote: read, and compared with what is installed.

Reference:
    ECMA-427, Package-URL specification, how to parse a purl.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

__all__ = ["Purl", "parse_purl", "purl_covers"]

MAX_CHARACTERS = 4_096
_SEPARATORS = re.compile(r"[-_.]+")
_TYPE = re.compile(r"[a-z0-9.+-]+\Z")


class Purl(msgspec.Struct, frozen=True):
    """The parts of a package URL, decoded; "" and empty where one is not stated."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: Mapping[str, str]


def parse_purl(text: str) -> Purl | None:
    """Return the parts of a package URL, None when the text is none."""
    if len(text) > MAX_CHARACTERS or not text.startswith("pkg:"):
        return None
    rest = text.removeprefix("pkg:").strip("/").partition("#")[0]
    rest, _, stated = rest.partition("?")
    kind, slash, rest = rest.partition("/")
    kind = kind.lower()
    path, at, version = rest.rpartition("@")
    if not at:
        path, version = rest, ""
    namespace, _, name = path.strip("/").rpartition("/")
    if not slash or not name or not _TYPE.match(kind):
        return None
    pairs = (pair.partition("=") for pair in stated.split("&"))
    return Purl(
        type=kind,
        namespace=unquote(namespace).lower(),
        name=_name(kind, unquote(name)),
        version=unquote(version),
        qualifiers={key.lower(): unquote(value) for key, equals, value in pairs if equals and value},
    )


def _name(kind: str, name: str) -> str:
    """Return a name as its type compares it."""
    if kind == "pypi":
        return _SEPARATORS.sub("-", name).lower()
    return name if kind in {"rpm", "generic"} else name.lower()


def purl_covers(stated: Purl, installed: Purl) -> bool:
    """Tell whether a package URL, which may leave parts out, is about an installed package.

    Args:
        stated: A version that it leaves out is every version; a qualifier that it states must be the same.
        installed: The full package URL.

    Returns:
        False also where a stated part is not known of the installed package: a statement that takes a finding
        away must be about it beyond doubt.
    """
    same = (stated.type, stated.namespace, stated.name) == (
        installed.type,
        installed.namespace,
        installed.name,
    )
    if not same or (stated.version and stated.version != installed.version):
        return False
    return all(_same_qualifier(key, value, installed) for key, value in stated.qualifiers.items())


def _same_qualifier(key: str, value: str, installed: Purl) -> bool:
    found = installed.qualifiers.get(key, "")
    if key == "distro":
        # Writers disagree about how much of a release they state: `debian-12`, `debian-12.5`.
        return value == found or value.startswith(f"{found}.") or found.startswith(f"{value}.")
    if key == "upstream":
        return value.partition("@")[0] == (found.partition("@")[0] or installed.name)
    return value == found
