"""Zip files that somebody else made, whole and broken."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

import pytest

from basewise._internal.zip_members import ZipError, ZipLimits, ZipMember, read_members

CONTENTS = {"a.json": b'{"id": "a"}', "folder/": b"", "folder/b.json": b"b" * 5000, "empty.json": b""}


def zipped(contents: Mapping[str, bytes] = CONTENTS, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def members(raw: bytes, limits: ZipLimits | None = None) -> list[ZipMember]:
    return list(read_members(io.BytesIO(raw), limits or ZipLimits()))


def problems(raw: bytes, limits: ZipLimits | None = None) -> dict[str, str]:
    return {member.name: member.problem for member in members(raw, limits) if member.problem}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_in_the_order_in_which_they_lie(method: int) -> None:
    found = members(zipped(method=method))
    assert [(item.name, item.content) for item in found] == [
        (name, content) for name, content in CONTENTS.items() if not name.endswith("/")
    ]


def test_an_archive_without_a_member_has_none() -> None:
    assert members(zipped({})) == []


def test_a_streamed_archive_with_data_descriptors_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise OSError("not seekable")

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"x" * 100)
    assert [item.content for item in members(pipe.getvalue())] == [b"x" * 100]


def test_sizes_beyond_32_bits_are_read_from_the_extra_fields() -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(zipfile.ZipInfo("a.json"), "w", force_zip64=True) as member,
    ):
        member.write(b"x" * 100)
    raw = file.getvalue()
    assert [item.content for item in members(raw)] == [b"x" * 100]
    assert [item.content for item in members(with_zip64_end(raw))] == [b"x" * 100]


def with_zip64_end(raw: bytes) -> bytes:
    """Return the archive with the end that large ones have."""
    place = raw.rfind(b"PK\x05\x06")
    number, size, start = struct.unpack_from("<10xHII", raw, place)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, size, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, place, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return raw[:place] + end64 + locator + end


def patched(
    raw: bytes,
    name: str,
    *,
    central: Mapping[int, bytes] | None = None,
    local: Mapping[int, bytes] | None = None,
) -> bytes:
    """Return the archive with bytes of a member's headers replaced, by their offset in the header."""
    changed = bytearray(raw)
    entry = raw.rfind(name.encode()) - 46
    offset = struct.unpack_from("<I", raw, entry + 42)[0]
    for place, header in ((entry, central or {}), (offset, local or {})):
        for at, value in header.items():
            changed[place + at : place + at + len(value)] = value
    return bytes(changed)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda raw: patched(raw, "a.json", central={8: b"\x01\x00"}), "encrypted"),
        (lambda raw: patched(raw, "a.json", local={6: b"\x01\x00"}), "contradicts the list"),
        (lambda raw: patched(raw, "a.json", central={10: b"\x0e\x00"}), "compressed by method 14"),
        (lambda raw: patched(raw, "a.json", local={8: b"\x00\x00"}), "contradicts the list"),
        (lambda raw: patched(raw, "a.json", central={16: b"\x00\x00\x00\x00"}), "checksum is wrong"),
        (lambda raw: patched(raw, "a.json", central={24: b"\x05\x00\x00\x00"}), "another size"),
        (lambda raw: patched(raw, "a.json", central={24: b"\xff\x00\x00\x00"}), "another size"),
        (lambda raw: patched(raw, "a.json", local={30: b"b"}), "another name in the list"),
        (lambda raw: patched(raw, "a.json", local={36: b"\xff\xff\xff"}), "compressed bytes are damaged"),
        (lambda raw: patched(raw, "a.json", central={24: b"\xff\xff\xff\x7f"}), "larger than 67108864 bytes"),
    ],
)
def test_a_member_that_cannot_be_read_says_why_and_the_others_stay(
    damage: Callable[[bytes], bytes], says: str
) -> None:
    raw = damage(zipped({"a.json": b'{"id": "a"}', "b.json": b"b" * 300}))
    found = {item.name: item for item in members(raw)}
    assert says in found["a.json"].problem
    assert found["b.json"].content == b"b" * 300


def test_a_bomb_stops_at_the_size_that_the_list_states() -> None:
    raw = zipped({"bomb.json": bytes(50_000_000)})
    assert len(raw) < 60_000
    smaller = patched(raw, "bomb.json", central={24: struct.pack("<I", 1000)})
    assert problems(smaller) == {"bomb.json": "it has another size than the list of files says"}
    assert problems(raw, ZipLimits(member_bytes=1_000_000)) == {
        "bomb.json": "it is larger than 1000000 bytes"
    }


def test_a_second_member_of_a_name_is_left_out() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.json"), b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(zipfile.ZipInfo("a.json"), b"second")
    found = members(file.getvalue())
    assert [(item.content, item.problem) for item in found] == [
        (b"first", ""),
        (b"", "a second file of this name"),
    ]


def test_members_that_lie_over_each_other_are_refused() -> None:
    raw = zipped({"a.json": b"a" * 10, "b.json": b"b" * 10}, zipfile.ZIP_STORED)
    # The quoted overlap: the first member swallows the header of the second as data.
    longer = struct.pack("<II", 10 + 30 + 6 + 10, 10 + 30 + 6 + 10)
    with pytest.raises(ZipError, match="lies over another file"):
        members(patched(raw, "a.json", central={20: longer}))
    same = raw[: raw.rfind(b"b.json") - 46 + 42] + b"\x00\x00\x00\x00" + raw[raw.rfind(b"b.json") :]
    with pytest.raises(ZipError, match="two files lie in one place"):
        members(same)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda _: b"", "no zip file"),
        (lambda _: b"<html>", "no zip file"),
        (lambda raw: raw[:-1], "no zip file"),
        (lambda raw: raw[:-5], "no zip file"),
        (lambda raw: raw + b"x", "its end is damaged"),
        (lambda raw: raw[100:], "is not where it should be"),
        (lambda raw: patched(raw, "a.json", central={0: b"XX"}), "list of files is damaged"),
        (lambda raw: patched(raw, "b.json", central={28: b"\xff\xff"}), "list of files is cut"),
        (lambda raw: patched(raw, "a.json", central={42: b"\xff\xff\xff\x7f"}), "behind the list of files"),
        (lambda raw: patched(raw, "a.json", central={42: b"\x01\x00\x00\x00"}), "not where it should be"),
    ],
)
def test_an_archive_that_is_damaged_as_a_whole_is_an_error(
    damage: Callable[[bytes], bytes], says: str
) -> None:
    with pytest.raises(ZipError, match=says):
        members(damage(zipped({"a.json": b"a" * 10, "b.json": b"b" * 10})))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (ZipLimits(members=2), "more than 2 files"),
        (ZipLimits(directory_bytes=100), "list of files is larger than 100 bytes"),
        (ZipLimits(total_bytes=4000), "larger than 4000 bytes"),
    ],
)
def test_an_archive_over_a_limit_is_an_error(limits: ZipLimits, says: str) -> None:
    with pytest.raises(ZipError, match=says):
        members(zipped(), limits)


def test_three_hundred_thousand_members_are_read_one_by_one() -> None:
    """Built by hand: the standard library would take long."""
    number = 300_000
    crc = zlib.crc32(b"{}")
    local = struct.Struct("<4sHHHHHIIIHH")
    central = struct.Struct("<4sHHHHHHIIIHHHHHII")
    bodies, entries, offset = [], [], 0
    for place in range(number):
        name = b"%06d.json" % place
        bodies.append(local.pack(b"PK\x03\x04", 20, 0, 0, 0, 0, crc, 2, 2, len(name), 0) + name + b"{}")
        entries.append(
            central.pack(b"PK\x01\x02", 20, 20, 0, 0, 0, 0, crc, 2, 2, len(name), 0, 0, 0, 0, 0, offset)
            + name
        )
        offset += len(bodies[-1])
    directory = b"".join(entries)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), offset, 0)
    end64 = struct.pack(
        "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, len(directory), offset
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, offset + len(directory), 1)
    raw = b"".join(bodies) + directory + end64 + locator + end
    assert sum(item.content == b"{}" for item in read_members(io.BytesIO(raw), ZipLimits())) == number
    with pytest.raises(ZipError, match="more than 1000 files"):
        members(raw, ZipLimits(members=1000))
