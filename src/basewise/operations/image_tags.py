"""What the tag of an image says: the release of its distribution, its Python. Less than evidence, more than nothing."""

from __future__ import annotations

import re

from basewise.candidates.lifecycle import load_lifecycles
from basewise.model.distro import Distro
from basewise.model.reference import DEFAULT_REGISTRY, Reference

__all__ = ["distro_of_tag", "is_floating", "is_prerelease_tag", "python_of_tag"]

_CODENAMED = ("debian", "ubuntu")
_NUMBERED = re.compile(r"(?<![a-z])(?P<id>ubuntu|debian|alpine)-?(?P<version>\d+(?:\.\d+)?)(?![\d])")
_UBUNTU_SHORT = re.compile(r"(?<![a-z])ubuntu(\d\d)(\d\d)(?!\d)")
_VERSION = re.compile(r"(\d+(?:\.\d+)?)(?:\.\d+)?(?=[-_]|\Z)")
_PYTHON = re.compile(r"(?<![a-z])py(?:thon)?-?(3\.\d{1,2}|3\d{1,2})(?!\d)")
_PYTHON_TAG = re.compile(r"(3\.\d{1,2})(?:\.\d+)?(?=[-_]|(?:a|b|rc)\d|\Z)")
_PRERELEASE = re.compile(r"3\.\d+(?:\.\d+)?(?:(?:a|b|rc)\d+|-rc)(?=[-_]|\Z)")
_RELEASED = frozenset({"library/python", "library/debian", "library/ubuntu", "library/alpine"})


def distro_of_tag(reference: Reference) -> Distro | None:
    """Return the distribution that a name says, with its release; None where it says none."""
    tag = (reference.tag or "").lower()
    name = reference.repository.rpartition("/")[2]
    codename = _by_codename(tag)
    if codename is not None:
        return codename
    if name in {*_CODENAMED, "alpine"} and (found := _VERSION.match(tag)) is not None:
        return _numbered(name, found.group(1))
    short = _UBUNTU_SHORT.search(tag)
    if short is not None:
        return _numbered("ubuntu", f"{short.group(1)}.{short.group(2)}")
    numbered = _NUMBERED.search(tag)
    return _numbered(numbered["id"], numbered["version"]) if numbered is not None else None


def python_of_tag(reference: Reference) -> str | None:
    """Return the Python minor that a name says, None where it says none."""
    tag = (reference.tag or "").lower()
    if reference.repository.rpartition("/")[2] == "python":
        found = _PYTHON_TAG.match(tag)
    else:
        found = _PYTHON.search(tag) or _PYTHON.search(reference.repository.rpartition("/")[2])
    if found is None:
        return None
    text = found.group(1)
    return text if "." in text else f"{text[0]}.{text[1:]}"


def is_prerelease_tag(reference: Reference) -> bool:
    """Tell whether the tag of a Python image names a pre-release."""
    return reference.repository.rpartition("/")[2] == "python" and bool(
        _PRERELEASE.match(reference.tag or "")
    )


def is_floating(reference: Reference) -> bool:
    """Tell whether an image of a known scheme of tags has one that names no release of a distribution."""
    known = reference.registry == DEFAULT_REGISTRY and reference.repository in _RELEASED
    return known and reference.tag is not None and distro_of_tag(reference) is None


def _by_codename(tag: str) -> Distro | None:
    words = set(re.split(r"[-_.]", tag))
    for product in _CODENAMED:
        for cycle in load_lifecycles().products.get(product, ()):
            if cycle.codename and cycle.codename.lower().split()[0] in words:
                return Distro(product, cycle.cycle, cycle.codename)
    return None


def _numbered(product: str, version: str) -> Distro:
    if product == "debian":
        version = version.partition(".")[0]
    cycle = load_lifecycles().find(product, version)
    return Distro(product, version, cycle.codename if cycle is not None else "")
