"""What the wheels of one release have in common, read from their file names."""

from __future__ import annotations

import msgspec

__all__ = ["WheelKey"]

_PARTS = frozenset({5, 6})
_ARCHITECTURES = ("x86_64", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "i686")


class WheelKey(msgspec.Struct, frozen=True, order=True):
    """What wheels of one release have in common across Python minors: name, version, C library, architecture."""

    name: str
    version: str
    libc: str
    arch: str

    @classmethod
    def of(cls, filename: str) -> WheelKey | None:
        """Read a wheel's file name; None when it is none or is for another system than Linux.

        `libc` is `glibc`, `musl` or `any`, `arch` is the machine or `any`.
        """
        parts = filename.removesuffix(".whl").split("-")
        if not filename.endswith(".whl") or len(parts) not in _PARTS:
            return None
        name = parts[0].replace("_", "-").replace(".", "-").lower()
        platform = parts[-1].split(".")[0]
        if platform == "any":
            return cls(name, parts[1], "any", "any")
        family = platform.split("_", 1)[0]
        libc = "musl" if family == "musllinux" else "glibc"
        if family not in {"musllinux", "linux"} and not family.startswith("manylinux"):
            return None
        arch = next((one for one in _ARCHITECTURES if platform.endswith(f"_{one}")), "")
        return cls(name, parts[1], libc, arch) if arch else None
