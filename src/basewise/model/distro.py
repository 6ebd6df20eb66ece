"""Distributions and C libraries."""

from __future__ import annotations

import msgspec

__all__ = ["Distro", "Libc"]


class Distro(msgspec.Struct, frozen=True, order=True):
    """A release of a distribution, in the words of os-release.

    `id` is `debian` or `alpine` (…), `version` is `12` or `3.24`, `codename` is `bookworm` or "".
    """

    id: str
    version: str
    codename: str = ""

    def __str__(self) -> str:
        parts = (self.id, self.version, f"({self.codename})" if self.codename else "")
        return " ".join(part for part in parts if part)


class Libc(msgspec.Struct, frozen=True, order=True):
    """A C library: family `glibc` or `musl`, and its version as `2.41`."""

    family: str
    version: str

    @property
    def release(self) -> tuple[int, int]:
        """Major and minor number, for comparison with wheel tags."""
        major, minor, *_ = (*self.version.split("."), "0")
        return int(major), int(minor)

    def __str__(self) -> str:
        return f"{self.family} {self.version}"
