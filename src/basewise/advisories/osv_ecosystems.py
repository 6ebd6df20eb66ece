"""Ecosystem strings of OSV, as the ecosystem and release of an advisory.

Reference: OSV schema, section "affected[].package field", and the list of defined ecosystems there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from basewise.versions import apk, debian, pep440, rpm

__all__ = ["OSV_ECOSYSTEMS", "OsvEcosystem", "Scope", "scope_of"]

Scope = tuple[str, str]
"""Ecosystem and release of an `Advisory`."""

_DEBIAN_CODENAMES = {
    "7": "wheezy",
    "8": "jessie",
    "9": "stretch",
    "10": "buster",
    "11": "bullseye",
    "12": "bookworm",
    "13": "trixie",
    "14": "forky",
    "15": "duke",
}
_UBUNTU = re.compile(r"(Pro:)?(\d\d\.\d\d)(?::LTS)?", re.ASCII)
_ALPINE = re.compile(r"v?(\d{1,2}\.\d{1,3}|edge)", re.ASCII)
_RED_HAT = re.compile(r"enterprise_linux:(\d{1,3})(?:\.\d{1,3})?(?:::\w+)?", re.ASCII)
_MAJOR = re.compile(r"(\d{1,3})(?:\.\d{1,3})?", re.ASCII)


class OsvEcosystem(msgspec.Struct, frozen=True, kw_only=True):
    """One ecosystem of OSV's bucket.

    Args:
        name: As OSV writes it.
        ecosystem: Of the advisories.
        sort_key: Order of its versions; raises `InvalidValueError` for a text that is none.
        release: Returns the release for what stands after the name and a colon ("" for nothing there), None
            where that names none of which an advisory can speak.
        names_only_releases: What `release` does not know is odd; False where products stand in that place too.
        is_distribution: Its versions lists repeat what its ranges say, and its records speak of CVE ids that
            they name as `upstream`.
    """

    name: str
    ecosystem: str
    sort_key: Callable[[str], Any]
    release: Callable[[str], str | None]
    names_only_releases: bool = True
    is_distribution: bool = True


def _none(scope: str) -> str | None:
    """There are no releases."""
    return None if scope else ""


def _debian(scope: str) -> str | None:
    return _DEBIAN_CODENAMES.get(scope)


def _ubuntu(scope: str) -> str | None:
    """`22.04:LTS` → `22.04`; `Pro:22.04:LTS` → `22.04+pro`: only subscribers get what is fixed there."""
    match = _UBUNTU.fullmatch(scope)
    if match is None:
        return None
    return f"{match[2]}+pro" if match[1] else match[2]


def _alpine(scope: str) -> str | None:
    match = _ALPINE.fullmatch(scope)
    return match[1] if match else None


def _red_hat(scope: str) -> str | None:
    """Only the distribution itself: other products, and extended support of a minor release, have other versions."""
    match = _RED_HAT.fullmatch(scope)
    return match[1] if match else None


def _major(scope: str) -> str | None:
    match = _MAJOR.fullmatch(scope)
    return match[1] if match else None


OSV_ECOSYSTEMS: Mapping[str, OsvEcosystem] = {
    item.name: item
    for item in (
        OsvEcosystem(
            name="PyPI", ecosystem="pypi", sort_key=pep440.sort_key, release=_none, is_distribution=False
        ),
        OsvEcosystem(name="Debian", ecosystem="debian", sort_key=debian.sort_key, release=_debian),
        OsvEcosystem(
            name="Ubuntu",
            ecosystem="ubuntu",
            sort_key=debian.sort_key,
            release=_ubuntu,
            names_only_releases=False,
        ),
        OsvEcosystem(name="Alpine", ecosystem="alpine", sort_key=apk.sort_key, release=_alpine),
        OsvEcosystem(name="Wolfi", ecosystem="wolfi", sort_key=apk.sort_key, release=_none),
        OsvEcosystem(name="Chainguard", ecosystem="chainguard", sort_key=apk.sort_key, release=_none),
        OsvEcosystem(
            name="Red Hat",
            ecosystem="rhel",
            sort_key=rpm.sort_key,
            release=_red_hat,
            names_only_releases=False,
        ),
        OsvEcosystem(name="Rocky Linux", ecosystem="rocky", sort_key=rpm.sort_key, release=_major),
        OsvEcosystem(name="AlmaLinux", ecosystem="almalinux", sort_key=rpm.sort_key, release=_major),
        OsvEcosystem(
            name="PSF", ecosystem="cpython", sort_key=pep440.sort_key, release=_none, is_distribution=False
        ),
    )
}
"""By the name that OSV gives them."""


def scope_of(text: str, wanted: OsvEcosystem) -> Scope | str | None:
    """Return ecosystem and release of an `affected[].package.ecosystem`.

    Args:
        text: For example `Ubuntu:22.04:LTS`.
        wanted: The ecosystem that is read.

    Returns:
        None for another ecosystem; a text for a release of which no advisory speaks: that text, shortened to
        what it has in common with others like it.
    """
    name, _, rest = text.partition(":")
    if name != wanted.name:
        return None
    release = wanted.release(rest)
    if release is not None:
        return wanted.ecosystem, release
    return f"{name}:{rest.partition(':')[0]}" if rest else name
