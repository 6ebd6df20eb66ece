"""The order of Python versions: `1!2.3rc4.post5.dev6+local.7`.

Written apart from the `packaging` library because a version of CPython is compared in every `choose`, and
importing that library costs more than the comparison.

Reference: Python packaging specifications, "Version specifiers", sections on the scheme, on normalisation
and on summary of permitted suffixes and relative ordering.
"""

from __future__ import annotations

import re
from functools import lru_cache

from basewise.errors import InvalidValueError

__all__ = ["compare", "is_prerelease", "release_branch", "release_series", "sort_key"]

MAX_VERSION_CHARACTERS = 512
_CACHED_KEYS = 65_536
_VERSION = re.compile(
    r"""
    v?(?:(?P<epoch>\d+)!)?
    (?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<phase>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<phase_number>\d*))?
    (?P<post>-(?P<bare_post>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
# Nearly all versions are written like this; the long pattern takes four times as long.
_USUAL = re.compile(r"(\d+(?:\.\d+)*)(?:(a|b|rc)(\d+))?(?:\.post(\d+))?(?:\.dev(\d+))?", re.ASCII)
_LOCAL_SEPARATOR = re.compile(r"[-_.]")
_PHASES = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "preview": 2, "pre": 2, "c": 2, "rc": 2}
# Position of a release without a phase, and of a development release of it alone.
_DEVELOPMENT_ONLY, _FINAL = -1, 3
_NO_DEVELOPMENT = float("inf")

LocalPart = tuple[int, int, str]
Pep440Key = tuple[int, tuple[int, ...], tuple[int, int], int, float, tuple[LocalPart, ...]]


@lru_cache(maxsize=_CACHED_KEYS)
def sort_key(version: str) -> Pep440Key:
    """Return a value that orders like the version.

    Args:
        version: For example `3.15.0rc1`; blanks around it are ignored.

    Raises:
        InvalidValueError: Not a PEP 440 version, or longer than `MAX_VERSION_CHARACTERS`.
    """
    usual = _USUAL.fullmatch(version) if len(version) <= MAX_VERSION_CHARACTERS else None
    if usual is not None:
        return _usual_key(usual)
    match = _parse(version)
    release = _release(match["release"])
    if match["phase"]:
        phase = (_PHASES[match["phase"].lower()], int(match["phase_number"] or 0))
    elif match["dev"] and not match["post"]:
        phase = (_DEVELOPMENT_ONLY, 0)
    else:
        phase = (_FINAL, 0)
    post = int(match["bare_post"] or match["post_number"] or 0) if match["post"] else -1
    dev = int(match["dev_number"] or 0) if match["dev"] else _NO_DEVELOPMENT
    return (int(match["epoch"] or 0), release, phase, post, dev, _local_key(match["local"]))


def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1 as `left` is older than, equal to or newer than `right`.

    Raises:
        InvalidValueError: One of them is not a PEP 440 version.
    """
    left_key, right_key = sort_key(left), sort_key(right)
    return (left_key > right_key) - (left_key < right_key)


def is_prerelease(version: str) -> bool:
    """Tell whether it is an alpha, beta, release candidate or development release.

    Raises:
        InvalidValueError: Not a PEP 440 version.
    """
    match = _parse(version)
    return bool(match["phase"] or match["dev"])


def release_branch(version: str) -> str:
    """Return the first two numbers: `3.12` of `3.12.14`.

    Raises:
        InvalidValueError: Not a PEP 440 version.
    """
    numbers = sort_key(version)[1]
    return f"{numbers[0]}.{numbers[1] if len(numbers) > 1 else 0}"


def release_series(version: str) -> tuple[int, int]:
    """Return epoch and first number: (0, 3) of `3.12.14`.

    Raises:
        InvalidValueError: Not a PEP 440 version.
    """
    epoch, release, *_ = sort_key(version)
    return epoch, release[0]


def _usual_key(match: re.Match[str]) -> Pep440Key:
    """Return the key of a version in the usual spelling."""
    release, name, number, post, dev = match.groups()
    if name:
        phase = (_PHASES[name], int(number))
    else:
        phase = (_DEVELOPMENT_ONLY, 0) if dev and not post else (_FINAL, 0)
    return (
        0,
        _release(release),
        phase,
        int(post) if post else -1,
        int(dev) if dev else _NO_DEVELOPMENT,
        (),
    )


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a release without the zeros at its end."""
    release = tuple(map(int, text.split(".")))
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    return release


def _parse(version: str) -> re.Match[str]:
    """Return the parts of a version."""
    match = _VERSION.fullmatch(version.strip()) if len(version) <= MAX_VERSION_CHARACTERS else None
    if match is None:
        raise InvalidValueError(
            f"`{version[:80]}` is not a Python version", hint="PEP 440 writes it like `1.2.3rc4`"
        )
    return match


def _local_key(local: str | None) -> tuple[LocalPart, ...]:
    """Return the parts of a local label: none is lowest, then text, then numbers."""
    if local is None:
        return ()
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part.lower())
        for part in _LOCAL_SEPARATOR.split(local)
    )
