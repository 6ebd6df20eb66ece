"""The header walk, against the standard library's reader and against hostile headers."""

from __future__ import annotations

import io
import tarfile

import pytest

from basewise._internal import tar as walk_module
from basewise._internal.tar import TarError, TarMember, walk_tar
from basewise.testing.tar_writer import Member, pax_records, tar_bytes, tar_header
from basewise.testing.work import count_lines

ZEROS = bytes(1024)


class Unseekable:
    """A stream that gives at most a few bytes at a time."""

    def __init__(self, content: bytes, most: int = 10**9) -> None:
        self.file = io.BytesIO(content)
        self.most = most

    def read(self, size: int, /) -> bytes:
        return self.file.read(min(size, self.most))


def walk(content: bytes, *, wanted: bool = True, most: int = 10**9) -> list[TarMember]:
    return list(walk_tar(Unseekable(content, most), lambda _: wanted, max_content_bytes=2**20))


def archive(form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as file:
        for name, content in (
            ("short", b"x"),
            ("d" * 60 + "/" + "e" * 60 + "/file", b"y" * 1000),
            ("e" * 90 + "/ünïcode", b""),
            ("l" * 90 + "/" + "m" * 50, b"z" * 512),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o4755
            file.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "t" * 90
        file.addfile(link)
        directory = tarfile.TarInfo("directory")
        directory.type = tarfile.DIRTYPE
        file.addfile(directory)
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("most", [10**9, 700, 1])
def test_every_format_is_read_as_the_standard_library_reads_it(form: int, most: int) -> None:
    content = archive(form)
    with tarfile.open(fileobj=io.BytesIO(content)) as file:
        expected = [
            (info.name, info.type.decode(), info.linkname, info.size, info.mode, info.offset_data)
            for info in file
        ]
    found = walk(content, most=most)
    assert [
        (member.path, member.kind, member.link, member.size_bytes, member.mode, member.offset)
        for member in found
    ] == expected
    assert found[1].content == b"y" * 1000


def test_names_longer_than_a_header_come_with_gnu_headers() -> None:
    content = archive(tarfile.GNU_FORMAT)
    assert b"././@LongLink" in content
    assert walk(content)[3].path == "l" * 90 + "/" + "m" * 50


def test_a_seekable_stream_gives_the_same_without_reading_what_is_skipped() -> None:
    content = tar_bytes([Member(path="large", content=bytes(5 * 2**20)), Member(path="small", content=b"s")])
    read = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            part = super().read(size)
            read.append(len(part))
            return part

    found = list(walk_tar(Counting(content), lambda _: False, max_content_bytes=0))
    assert [(member.path, member.offset) for member in found] == [
        ("large", 512),
        ("small", 512 * 2 + 5 * 2**20),
    ]
    assert sum(read) < 2 * 2**20


def test_a_truncated_seekable_stream_is_an_error() -> None:
    content = tar_bytes([Member(path="large", content=bytes(5 * 2**20))])[: 3 * 2**20]
    with pytest.raises(TarError, match="ends inside a member"):
        list(walk_tar(io.BytesIO(content), lambda _: False, max_content_bytes=0))


def test_members_that_have_no_data_do_not_move_the_walk() -> None:
    content = tar_bytes([Member(path="d", kind="5", size=4096), Member(path="f", content=b"f")])
    assert [(member.path, member.size_bytes) for member in walk(content)] == [("d", 0), ("f", 1)]


def test_a_name_with_a_slash_at_its_end_is_a_directory() -> None:
    (member,) = walk(tar_bytes([Member(path="old/", kind="\0")]))
    assert (member.path, member.kind) == ("old", "5")


def test_a_pax_size_wins_over_that_of_the_header() -> None:
    content = tar_bytes([Member(path="f", content=b"12345", size=0, pax={"size": b"5"}), Member(path="g")])
    assert [(member.path, member.size_bytes) for member in walk(content)] == [("f", 5), ("g", 0)]


def test_a_global_header_says_nothing_about_members() -> None:
    body = pax_records({"path": b"evil", "size": b"9999"})
    shared = tar_header(Member(path="g", kind="g", content=body)) + body + bytes(-len(body) % 512)
    assert [member.path for member in walk(shared + tar_bytes([Member(path="good")]))] == ["good"]


def test_sizes_in_base_256_are_read() -> None:
    field = (1 << 95 | 3).to_bytes(12, "big")
    (member,) = walk(tar_bytes([Member(path="f", content=b"abc", fields={124: field})]))
    assert member.content == b"abc"


def test_an_old_sparse_file_has_its_map_passed_over() -> None:
    header = tar_header(
        Member(path="sparse", kind="S", content=b"data", fields={482: b"\1", 483: b"00000200000\0"})
    )
    more = bytes(504) + b"\1" + bytes(7) + bytes(512)
    content = header + more + b"data" + bytes(508) + tar_bytes([Member(path="next")])
    found = walk(content, wanted=False)
    assert [(member.path, member.size_bytes, member.full_bytes) for member in found] == [
        ("sparse", 4, 0o200000),
        ("next", 0, 0),
    ]


def test_a_pax_sparse_file_has_its_own_name_and_size() -> None:
    pax = {"GNU.sparse.major": b"1", "GNU.sparse.name": b"real", "GNU.sparse.realsize": b"1048576"}
    (member,) = walk(tar_bytes([Member(path="GNUSparseFile.0/real", content=b"0\n", pax=pax)]))
    assert (member.path, member.full_bytes, member.size_bytes) == ("real", 1048576, 2)


def test_signed_checksums_of_old_archives_are_accepted() -> None:
    member = Member(path=b"\xff\xfe")
    header = bytearray(tar_header(member))
    total = sum(header[:148]) + sum(header[156:]) + 256 - 2 * 256
    header[148:156] = b"%06o\0 " % total
    assert len(walk(bytes(header) + ZEROS)) == 1


def test_undecodable_names_are_kept_as_surrogates() -> None:
    (member,) = walk(tar_bytes([Member(path=b"caf\xe9")]))
    assert member.path.encode("utf-8", "surrogateescape") == b"caf\xe9"


def chained(kind: str, count: int) -> bytes:
    body = b"name\0"
    one = tar_header(Member(path="x", kind=kind, content=body)) + body + bytes(512 - len(body))
    return one * count + tar_bytes([Member(path="f")])


HOSTILE = {
    "wrong checksum": (tar_bytes([Member(path="f", checksum=False)]), "checksum"),
    "size -1": (tar_bytes([Member(path="f", fields={124: b"\xff" * 12})]), "negative"),
    "size -512": (
        tar_bytes([Member(path="f", size=-512, fields={124: b"\xff" * 10 + b"\xfe\x00"})]),
        "negative",
    ),
    "size 2**40, truncated": (tar_bytes([Member(path="f", size=2**40)]), "ends inside"),
    "size 2**70": (tar_bytes([Member(path="f", size=2**70)]), "says it has"),
    "octal garbage": (tar_bytes([Member(path="f", fields={124: b"12x4567 900\0"})]), "not octal"),
    "octal 9": (tar_bytes([Member(path="f", fields={124: b"00000000009\0"})]), "not octal"),
    "octal sign": (tar_bytes([Member(path="f", fields={124: b"-0000000001\0"})]), "not octal"),
    "octal underscore": (tar_bytes([Member(path="f", fields={124: b"0000000_001\0"})]), "not octal"),
    "digits for a megabyte": (
        tar_header(Member(path="x", kind="x", size=2**20)) + b"1" * 2**20 + ZEROS,
        "no length",
    ),
    "pax length 0": (tar_header(Member(path="x", kind="x", size=8)) + b"0 a=b\n\0\0" + bytes(504), "damaged"),
    "pax length negative": (
        tar_header(Member(path="x", kind="x", size=8)) + b"-7 a=b\n\0" + bytes(504),
        "no length",
    ),
    "pax length beyond": (
        tar_header(Member(path="x", kind="x", size=8)) + b"99 a=b\n\0" + bytes(504),
        "damaged",
    ),
    "pax size negative": (tar_bytes([Member(path="f", pax={"size": b"-1"})]), "no number"),
    "pax size of a million digits": (
        tar_bytes([Member(path="f", pax={"size": b"9" * 900_000})]),
        "no number",
    ),
    "pax path with NUL": (tar_bytes([Member(path="f", pax={"path": b"a\0b"})]), "NUL"),
    "2000 chained x": (chained("L", 2000), "in a row"),
    "2000 chained g": (chained("K", 2000), "in a row"),
    "8 GiB long name": (tar_header(Member(path="x", kind="L", size=2**33)) + ZEROS, "extension header"),
    "half a header": (tar_bytes([Member(path="f")])[:300], "ends early"),
    "data after one zero block": (bytes(512) + tar_bytes([Member(path="hidden")]), "single block"),
    "endless sparse map": (
        tar_header(Member(path="s", kind="S", fields={482: b"\1", 483: b"00000000000\0"}))
        + (bytes(504) + b"\1" + bytes(7)) * 5000,
        "sparse map",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_an_error_that_costs_little(name: str) -> None:
    content, message = HOSTILE[name]
    with pytest.raises(TarError, match=message):
        count_lines(lambda: walk(content, wanted=False), at_most=100_000)


def test_more_members_than_the_limit_are_an_error() -> None:
    content = tar_bytes([Member(path=f"f{number}") for number in range(4)])
    found: list[TarMember] = []
    with pytest.raises(TarError, match="more than 3 members"):
        found.extend(walk_tar(io.BytesIO(content), lambda _: False, max_content_bytes=0, max_members=3))


def test_wanted_content_over_the_limit_is_an_error() -> None:
    content = tar_bytes([Member(path="f", content=bytes(11))])
    with pytest.raises(TarError, match="at most 10"):
        list(walk_tar(io.BytesIO(content), lambda _: True, max_content_bytes=10))


def test_five_million_members_are_stopped_by_the_limit_of_members() -> None:
    one = tar_header(Member(path="f"))

    class Endless:
        def read(self, size: int, /) -> bytes:
            return one * (size // 512)

    with pytest.raises(TarError, match="more than 20000 members"):
        for _ in walk_tar(Endless(), lambda _: False, max_content_bytes=0, max_members=20_000):
            pass
    assert walk_module.MAX_MEMBERS == 2_000_000
