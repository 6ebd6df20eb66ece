"""Platforms, as `os/architecture[/variant]`."""

from __future__ import annotations

import re
from typing import Self

import msgspec

from basewise.errors import InvalidValueError

__all__ = ["LINUX_AMD64", "LINUX_ARM64", "Platform"]

_PART = re.compile(r"[a-z0-9_.]+\Z")
_GO_TO_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}
_ALIASES = {"x86_64": "amd64", "aarch64": "arm64"}


class Platform(msgspec.Struct, frozen=True, order=True):
    """What an image runs on, in Go's names as the OCI specification uses them."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `linux/arm64`, `arm64` or `aarch64`.

        Raises:
            InvalidValueError: The text is no platform.
        """
        parts = text.strip().lower().split("/")
        if len(parts) == 1:
            parts = ["linux", *parts]
        if not 2 <= len(parts) <= 3 or not all(_PART.match(part) for part in parts):  # noqa: PLR2004 - os, arch, variant
            raise InvalidValueError(
                f"not a platform: {text[:60]!r}", hint="write `linux/amd64` or `linux/arm64`"
            )
        parts[1] = _ALIASES.get(parts[1], parts[1])
        return cls(*parts)

    @property
    def machine(self) -> str:
        """The kernel's name of the architecture, as wheel tags use it: `x86_64`, `aarch64`."""
        return _GO_TO_MACHINE.get(self.architecture, self.architecture)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


LINUX_AMD64 = Platform("linux", "amd64")
LINUX_ARM64 = Platform("linux", "arm64")
