"""Targets: what decides whether a wheel installs, shared by many candidates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from basewise.model.base_image import BaseImage
from basewise.model.distro import Libc

__all__ = ["Target", "admits_python", "distinct_targets", "marker_environment", "target_of"]


class Target(msgspec.Struct, frozen=True, order=True):
    """A Python minor (`3.12`), a C library with its version, and a machine (`x86_64`)."""

    python: str
    libc: Libc
    machine: str

    @property
    def minor(self) -> int:
        """The minor number alone: 12 for `3.12`."""
        return int(self.python.split(".")[1])

    def __str__(self) -> str:
        return f"Python {self.python}, {self.libc}, {self.machine}"


def target_of(image: BaseImage) -> Target:
    """Return the target of a base image."""
    return Target(image.python_minor, image.libc, image.platform.machine)


def distinct_targets(images: Sequence[BaseImage]) -> tuple[Target, ...]:
    """Return the targets of all images, sorted and without repetition."""
    return tuple(sorted({target_of(image) for image in images}))


def marker_environment(python: str, machine: str) -> dict[str, str]:
    """Return the environment that markers see in a container, whatever machine this runs on.

    Args:
        python: Full version of the candidate's Python, `3.12.14` or `3.15.0rc1`.
        machine: `x86_64` or `aarch64`.

    Reference:
        Dependency specifiers (PEP 508), section Environment Markers.
    """
    return {
        "extra": "",
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
    }


@lru_cache(maxsize=4096)
def admits_python(requires_python: str, python: str) -> bool:
    """Say whether a `requires-python` admits a full version; one that cannot be read admits all.

    Args:
        requires_python: PEP 440 specifier set.
        python: Full version, pre-releases included.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - start-up time

    try:
        return SpecifierSet(requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True
