"""Making wheels and ELF files in memory: real files for tests, without a compiler."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

__all__ = ["make_elf", "make_wheel"]

_FIXED_TIME = (2026, 1, 1, 0, 0, 0)
_MACHINES = {"x86_64": 62, "aarch64": 183, "i686": 3, "ppc64le": 21, "s390x": 22}
_SHARED, _FIXED_ADDRESS = 3, 2
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3


class _Strings:
    """A string table that hands out offsets."""

    def __init__(self) -> None:
        self.content = bytearray(b"\0")

    def add(self, text: str) -> int:
        """Append a text and return where it begins."""
        offset = len(self.content)
        self.content += text.encode() + b"\0"
        return offset


def make_elf(
    *,
    needed: Sequence[str] = (),
    soname: str = "",
    versions: Mapping[str, Sequence[str]] | None = None,
    modules: Sequence[str] = (),
    machine: str = "x86_64",
    interpreter: str = "",
    fixed_address: bool = False,
    wide: bool = True,
    order: str = "<",
) -> bytes:
    """Return a shared object with a dynamic section and no code.

    Args:
        needed: DT_NEEDED.
        soname: DT_SONAME, "" for none.
        versions: Symbol versions referenced, by library.
        modules: Names of Python modules whose `PyInit_` function it names.
        machine: `x86_64`, `aarch64` …
        interpreter: Program interpreter, "" for none.
        fixed_address: An executable of the old kind.
        wide: 64 bits.
        order: `<` for little endian, `>` for big.
    """
    strings = _Strings()
    entries = [(1, strings.add(name)) for name in needed]
    if soname:
        entries.append((14, strings.add(soname)))
    for module in modules:
        strings.add(f"PyInit_{module}")
    verneed = _verneed(versions or {}, strings, order)
    header_bytes, segment_bytes = (64, 56) if wide else (52, 32)
    strings_at = header_bytes + 3 * segment_bytes
    verneed_at = _aligned(strings_at + len(strings.content))
    interpreter_at = verneed_at + len(verneed)
    dynamic_at = _aligned(interpreter_at + len(interpreter) + 1)
    entries += [(5, strings_at), (10, len(strings.content))]
    if versions:
        entries += [(0x6FFFFFFE, verneed_at), (0x6FFFFFFF, len(versions))]
    form = order + ("QQ" if wide else "II")
    dynamic = b"".join(struct.pack(form, *entry) for entry in [*entries, (0, 0)])
    size = dynamic_at + len(dynamic)
    segments = _segment(_PT_LOAD, 0, size, wide=wide, order=order)
    segments += _segment(_PT_DYNAMIC, dynamic_at, len(dynamic), wide=wide, order=order)
    kind = _PT_INTERP if interpreter else 0
    segments += _segment(kind, interpreter_at, len(interpreter) + 1, wide=wide, order=order)
    type_ = _FIXED_ADDRESS if fixed_address else _SHARED
    content = bytearray(size)
    content[:strings_at] = _header(type_, _MACHINES[machine], wide=wide, order=order) + segments
    content[strings_at : strings_at + len(strings.content)] = strings.content
    content[verneed_at : verneed_at + len(verneed)] = verneed
    content[interpreter_at : interpreter_at + len(interpreter)] = interpreter.encode()
    content[dynamic_at:] = dynamic
    return bytes(content)


def make_wheel(filename: str, members: Mapping[str, bytes], *, compress: bool = True) -> bytes:
    """Return a valid wheel with its metadata and RECORD.

    Args:
        filename: `name-version-python-abi-platform.whl`.
        members: Content by path.
        compress: Deflate the members.
    """
    name, version, *_, python, abi, platform = filename.removesuffix(".whl").split("-")
    information = f"{name}-{version}.dist-info"
    tags = "".join(
        f"Tag: {one}-{two}-{three}\n"
        for one in python.split(".")
        for two in abi.split(".")
        for three in platform.split(".")
    )
    content = dict(members)
    content[f"{information}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    content[f"{information}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: basewise\nRoot-Is-Purelib: false\n{tags}".encode()
    )
    record = "".join(f"{path},{_record_hash(data)},{len(data)}\n" for path, data in content.items())
    content[f"{information}/RECORD"] = f"{record}{information}/RECORD,,\n".encode()
    output = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(output, "w", method) as archive:
        for path, data in content.items():
            archive.writestr(zipfile.ZipInfo(path, _FIXED_TIME), data, method)
    return output.getvalue()


def _record_hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"


def _aligned(offset: int) -> int:
    return (offset + 7) // 8 * 8


def _verneed(versions: Mapping[str, Sequence[str]], strings: _Strings, order: str) -> bytes:
    """Return the version requirement section."""
    parts = []
    for index, (library, names) in enumerate(versions.items()):
        length = 16 + 16 * len(names)
        following = 0 if index == len(versions) - 1 else length
        parts.append(struct.pack(order + "HHIII", 1, len(names), strings.add(library), 16, following))
        for place, name in enumerate(names):
            step = 0 if place == len(names) - 1 else 16
            parts.append(struct.pack(order + "IHHII", 0, 0, 2, strings.add(name), step))
    return b"".join(parts)


def _segment(kind: int, offset: int, size: int, *, wide: bool, order: str) -> bytes:
    if wide:
        return struct.pack(order + "IIQQQQQQ", kind, 4, offset, offset, offset, size, size, 8)
    return struct.pack(order + "IIIIIIII", kind, offset, offset, offset, size, size, 4, 4)


def _header(kind: int, machine: int, *, wide: bool, order: str) -> bytes:
    identity = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    if wide:
        return identity + struct.pack(
            order + "HHIQQQIHHHHHH", kind, machine, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0
        )
    return identity + struct.pack(order + "HHIIIIIHHHHHH", kind, machine, 1, 0, 52, 0, 0, 52, 32, 3, 0, 0, 0)
