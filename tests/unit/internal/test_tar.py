"""The header walk of tar streams, against what `tarfile` writes and against hostile headers."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise._internal.tar import TarError, TarMember, walk_tar

LONG = "d/" * 120 + "name"


def archive(*members: tuple[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def walked(
    data: bytes,
    wanted: Callable[[TarMember], bool] = lambda _: True,
    *,
    max_content_bytes: int = 10_000,
    max_members: int = 1000,
) -> list[tuple[str, bytes | None]]:
    members = walk_tar(io.BytesIO(data), wanted, max_content_bytes=max_content_bytes, max_members=max_members)
    return [(one.path, one.content) for one in members]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_members_come_with_their_content(form: int) -> None:
    data = archive(("./a", b"x" * 600), ("b/c", b""), form=form)
    assert walked(data) == [("a", b"x" * 600), ("b/c", b"")]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read_from_extension_headers(form: int) -> None:
    name = LONG + "é"
    assert walked(archive((name, b"1"), ("short", b"2"), form=form)) == [(name, b"1"), ("short", b"2")]


def test_the_content_of_unwanted_members_is_skipped() -> None:
    data = archive(("a", b"x" * 5000), ("b", b"y"))
    assert walked(data, lambda member: member.path == "b", max_content_bytes=1) == [("a", None), ("b", b"y")]


def test_links_have_targets_and_no_content() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, "../target"
        tar.addfile(info)
    [member] = walk_tar(io.BytesIO(stream.getvalue()), lambda _: False, max_content_bytes=0)
    assert (member.kind, member.link, member.size_bytes) == ("2", "../target", 0)


def header(
    name: bytes = b"a", size: bytes = b"00000000000\0", kind: bytes = b"0", *, checksum: int | None = None
) -> bytes:
    block = bytearray(512)
    block[0 : len(name)] = name
    block[124:136] = size
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % (sum(block) if checksum is None else checksum)
    return bytes(block)


PAX = b"xxxxxxxxxx"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (header(checksum=1), "checksum"),
        (header()[:300], "ends"),
        (header(size=b"00000001000\0"), "ends"),
        (header(size=b"\xff" * 12), "negative"),
        (header(size=b"\x80" + b"\xff" * 11), "says it has"),
        (header(size=b"9999\0\0\0\0\0\0\0\0"), "octal"),
        (header(size=b"00077777777\0", kind=b"L"), "extension header"),
        (header(kind=b"x") * 20, "in a row"),
        (header(size=b"00000000012\0", kind=b"x") + PAX.ljust(512, b"\0"), "no length"),
        (header(size=b"00000000012\0", kind=b"x") + b"99 path=a\n".ljust(512, b"\0"), "damaged"),
        (header(size=b"00000000012\0", kind=b"x") + b"10 size=x\n".ljust(512, b"\0") + header(), "no number"),
        (header(size=b"00000000012\0", kind=b"x") + b"0 path=ab\n".ljust(512, b"\0"), "damaged"),
    ],
)  # fmt: skip
def test_hostile_headers_are_refused(data: bytes, why: str) -> None:
    with pytest.raises(TarError, match=why):
        walked(data)


def test_limits_on_members_and_content_hold() -> None:
    data = archive(*((str(number), b"x" * 20) for number in range(5)))
    with pytest.raises(TarError, match="more than 3 members"):
        walked(data, max_members=3)
    with pytest.raises(TarError, match="at most 19"):
        walked(data, max_content_bytes=19)


def test_a_base_256_size_is_read() -> None:
    data = header(size=b"\x80" + (5).to_bytes(11, "big")) + b"hello".ljust(512, b"\0") + b"\0" * 1024
    assert walked(data) == [("a", b"hello")]


@given(st.binary(max_size=1500))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(TarError):
        walked(data)


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="abc/é.", min_size=1, max_size=150).filter(
                lambda name: name.strip("./") and not name.endswith("/")
            ),
            st.binary(max_size=1100),
        ),
        max_size=4,
    )
)
def test_it_reads_what_tarfile_writes(members: list[tuple[str, bytes]]) -> None:
    data = archive(*members)
    assert [content for _, content in walked(data)] == [content for _, content in members]
