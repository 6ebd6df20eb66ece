"""What a shared object needs, read from its dynamic section without any library.

The bytes come from wheels and images, so they are hostile: every offset is checked against the file, every list has
a limit, and whatever does not hold together is an `ElfError`. Search paths (RPATH, RUNPATH) are ignored on
purpose: the loader reuses an already loaded SONAME, and strict path search gives false alarms.

Reference:
    System V ABI, chapters 4 and 5 (object files, dynamic linking); Linux Standard Base, section Symbol
    Versioning.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

import msgspec

__all__ = ["ElfError", "ElfFacts", "highest_version", "is_elf", "read_elf"]

MAX_PROGRAM_HEADERS = 4_096
MAX_DYNAMIC_ENTRIES = 65_536
MAX_NAME_BYTES = 4_096
MAX_NEEDED = 4_096
MAX_VERSION_FILES = 4_096
MAX_VERSION_NAMES = 65_536
MAX_MODULE_NAMES = 64

_MAGIC = b"\x7fELF"
_HEADER_BYTES = 64
_HEADER_BYTES_32 = 52
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME = 0, 1, 5, 10, 14
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
_DT_VERDEF, _DT_VERDEFNUM = 0x6FFFFFFC, 0x6FFFFFFD
_MACHINES = {
    3: "i686",
    21: "ppc64le",
    22: "s390x",
    40: "armv7l",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
}
_PRINTABLE = re.compile(rb"[\x21-\x7e]*\Z")
_MODULE = re.compile(rb"\0PyInit_([A-Za-z0-9_]{1,200})(?=\0)")
_VERSION = re.compile(r"[A-Z]+_(\d{1,6}(?:\.\d{1,6}){0,3})\Z")


class ElfError(Exception):
    """The bytes are no ELF file, or one that does not hold together."""


class ElfFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one ELF file asks of the loader.

    Args:
        machine: `x86_64`, `aarch64` …, or `em-N` for others.
        needed: DT_NEEDED, in file order, without repetition.
        soname: DT_SONAME, "" for none.
        versions: Symbol versions referenced, as (library, version): `("libc.so.6", "GLIBC_2.28")`, sorted.
        modules: Names whose `PyInit_` function stands in the dynamic string table: this is an extension
            module when its own name is among them.
        defines: Symbol versions that it offers itself, sorted.
        executable: It names a program interpreter or is of the fixed-address kind.
    """

    machine: str
    needed: tuple[str, ...] = ()
    soname: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    modules: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    executable: bool = False


class _Layout(msgspec.Struct, frozen=True):
    """Byte order, width and the segments of a file."""

    content: bytes
    order: str
    wide: bool
    loads: tuple[tuple[int, int, int], ...]

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Unpack integers at `offset`, which must lie in the file."""
        if offset < 0:
            raise ElfError("an offset lies before the file")
        try:
            return struct.unpack_from(self.order + form, self.content, offset)
        except (struct.error, OverflowError) as error:
            raise ElfError(f"the file ends before offset {offset}") from error

    def offset_of(self, address: int) -> int:
        """Return the file offset of a virtual address."""
        for start, length, offset in self.loads:
            if start <= address < start + length:
                return offset + address - start
        raise ElfError(f"address {address:#x} lies in no loaded segment")


def is_elf(head: bytes) -> bool:
    """Tell whether a file that begins with `head` (four bytes or more) calls itself ELF."""
    return head[:4] == _MAGIC


def read_elf(content: bytes) -> ElfFacts:
    """Read what an ELF file needs.

    Args:
        content: The whole file.

    Returns:
        The facts; a file without dynamic section (static, object file) needs nothing.

    Raises:
        ElfError: No ELF, cut short, or inconsistent.
    """
    layout, kind, machine, segments = _read_header(content)
    dynamic = [segment for segment in segments if segment[0] == _PT_DYNAMIC]
    executable = kind == 2 or any(segment[0] == _PT_INTERP for segment in segments)  # noqa: PLR2004 - ET_EXEC
    name = _MACHINES.get(machine, f"em-{machine}")
    if not dynamic:
        return ElfFacts(machine=name, executable=executable)
    _, offset, _, length = dynamic[0]
    entries = _read_dynamic(layout, offset, length)
    strings = _read_string_table(layout, entries)
    needed = [_name_at(strings, value) for tag, value in entries if tag == _DT_NEEDED]
    if len(needed) > MAX_NEEDED:
        raise ElfError(f"more than {MAX_NEEDED} needed libraries")
    soname = next((_name_at(strings, value) for tag, value in entries if tag == _DT_SONAME), "")
    return ElfFacts(
        machine=name,
        needed=tuple(dict.fromkeys(needed)),
        soname=soname,
        versions=_read_versions(layout, dict(reversed(entries)), strings),
        modules=_module_names(strings),
        defines=_read_definitions(layout, dict(reversed(entries)), strings),
        executable=executable,
    )


def highest_version(versions: Iterable[str], prefix: str) -> str:
    """Return the highest `2.28` of names like `GLIBC_2.28`, "" when none has the prefix."""
    found = [
        match[1] for name in versions if name.startswith(f"{prefix}_") and (match := _VERSION.match(name))
    ]
    return max(found, key=lambda text: tuple(map(int, text.split("."))), default="")


def _read_header(content: bytes) -> tuple[_Layout, int, int, list[tuple[int, int, int, int]]]:
    """Return layout, file type, machine and segments as (type, offset, address, bytes in the file)."""
    if not is_elf(content) or len(content) < _HEADER_BYTES_32:
        raise ElfError("not an ELF file")
    width, order = content[4], content[5]
    if width not in {1, 2} or order not in {1, 2}:
        raise ElfError("unknown ELF class or byte order")
    wide = width == 2  # noqa: PLR2004 - ELFCLASS64
    bare = _Layout(content, "<" if order == 1 else ">", wide, ())
    kind, machine = bare.unpack("HH", 16)
    table = bare.unpack("Q" if wide else "I", 32 if wide else 28)[0]
    size, count = bare.unpack("HH", 54 if wide else 42)
    if count > MAX_PROGRAM_HEADERS or (count and size < (56 if wide else 32)):
        raise ElfError("the program header table is not plausible")
    segments = []
    for index in range(count):
        if wide:
            type_, _, offset, address, _, length = bare.unpack("IIQQQQ", table + index * size)
        else:
            type_, offset, address, _, length = bare.unpack("IIIII", table + index * size)
        segments.append((type_, offset, address, length))
    loads = tuple(
        (address, length, offset) for type_, offset, address, length in segments if type_ == _PT_LOAD
    )
    return _Layout(content, bare.order, wide, loads), kind, machine, segments


def _read_dynamic(layout: _Layout, offset: int, length: int) -> list[tuple[int, int]]:
    """Return the (tag, value) pairs of the dynamic section, without its end."""
    step, form = (16, "QQ") if layout.wide else (8, "II")
    entries = []
    for index in range(length // step):
        if index >= MAX_DYNAMIC_ENTRIES:
            raise ElfError(f"more than {MAX_DYNAMIC_ENTRIES} dynamic entries")
        tag, value = layout.unpack(form, offset + index * step)
        if tag == _DT_NULL:
            break
        entries.append((tag, value))
    return entries


def _read_string_table(layout: _Layout, entries: list[tuple[int, int]]) -> bytes:
    """Return the dynamic string table, with the zero byte that begins it."""
    values = dict(reversed(entries))
    if _DT_STRTAB not in values:
        if any(tag in {_DT_NEEDED, _DT_SONAME} for tag, _ in entries):
            raise ElfError("no dynamic string table")
        return b"\0"
    start = layout.offset_of(values[_DT_STRTAB])
    size = values.get(_DT_STRSZ, 0)
    if start + size > len(layout.content):
        raise ElfError("the dynamic string table reaches beyond the file")
    return layout.content[start : start + size]


def _name_at(strings: bytes, offset: int) -> str:
    """Return the printable name at `offset`."""
    if offset >= len(strings):
        raise ElfError("a name lies outside the string table")
    end = strings.find(b"\0", offset, offset + MAX_NAME_BYTES + 1)
    if end < 0:
        raise ElfError("a name does not end")
    name = strings[offset:end]
    if not _PRINTABLE.match(name):
        raise ElfError("a name is not printable ASCII")
    return name.decode("ascii")


def _read_versions(layout: _Layout, values: dict[int, int], strings: bytes) -> tuple[tuple[str, str], ...]:
    """Return all symbol versions referenced, with the library that should have them."""
    if _DT_VERNEED not in values:
        return ()
    found: set[tuple[str, str]] = set()
    seen = 0
    offset = layout.offset_of(values[_DT_VERNEED])
    for _ in range(min(values.get(_DT_VERNEEDNUM, 0), MAX_VERSION_FILES)):
        _, count, file, first, following = layout.unpack("HHIII", offset)
        library = _name_at(strings, file)
        inner = offset + first
        for _ in range(count):
            seen += 1
            if seen > MAX_VERSION_NAMES:
                raise ElfError(f"more than {MAX_VERSION_NAMES} symbol versions")
            _, _, _, name, step = layout.unpack("IHHII", inner)
            found.add((library, _name_at(strings, name)))
            if step == 0:
                break
            inner += step
        if following == 0:
            break
        offset += following
    return tuple(sorted(found))


def _read_definitions(layout: _Layout, values: dict[int, int], strings: bytes) -> tuple[str, ...]:
    """Return the symbol versions that the file defines; the first name of each counts, the others are parents."""
    if _DT_VERDEF not in values:
        return ()
    found: set[str] = set()
    offset = layout.offset_of(values[_DT_VERDEF])
    for _ in range(min(values.get(_DT_VERDEFNUM, 0), MAX_VERSION_FILES)):
        _, _, _, count, _, first, following = layout.unpack("HHHHIII", offset)
        if count:
            found.add(_name_at(strings, layout.unpack("I", offset + first)[0]))
        if following == 0:
            break
        offset += following
    return tuple(sorted(found))


def _module_names(strings: bytes) -> tuple[str, ...]:
    """Return the names of `PyInit_` functions in the string table, at most `MAX_MODULE_NAMES`."""
    names: set[str] = set()
    for match in _MODULE.finditer(strings):
        names.add(match[1].decode("ascii"))
        if len(names) >= MAX_MODULE_NAMES:
            break
    return tuple(sorted(names))
