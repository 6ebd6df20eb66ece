"""The order of Alpine package versions: `1.2.3a_rc4_p5~c0ffee-r6`.

Numbers, a letter, suffixes, a commit hash and a revision are compared from the left. A later number that
begins with `0` is compared as text, as in a decimal fraction.

Reference: apk-package(5), section "Package metadata", and the order that `apk version -t` prints.
"""

from __future__ import annotations

import re
from functools import lru_cache

from basewise.errors import InvalidValueError

__all__ = ["ApkKey", "compare", "sort_key"]

MAX_VERSION_CHARACTERS = 512
_CACHED_KEYS = 65_536
_VERSION = re.compile(
    r"(?P<numbers>\d+(?:\.\d+)*)(?P<letter>[a-z])?(?P<suffixes>(?:_[a-z]+\d*)*)"
    r"(?:~(?P<commit>[0-9a-f]+))?(?:-r(?P<revision>\d+))?",
    re.ASCII,
)
_SUFFIX = re.compile(r"_([a-z]+)(\d*)", re.ASCII)
_BEFORE_RELEASE = ("alpha", "beta", "pre", "rc")
_AFTER_RELEASE = ("cvs", "svn", "git", "hg", "p")

# What may follow equal parts, from the lowest: only a suffix before the release is below the end.
_EARLIER, _END, _REVISION, _COMMIT, _SUFFIX_NUMBER, _LATER, _LETTER, _NUMBER = range(8)

ApkKey = tuple[tuple[int, str, int], ...]


@lru_cache(maxsize=_CACHED_KEYS)
def sort_key(version: str) -> ApkKey:
    """Return a value that orders like the version.

    Args:
        version: For example `3.3.7-r2`.

    Raises:
        InvalidValueError: Not an Alpine version, or longer than `MAX_VERSION_CHARACTERS`.
    """
    match = _VERSION.fullmatch(version) if len(version) <= MAX_VERSION_CHARACTERS else None
    if match is None:
        raise _invalid(version)
    first, *others = match["numbers"].split(".")
    key = [(_NUMBER, "", int(first))]
    key += [(_NUMBER, text, 0) if text.startswith("0") else (_NUMBER, "1", int(text)) for text in others]
    if match["letter"]:
        key.append((_LETTER, match["letter"], 0))
    for name, number in _SUFFIX.findall(match["suffixes"]):
        key.append(_suffix_part(version, name))
        if number:
            key.append((_SUFFIX_NUMBER, "", int(number)))
    if match["commit"]:
        key.append((_COMMIT, match["commit"], 0))
    if match["revision"]:
        key.append((_REVISION, "", int(match["revision"])))
    return (*key, (_END, "", 0))


def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1 as `left` is older than, equal to or newer than `right`.

    Raises:
        InvalidValueError: One of them is not an Alpine version.
    """
    left_key, right_key = sort_key(left), sort_key(right)
    return (left_key > right_key) - (left_key < right_key)


def _suffix_part(version: str, name: str) -> tuple[int, str, int]:
    """Return the part of a suffix name."""
    if name in _BEFORE_RELEASE:
        return (_EARLIER, "", _BEFORE_RELEASE.index(name))
    if name in _AFTER_RELEASE:
        return (_LATER, "", _AFTER_RELEASE.index(name))
    raise _invalid(version)


def _invalid(version: str) -> InvalidValueError:
    """Return the error for a text that is no version."""
    return InvalidValueError(
        f"`{version[:80]}` is not an Alpine version", hint="write it like `1.2.3_rc4-r5`"
    )
