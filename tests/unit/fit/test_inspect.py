from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from basewise.fit.facts import WheelFact
from basewise.fit.inspect import InspectLimits, WheelError, inspect_wheel, is_public_library
from basewise.testing.wheels import make_elf, make_wheel

NAME = "sample-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
EXTENSION = "sample/_core.cpython-312-x86_64-linux-gnu.so"


def inspect(members: dict[str, bytes], *, limits: InspectLimits | None = None) -> WheelFact:
    content = make_wheel(NAME, members)
    return inspect_wheel(io.BytesIO(content), filename=NAME, measured="2026-11-23", limits=limits)


def test_size_hash_and_installed_size_are_those_of_the_file(tmp_path: Path) -> None:
    content = make_wheel(NAME, {EXTENSION: make_elf(needed=["libc.so.6"]), "sample/data.bin": bytes(5000)})
    path = tmp_path / NAME
    path.write_bytes(content)
    fact = inspect_wheel(path, measured="2026-11-23")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert fact.installed_bytes == sum(len(archive.read(name)) for name in archive.namelist())
    assert (fact.filename, fact.size_bytes) == (NAME, len(content))
    assert fact.sha256 == hashlib.sha256(content).hexdigest()
    assert fact.verified
    assert fact.inspected
    assert fact.measured == "2026-11-23"


def test_hard_is_what_an_extension_module_reaches_and_soft_is_the_rest() -> None:
    fact = inspect(
        {
            EXTENSION: make_elf(needed=["libinner-0123abcd.so.4", "libGL.so.1", "libc.so.6"]),
            "sample.libs/libinner-0123abcd.so.4": make_elf(
                needed=["libxcb.so.1"], soname="libinner-0123abcd.so.4"
            ),
            "sample/plugins/libqxcb.so": make_elf(needed=["libSM.so.6", "libGL.so.1"]),
            "sample/bin/tool": make_elf(needed=["libcurl.so.4"], interpreter="/lib64/ld-linux-x86-64.so.2"),
        }
    )
    assert fact.hard == ("libGL.so.1", "libc.so.6", "libxcb.so.1")
    assert fact.soft == ("libSM.so.6", "libcurl.so.4")


@pytest.mark.parametrize(
    ("path", "modules"),
    [
        ("sample/_core.cpython-312-aarch64-linux-gnu.so", ()),
        ("sample/_core.cpython-312-x86_64-linux-musl.so", ()),
        ("sample/_core.abi3.so", ()),
        ("sample/_core.so", ("_core",)),
        ("sample/libcore.so", ("libcore",)),
    ],
)
def test_an_extension_module_is_known_by_name_or_by_its_function(path: str, modules: tuple[str, ...]) -> None:
    fact = inspect(
        {
            path: make_elf(needed=["libhard.so.1"], modules=modules),
            "sample/libother.so": make_elf(needed=["libsoft.so.1"]),
        }
    )
    assert (fact.hard, fact.soft) == (("libhard.so.1",), ("libsoft.so.1",))


def test_plain_libraries_alone_are_hard_as_they_are_opened_with_ctypes() -> None:
    fact = inspect(
        {
            "sample/lib/lib_sample.so": make_elf(needed=["libgomp.so.1"]),
            "sample/bin/tool": make_elf(needed=["libtool.so.1"], interpreter="/lib/ld.so"),
        }
    )
    assert (fact.hard, fact.soft) == (("libgomp.so.1",), ("libtool.so.1",))


def test_a_soname_satisfies_a_need_whatever_the_file_is_called() -> None:
    fact = inspect(
        {
            EXTENSION: make_elf(needed=["libreal.so.2", "/opt/build/libabsolute.so.1"]),
            "sample/vendored.so.2.1": make_elf(soname="libreal.so.2", needed=["libm.so.6"]),
        }
    )
    assert fact.hard == ("libabsolute.so.1", "libm.so.6")


def test_what_a_wheel_carries_for_others_leaves_out_modules_and_private_names() -> None:
    fact = inspect(
        {
            EXTENSION: make_elf(),
            "sample/lib/libpublic.so.13": make_elf(soname="libpublic.so.13"),
            "sample.libs/libprivate-0a1b2c3d.so.1": make_elf(soname="libprivate-0a1b2c3d.so.1"),
        }
    )
    assert fact.carries == ("libpublic.so.13",)


def test_the_highest_symbol_versions_of_all_parts_are_noted() -> None:
    fact = inspect(
        {
            EXTENSION: make_elf(versions={"libc.so.6": ["GLIBC_2.17"], "libstdc++.so.6": ["GLIBCXX_3.4.9"]}),
            "sample/libother.so": make_elf(
                versions={"libc.so.6": ["GLIBC_2.4"], "libstdc++.so.6": ["GLIBCXX_3.4.22", "CXXABI_1.3.11"]}
            ),
        }
    )
    assert (fact.glibc, fact.glibcxx, fact.cxxabi) == ("2.17", "3.4.22", "1.3.11")


def test_symbol_versions_of_a_carried_library_are_no_need() -> None:
    fact = inspect(
        {
            EXTENSION: make_elf(
                needed=["libgcc_s-0a1b2c3d.so.1", "libc.musl-aarch64.so.1"],
                versions={"libgcc_s-0a1b2c3d.so.1": ["GLIBC_2.0", "GCC_3.0"]},
            ),
            "sample.libs/libgcc_s-0a1b2c3d.so.1": make_elf(soname="libgcc_s-0a1b2c3d.so.1"),
        }
    )
    assert (fact.hard, fact.glibc) == (("libc.musl-aarch64.so.1",), "")


def test_a_pure_wheel_needs_nothing_and_is_inspected() -> None:
    fact = inspect({"sample/__init__.py": b"\x7fELF is only text here"})
    assert (fact.hard, fact.soft, fact.carries, fact.inspected) == ((), (), (), True)


def test_a_damaged_elf_file_leaves_the_needs_unknown_and_the_sizes_known() -> None:
    fact = inspect({EXTENSION: make_elf(needed=["libgomp.so.1"])[:150]})
    assert not fact.inspected
    assert fact.hard == ()
    assert fact.installed_bytes is not None
    assert fact.installed_bytes > 150


def test_an_elf_file_over_the_limit_is_not_inflated() -> None:
    members = {EXTENSION: make_elf(needed=["libgomp.so.1"]) + bytes(1 << 16)}
    assert not inspect(members, limits=InspectLimits(member_bytes=1 << 10)).inspected
    assert not inspect(members, limits=InspectLimits(total_bytes=1 << 10)).inspected
    assert inspect(members).inspected


def test_too_many_members_are_refused() -> None:
    with pytest.raises(WheelError, match="more than 2 members"):
        inspect({}, limits=InspectLimits(members=2))


@pytest.mark.parametrize("content", [b"", b"not a zip file", make_wheel(NAME, {EXTENSION: make_elf()})[:-30]])
def test_what_is_no_wheel_is_an_error_with_its_name(content: bytes) -> None:
    with pytest.raises(WheelError, match=r"sample-1\.0"):
        inspect_wheel(io.BytesIO(content), filename=NAME)


def test_a_member_with_damaged_content_is_an_error() -> None:
    content = bytearray(make_wheel(NAME, {EXTENSION: make_elf(needed=["libc.so.6"])}))
    at = content.index(b".so") + 20
    content[at : at + 8] = b"\xff" * 8
    with pytest.raises(WheelError, match="cannot read"):
        inspect_wheel(io.BytesIO(bytes(content)), filename=NAME)


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("libcudart.so.13", True),
        ("libtorch.so", True),
        ("libgomp-24e2ab19.so.1.0.0", False),
        ("_core.cpython-312-x86_64-linux-gnu.so", False),
        ("core.abi3.so", False),
        ("notes.txt", False),
        ("lib\x1b[31m.so", False),
    ],
)
def test_public_libraries_are_told_by_their_names(name: str, *, public: bool) -> None:
    assert is_public_library(name) is public
