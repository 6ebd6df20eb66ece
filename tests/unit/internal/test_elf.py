from __future__ import annotations

import io
import struct
import sysconfig
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise._internal.elf import ElfError, ElfFacts, highest_version, is_elf, read_elf
from basewise.testing.wheels import make_elf

SAMPLE = make_elf(
    needed=["libgomp.so.1", "libc.so.6"],
    soname="libexample.so.3",
    versions={"libc.so.6": ["GLIBC_2.17", "GLIBC_2.28"], "libstdc++.so.6": ["GLIBCXX_3.4.22", "CXXABI_1.3"]},
    modules=["example"],
)


def shared_objects_of_this_machine() -> list[Path]:
    places = [Path(sysconfig.get_paths()["platlib"]), Path(sysconfig.get_paths()["stdlib"]) / "lib-dynload"]
    places.append(Path("/usr/lib/x86_64-linux-gnu"))
    found = [path for place in places if place.is_dir() for path in sorted(place.rglob("*.so*"))]
    real = {path.resolve() for path in found if path.resolve().is_file()}
    return [path for path in sorted(real) if path.stat().st_size < 8 << 20][::7][:80]


def facts_by_pyelftools(
    content: bytes,
) -> tuple[tuple[str, ...], str, tuple[tuple[str, str], ...], tuple[str, ...]]:
    needed: list[str] = []
    soname = ""
    versions: set[tuple[str, str]] = set()
    file = ELFFile(io.BytesIO(content))
    for segment in file.iter_segments():
        if isinstance(segment, DynamicSegment):
            for tag in segment.iter_tags():
                if tag.entry.d_tag == "DT_NEEDED":
                    needed.append(str(vars(tag)["needed"]))
                elif tag.entry.d_tag == "DT_SONAME":
                    soname = str(vars(tag)["soname"])
    section = file.get_section_by_name(".gnu.version_r")
    if isinstance(section, GNUVerNeedSection):
        versions = {(str(file.name), name.name) for file, names in section.iter_versions() for name in names}
    section = file.get_section_by_name(".gnu.version_d")
    defines: set[str] = set()
    if isinstance(section, GNUVerDefSection):
        defines = {next(names).name for _, names in section.iter_versions()}
    return tuple(dict.fromkeys(needed)), soname, tuple(sorted(versions)), tuple(sorted(defines))


def test_the_real_shared_objects_of_this_machine_read_as_pyelftools_reads_them() -> None:
    compared = 0
    for path in shared_objects_of_this_machine():
        content = path.read_bytes()
        if is_elf(content):
            facts = read_elf(content)
            found = (facts.needed, facts.soname, facts.versions, facts.defines)
            assert found == facts_by_pyelftools(content), path
            compared += 1
    assert compared > 10


def test_every_fact_is_read() -> None:
    assert read_elf(SAMPLE) == ElfFacts(
        machine="x86_64",
        needed=("libgomp.so.1", "libc.so.6"),
        soname="libexample.so.3",
        versions=(
            ("libc.so.6", "GLIBC_2.17"),
            ("libc.so.6", "GLIBC_2.28"),
            ("libstdc++.so.6", "CXXABI_1.3"),
            ("libstdc++.so.6", "GLIBCXX_3.4.22"),
        ),
        modules=("example",),
    )


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_both_widths_and_both_byte_orders_are_read(order: str, *, wide: bool) -> None:
    content = make_elf(
        needed=["libm.so.6"], versions={"libm.so.6": ["GLIBC_2.29"]}, order=order, wide=wide, machine="s390x"
    )
    assert read_elf(content) == ElfFacts(
        machine="s390x", needed=("libm.so.6",), versions=(("libm.so.6", "GLIBC_2.29"),)
    )


def test_a_file_with_an_interpreter_or_a_fixed_address_is_executable() -> None:
    assert read_elf(make_elf(interpreter="/lib64/ld-linux-x86-64.so.2")).executable
    assert read_elf(make_elf(fixed_address=True)).executable
    assert not read_elf(make_elf()).executable


def test_a_file_without_dynamic_section_needs_nothing() -> None:
    content = bytearray(make_elf(needed=["libc.so.6"]))
    struct.pack_into("<H", content, 56, 0)
    assert read_elf(bytes(content)) == ElfFacts(machine="x86_64")


def test_an_unknown_machine_is_named_by_its_number() -> None:
    content = bytearray(make_elf())
    struct.pack_into("<H", content, 18, 9999)
    assert read_elf(bytes(content)).machine == "em-9999"


def damaged(offset: int, form: str, value: int) -> bytes:
    content = bytearray(SAMPLE)
    struct.pack_into(form, content, offset, value)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not an ELF file"),
        (b"\x7fELF", "not an ELF file"),
        (b"#!/bin/sh\n" * 20, "not an ELF file"),
        (damaged(4, "B", 7), "class or byte order"),
        (damaged(5, "B", 0), "class or byte order"),
        (damaged(56, "<H", 0xFFFF), "not plausible"),
        (damaged(54, "<H", 3), "not plausible"),
        (damaged(32, "<Q", 2**63), "ends before"),
        (SAMPLE[:100], "ends before"),
        (damaged(64 + 56 + 8, "<Q", 2**40), "ends before"),
        (damaged(64 + 16, "<Q", 2**50), "no loaded segment"),
    ],
)
def test_damaged_files_are_an_error_that_says_what(content: bytes, what: str) -> None:
    with pytest.raises(ElfError, match=what):
        read_elf(content)


def test_names_with_control_characters_are_refused() -> None:
    with pytest.raises(ElfError, match="printable"):
        read_elf(make_elf(needed=["lib\x1b[31m.so"]))


def test_a_name_without_end_is_refused() -> None:
    with pytest.raises(ElfError, match="does not end"):
        read_elf(make_elf(needed=["l" * 5000]))


def test_version_lists_that_turn_in_circles_end() -> None:
    content = bytearray(make_elf(versions={"libc.so.6": ["GLIBC_2.1"] * 3, "libm.so.6": ["GLIBC_2.2"]}))
    for at in range(0, len(content) - 16, 4):
        changed = bytearray(content)
        struct.pack_into("<I", changed, at, 0)
        try:
            read_elf(bytes(changed))
        except ElfError:
            continue


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=12),
    st.integers(0, len(SAMPLE)),
)
def test_whatever_the_bytes_are_reading_ends_with_facts_or_an_error(
    changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(SAMPLE)
    for offset, value in changes:
        content[offset] = value
    for one in (bytes(content), bytes(content[:length])):
        try:
            facts = read_elf(one)
        except ElfError:
            continue
        assert all(name.isprintable() for name in (*facts.needed, facts.soname))


@pytest.mark.parametrize(
    ("versions", "prefix", "highest"),
    [
        (("GLIBC_2.4", "GLIBC_2.28", "GLIBC_2.17"), "GLIBC", "2.28"),
        (("GLIBC_2.4", "GLIBCXX_3.4.9", "GLIBCXX_3.4.30"), "GLIBCXX", "3.4.30"),
        (("GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR"), "GLIBC", ""),
        ((), "GLIBC", ""),
        (("CXXABI_1.3.13", "CXXABI_FLOAT128"), "CXXABI", "1.3.13"),
        (("GLIBC_9999999999999999",), "GLIBC", ""),
    ],
)
def test_the_highest_symbol_version_is_found_by_number(
    versions: tuple[str, ...], prefix: str, highest: str
) -> None:
    assert highest_version(versions, prefix) == highest
