"""The order of RPM versions: `epoch:version-release`.

A missing epoch is 0, a missing release sorts before every release. Text is cut into runs of digits and of
letters; a run of digits is newer than a run of letters; `~` sorts before the end, `^` after it and
before anything else.

Reference: rpm-version(7).
"""

from __future__ import annotations

import re
from functools import lru_cache

from basewise.errors import InvalidValueError

__all__ = ["compare", "sort_key"]

MAX_VERSION_CHARACTERS = 512
_CACHED_KEYS = 65_536
_VERSION = re.compile(
    r"(?:(?P<epoch>\d+):)?(?P<version>[A-Za-z0-9._+~^]+)(?:-(?P<release>[A-Za-z0-9._+~^]+))?", re.ASCII
)
_SEGMENT = re.compile(r"\d+|[A-Za-z]+|[~^]", re.ASCII)
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)

Segment = tuple[int, int, str]
RpmKey = tuple[int, tuple[Segment, ...], tuple[Segment, ...]]


@lru_cache(maxsize=_CACHED_KEYS)
def sort_key(version: str) -> RpmKey:
    """Return epoch, version and release as values that order like them.

    Raises:
        InvalidValueError: Not an RPM version, or longer than `MAX_VERSION_CHARACTERS`.
    """
    match = _VERSION.fullmatch(version) if len(version) <= MAX_VERSION_CHARACTERS else None
    if match is None:
        raise InvalidValueError(f"`{version[:80]}` is not an RPM version", hint="write it like `1:2.3-4.el9`")
    release = match["release"]
    return (int(match["epoch"] or 0), _segments(match["version"]), _segments(release) if release else ())


def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1 as `left` is older than, equal to or newer than `right`.

    Raises:
        InvalidValueError: One of them is not an RPM version.
    """
    left_key, right_key = sort_key(left), sort_key(right)
    return (left_key > right_key) - (left_key < right_key)


def _segments(text: str) -> tuple[Segment, ...]:
    """Return the runs of `text`; separators vanish."""
    return (*(_segment(run) for run in _SEGMENT.findall(text)), (_END, 0, ""))


def _segment(run: str) -> Segment:
    """Return one run as rank, number of digits and text, so that numbers of any length compare."""
    if run == "~":
        return (_TILDE, 0, "")
    if run == "^":
        return (_CARET, 0, "")
    if run[0].isdigit():
        digits = run.lstrip("0")
        return (_DIGITS, len(digits), digits)
    return (_LETTERS, 0, run)
