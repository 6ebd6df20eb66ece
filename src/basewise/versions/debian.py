"""Debian's version order, as `dpkg` compares.

Reference: Debian Policy, section 5.6.12; deb-version(7).
"""

from __future__ import annotations

import re
from functools import lru_cache

from basewise.errors import InvalidValueError

__all__ = ["MAX_VERSION_CHARACTERS", "compare", "is_valid", "sort_key", "upstream_version"]

MAX_VERSION_CHARACTERS = 2_000
_MAX_EPOCH = 2**31 - 1
_CACHED_KEYS = 65_536
_CACHED_PIECES = 16_384

# Nearly all versions are written like this; the three patterns below take three times as long.
_USUAL = re.compile(r"([0-9][A-Za-z0-9.+~]*)(?:-([A-Za-z0-9.+~]+))?", re.ASCII)
_EPOCH = re.compile(r"[0-9]+", re.ASCII)
_UPSTREAM = re.compile(r"[0-9][A-Za-z0-9.+~:-]*", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9.+~]+", re.ASCII)
_PIECE = re.compile(r"([^0-9]*)([0-9]*)")

# Order inside a run of non-digits: `~`, the end of the run, letters, everything else.
_END_OF_RUN = "\x01"
_RUN_ORDER = {ord("~"): "\x00"} | {ord(char): chr(0x80 + ord(char)) for char in "+-.:"}


def compare(left: str, right: str) -> int:
    """Compare two versions.

    Returns:
        -1, 0 or 1 as `left` is older than, equal to or newer than `right`.

    Raises:
        InvalidValueError: One of them is no Debian version; the two are not comparable.
    """
    left_key, right_key = sort_key(left), sort_key(right)
    return (left_key > right_key) - (left_key < right_key)


def is_valid(version: str) -> bool:
    """Say whether `version` can be compared."""
    try:
        sort_key(version)
    except InvalidValueError:
        return False
    return True


@lru_cache(maxsize=_CACHED_KEYS)
def sort_key(version: str) -> tuple[int, str, str]:
    """Return a key that sorts as `dpkg` does: epoch, upstream version, revision.

    Raises:
        InvalidValueError: `version` is no Debian version.
    """
    usual = _USUAL.fullmatch(version) if len(version) <= MAX_VERSION_CHARACTERS else None
    if usual is not None:
        return 0, _order(usual[1]), _order(usual[2] or "")
    epoch, upstream, revision = _split(version)
    return epoch, _order(upstream), _order(revision)


def upstream_version(version: str) -> str:
    """Return the upstream part, without epoch and revision.

    Raises:
        InvalidValueError: `version` is no Debian version.
    """
    return _split(version)[1]


def _split(version: str) -> tuple[int, str, str]:
    """Return epoch, upstream version and revision ("" where there is none)."""
    if len(version) > MAX_VERSION_CHARACTERS:
        raise _not_comparable(version, f"it is longer than {MAX_VERSION_CHARACTERS} characters")
    epoch, _, rest = version.partition(":") if ":" in version else ("0", "", version)
    upstream, hyphen, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    if not _EPOCH.fullmatch(epoch) or not _UPSTREAM.fullmatch(upstream):
        raise _not_comparable(version, "it is no Debian version")
    if hyphen and not _REVISION.fullmatch(revision):
        raise _not_comparable(version, "its revision is empty or holds other characters than a revision may")
    digits = epoch.lstrip("0") or "0"
    if len(digits) > len(str(_MAX_EPOCH)) or int(digits) > _MAX_EPOCH:
        raise _not_comparable(version, "its epoch is too large")
    return int(digits), upstream, revision


@lru_cache(maxsize=_CACHED_PIECES)
def _order(part: str) -> str:
    """Turn one part into text whose ordinary order is dpkg's.

    Runs of non-digits and of digits alternate in both texts, so equal beginnings mean equal places:
    a digit run is its length (leading zeros dropped) before its digits, a missing one counts as 0.
    """
    return "".join(map(_order_of_piece, _PIECE.findall(part or "0"))) + _END_OF_RUN


@lru_cache(maxsize=_CACHED_PIECES)
def _order_of_piece(piece: tuple[str, str]) -> str:
    """Turn a run of non-digits and the digits behind it into such text; versions share most of their pieces."""
    run, digits = piece
    if not run and not digits:
        return ""
    number = digits.lstrip("0")
    return f"{run.translate(_RUN_ORDER)}{_END_OF_RUN}{chr(len(number) + 1)}{number}"


def _not_comparable(version: str, why: str) -> InvalidValueError:
    shown = version if len(version) <= 80 else f"{version[:79]}…"  # noqa: PLR2004 - a readable line
    return InvalidValueError(
        f"version {shown!r} is not comparable: {why}",
        hint="a Debian version is `[epoch:]upstream[-revision]` and its upstream part starts with a digit",
    )
