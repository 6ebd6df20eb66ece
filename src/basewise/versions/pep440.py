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

__all__ = ["compare", "is_prerelease", "phase_of", "release_branch", "release_series", "sort_key"]

MAX_VERSION_CHARACTERS = 512
_CACHED_KEYS = 65_536
_CACHED_SUFFIXES = 4_096
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
_RELEASE = re.compile(r"(\d+(?:\.\d+)*)(.*)", re.ASCII | re.DOTALL)
_USUAL_SUFFIX = re.compile(r"(?:(a|b|rc)(\d+))?(?:\.post(\d+))?(?:\.dev(\d+))?", re.ASCII)
_LOCAL_SEPARATOR = re.compile(r"[-_.]")
_PHASE_POSITIONS = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "preview": 2, "pre": 2, "c": 2, "rc": 2}
_PHASES = {name: bytes([position + 1]) for name, position in _PHASE_POSITIONS.items()}
# A number below this is one byte of a key; 0 is the end of a list, the rest announces longer numbers.
_SMALL = 240
_LONGEST_ANNOUNCED_BYTES = 14
_BYTES = {str(number): number + 1 for number in range(_SMALL)}
_END, _ZERO = b"\x00", b"\x01"
_DEVELOPMENT_ONLY, _FINAL = b"\x00\x01", b"\x04\x01"
_NO_POST, _POST = b"\x00", b"\x01"
_DEVELOPMENT, _NO_DEVELOPMENT = b"\x00", b"\xff"
_LOCAL_TEXT, _LOCAL_NUMBER = b"\x01", b"\x02"
_NO_EPOCH = b"\x01"
_FINAL_END = _END + _FINAL + _NO_POST + _NO_DEVELOPMENT + _END


@lru_cache(maxsize=_CACHED_KEYS)
def sort_key(version: str) -> bytes:
    """Return bytes that order like the version: short, and compared by one call.

    Args:
        version: For example `3.15.0rc1`; blanks around it are ignored.

    Raises:
        InvalidValueError: Not a PEP 440 version, or longer than `MAX_VERSION_CHARACTERS`.
    """
    usual = _usual_key(version) if len(version) <= MAX_VERSION_CHARACTERS else None
    if usual is not None:
        return usual
    match = _parse(version)
    post = match["bare_post"] or match["post_number"] or "0" if match["post"] else None
    dev = match["dev_number"] or "0" if match["dev"] else None
    name = match["phase"].lower() if match["phase"] else None
    suffix = _phase_key(name, match["phase_number"] or "0", is_development=bool(dev and not post))
    epoch = _number(int(match["epoch"] or 0))
    return (
        epoch
        + _release_key(match["release"])
        + _END
        + suffix
        + _post_and_dev_key(post, dev)
        + _local_key(match["local"])
    )


def _usual_key(version: str) -> bytes | None:
    """Return the key of a version that is written as nearly all are, None for others."""
    try:
        return _NO_EPOCH + _of_small_numbers(version) + _FINAL_END
    except KeyError:
        match = _RELEASE.match(version)
    suffix = _usual_suffix_key(match[2]) if match is not None else None
    return None if match is None or suffix is None else _NO_EPOCH + _release_key(match[1]) + suffix


@lru_cache(maxsize=_CACHED_SUFFIXES)
def _usual_suffix_key(text: str) -> bytes | None:
    """Return the key of what stands behind a release, which most versions have in common; None for the unusual."""
    usual = _USUAL_SUFFIX.fullmatch(text)
    if usual is None:
        return None
    name, number, post, dev = usual.groups()
    phase = _phase_key(name, number, is_development=bool(dev and not post))
    return _END + phase + _post_and_dev_key(post, dev) + _END


def _release_key(text: str) -> bytes:
    """Return the numbers of a release without the zeros at its end."""
    try:
        return _of_small_numbers(text)
    except KeyError:
        numbers = [int(part) for part in text.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return b"".join([_number(number) for number in numbers])


def _of_small_numbers(text: str) -> bytes:
    """Return the same where each number is one byte.

    Raises:
        KeyError: One is not, or is no number.
    """
    return bytes([_BYTES[part] for part in text.split(".")]).rstrip(_ZERO) or _ZERO


def _number(value: int) -> bytes:
    """Return bytes that order like a number of any size, and after the end of a list."""
    if value < _SMALL:
        return bytes((value + 1,))
    length = (value.bit_length() + 7) // 8
    if length <= _LONGEST_ANNOUNCED_BYTES:
        return bytes((_SMALL + length,)) + value.to_bytes(length, "big")
    return b"\xff" + length.to_bytes(2, "big") + value.to_bytes(length, "big")


def _phase_key(name: str | None, number: str, *, is_development: bool) -> bytes:
    if name:
        return _PHASES[name] + _number(int(number))
    return _DEVELOPMENT_ONLY if is_development else _FINAL


def _post_and_dev_key(post: str | None, dev: str | None) -> bytes:
    first = _POST + _number(int(post)) if post else _NO_POST
    return first + (_DEVELOPMENT + _number(int(dev)) if dev else _NO_DEVELOPMENT)


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


def phase_of(version: str) -> tuple[str, int] | None:
    """Return the phase of a pre-release and its number: ("b", 1) of `3.15.0beta1`; None for other versions.

    Raises:
        InvalidValueError: Not a PEP 440 version.
    """
    match = _parse(version)
    if not match["phase"]:
        return None
    return ("a", "b", "rc")[_PHASE_POSITIONS[match["phase"].lower()]], int(match["phase_number"] or 0)


def release_branch(version: str) -> str:
    """Return the first two numbers: `3.12` of `3.12.14`.

    Raises:
        InvalidValueError: Not a PEP 440 version.
    """
    first, _, rest = _parse(version)["release"].partition(".")
    return f"{int(first)}.{int(rest.partition('.')[0] or 0)}"


def release_series(version: str) -> tuple[int, int]:
    """Return epoch and first number: (0, 3) of `3.12.14`.

    Raises:
        InvalidValueError: Not a PEP 440 version.
    """
    match = _parse(version)
    return int(match["epoch"] or 0), int(match["release"].partition(".")[0])


def _parse(version: str) -> re.Match[str]:
    """Return the parts of a version."""
    match = _VERSION.fullmatch(version.strip()) if len(version) <= MAX_VERSION_CHARACTERS else None
    if match is None:
        raise InvalidValueError(
            f"`{version[:80]}` is not a Python version", hint="PEP 440 writes it like `1.2.3rc4`"
        )
    return match


def _local_key(local: str | None) -> bytes:
    """Return the parts of a local label: none is lowest, then text, then numbers."""
    if local is None:
        return _END
    parts = (
        _LOCAL_NUMBER + _number(int(part)) if part.isdigit() else _LOCAL_TEXT + part.lower().encode() + _END
        for part in _LOCAL_SEPARATOR.split(local)
    )
    return b"".join(parts) + _END
