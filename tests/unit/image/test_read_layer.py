"""Reading a layer: what is kept, what is verified, and what a hostile layer gets."""

from __future__ import annotations

import hashlib
import io
import resource
from collections.abc import Sequence
from typing import Self

import msgspec
import pytest

from basewise.errors import ImageError
from basewise.image.content import DIRECTORY, FILE, HARD_LINK, SYMLINK
from basewise.image.image import StoredLayer
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.image.read_layer import read_layer
from basewise.image.tree import merge_layers
from basewise.image.wanted import Wanted
from basewise.model.digest import DiffId, Digest
from basewise.testing.layers import Everything, content_of, layer_of, stored_layer
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes, zstd_bytes

ALL = Wanted([Everything()])
TAR = tar_bytes(
    [Member(path="etc/os-release", content=b"ID=debian\n"), Member(path="bin", kind="2", link="usr/bin")]
)


def limits(**changes: int) -> Limits:
    return msgspec.structs.replace(DEFAULT_LIMITS, **changes)


def why(content: object) -> str:
    return str(getattr(content, "not_covered", ""))


@pytest.mark.parametrize(
    "stored",
    [
        TAR,
        gzip_bytes(TAR),
        zstd_bytes(TAR),
        gzip_bytes(TAR[:700]) + gzip_bytes(TAR[700:]),
        gzip_bytes(TAR) + bytes(99),
    ],
    ids=["plain", "gzip", "zstd", "two members", "padding"],
)
def test_the_bytes_decide_how_a_layer_is_compressed(stored: bytes) -> None:
    layer = msgspec.structs.replace(stored_layer(stored, TAR), media_type="application/a.lie+zstd")
    content = read_layer(layer, ALL)
    assert content.kept == {"etc/os-release": b"ID=debian\n"}
    assert content.paths == ["etc/os-release", "bin"]
    assert content.links == {1: "usr/bin"}
    assert content.implied == ("etc",)
    assert (content.digest, content.diff_id) == (layer.digest, layer.diff_id)
    assert (content.stored_bytes, content.tar_bytes, content.disk_bytes) == (len(stored), len(TAR), 10)
    assert content.not_covered == ()


def test_an_empty_layer_and_a_layer_of_no_bytes_are_fine() -> None:
    empty = tar_bytes([])
    assert read_layer(stored_layer(gzip_bytes(empty), empty), ALL).paths == []
    assert read_layer(stored_layer(b"", b""), ALL).paths == []


def test_sha512_digests_are_verified() -> None:
    stored = gzip_bytes(TAR)
    layer = stored_layer(stored, TAR, digest=Digest("sha512", hashlib.sha512(stored).hexdigest()))
    assert read_layer(layer, ALL).digest == layer.digest
    with pytest.raises(ImageError, match="cannot trust"):
        read_layer(msgspec.structs.replace(layer, digest=Digest("sha512", "0" * 128)), ALL)


@pytest.mark.parametrize("sizes", [range(4_000), range(60_000, 60_100), [3_000_000, 0, 0, 700_000] * 5])
def test_a_tar_is_hashed_whole_whatever_its_members_are(sizes: Sequence[int]) -> None:
    """It is hashed in parts of several sizes: as it is walked, and what is left of each piece and at its end."""
    content = bytes(range(256)) * 12_000
    tar = tar_bytes(
        [Member(path=f"d/f{number}", content=content[:size]) for number, size in enumerate(sizes)]
    )
    for padded in (tar, tar + bytes(1_000_000)):
        layer = stored_layer(gzip_bytes(padded, 1), padded)
        found = read_layer(layer, Wanted([]))
        assert found.diff_id == layer.diff_id
        assert (len(found.paths), found.tar_bytes) == (len(sizes), len(padded))


STORED = gzip_bytes(TAR)
ZERO = "0" * 64
BAD = {
    "another digest": (stored_layer(STORED, TAR, digest=Digest("sha256", ZERO)), "its bytes hash to"),
    "another diff id": (stored_layer(STORED, TAR, diff_id=DiffId("sha256", ZERO)), "configuration states"),
    "longer than stated": (stored_layer(STORED, TAR, size_bytes=50), "more than the 50 bytes"),
    "shorter than stated": (stored_layer(STORED, TAR, size_bytes=5000), "ends after"),
    "truncated": (stored_layer(STORED[:-30], TAR), "ends early"),
    "truncated, digest of the whole": (
        stored_layer(STORED[:-30], TAR, digest=stored_layer(STORED, TAR).digest),
        "its bytes hash to",
    ),
    "no tar": (stored_layer(b"x" * 2000, b"x" * 2000), "cannot read layer"),
    "truncated tar": (stored_layer(gzip_bytes(TAR[:800]), TAR[:800]), "ends"),
    "garbage at the end": (stored_layer(STORED + b"garbage after the end", TAR), "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_layer_that_is_not_what_the_image_says_is_an_error(name: str) -> None:
    layer, message = BAD[name]
    with pytest.raises(ImageError, match=message) as raised:
        read_layer(layer, ALL)
    assert raised.value.hint
    assert raised.value.exit_code == 4


def test_bytes_beyond_the_stated_size_are_never_read() -> None:
    class Endless:
        def __init__(self) -> None:
            self.given = 0

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, size: int, /) -> bytes:
            self.given += size
            return b"\x1f\x8b\x08\0" + bytes(size - 4) if self.given == size else bytes(size)

    endless = Endless()
    layer = StoredLayer(
        digest=Digest("sha256", ZERO),
        diff_id=DiffId("sha256", ZERO),
        size_bytes=1000,
        media_type="",
        open_blob=lambda: endless,
    )
    with pytest.raises(ImageError):
        read_layer(layer, ALL)
    assert endless.given < 4 * 2**20


def test_a_stream_that_fails_is_an_image_error() -> None:
    class Failing(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    layer = msgspec.structs.replace(stored_layer(STORED, TAR), open_blob=Failing)
    with pytest.raises(ImageError, match="Input/output error"):
        read_layer(layer, ALL)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("./etc/passwd", "etc/passwd"),
        ("a/../../b", "b"),
        ("a//b/./c", "a/b/c"),
        ("C:\\x", "C:\\x"),
        ("\\\\?\\x", "\\\\?\\x"),
    ],
)
def test_a_path_stays_inside_the_image(path: str, kept: str) -> None:
    assert content_of([Member(path=path, content=b"x")]).kept == {kept: b"x"}


@pytest.mark.parametrize("path", [".", "./", "/", "", "..", "a/.."])
def test_the_root_itself_is_no_entry(path: str) -> None:
    assert content_of([Member(path=path, kind="5"), Member(path="f")]).paths == ["f"]


@pytest.mark.parametrize(
    "path",
    [
        b"caf\xe9",
        "\u202eevil".encode(),
        b"esc\x1b]0;x\x07",
        b"cr\r",
        "e\u0301".encode(),
        "\u00e9".encode(),
        b"CASE",
        b"case",
    ],
)
def test_odd_names_are_kept_as_they_are(path: bytes) -> None:
    (found,) = content_of([Member(path=path, content=b"x")]).paths
    assert found.encode("utf-8", "surrogateescape") == path


def test_twins_in_case_and_normal_form_are_not_merged() -> None:
    names = ["A", "a", "e\u0301", "\u00e9"]
    assert content_of([Member(path=name) for name in names]).paths == names


def test_paths_that_are_too_long_or_too_deep_are_left_out_and_counted() -> None:
    members = [
        Member(path="x/" * 300 + "f"),
        Member(path="y" * 5000),
        Member(path="z/" * 200 + "ok"),
        Member(path="ok"),
    ]
    content = content_of(members)
    assert content.paths == ["z/" * 200 + "ok", "ok"]
    assert "longer or deeper than the limit were left out (`path_bytes`, `path_depth`) (2)" in why(content)


def test_hard_links_to_earlier_and_later_files_have_their_content() -> None:
    content = content_of(
        [
            Member(path="before", kind="1", link="file"),
            Member(path="file", content=b"abc"),
            Member(path="after", kind="1", link="./before"),
        ]
    )
    assert content.kept == {"before": b"abc", "file": b"abc", "after": b"abc"}
    assert list(content.size_column) == [3, 3, 3]
    assert content.disk_bytes == 3


def test_hard_links_that_lead_nowhere_are_empty_files() -> None:
    content = content_of(
        [
            Member(path="missing", kind="1", link="nothing"),
            Member(path="a", kind="1", link="b"),
            Member(path="b", kind="1", link="a"),
            Member(path="self", kind="1", link="self"),
        ]
    )
    assert content.kinds == HARD_LINK.encode() * 4
    assert content.kept == {}


def test_a_hard_link_to_a_symbolic_link_is_that_link() -> None:
    content = content_of(
        [Member(path="s", kind="2", link="f"), Member(path="h", kind="1", link="s"), Member(path="f")]
    )
    assert content.kinds == (SYMLINK * 2 + FILE).encode()
    assert content.links == {0: "f", 1: "f"}


def test_a_wanted_hard_link_to_an_unwanted_file_is_read_in_a_second_pass() -> None:
    members = [
        Member(path="cache/object", content=b"meta"),
        Member(path="site/METADATA", kind="1", link="cache/object"),
    ]
    assert content_of(members, "**/METADATA").kept == {"site/METADATA": b"meta"}


def test_of_two_entries_with_one_path_the_last_wins() -> None:
    content = content_of(
        [Member(path="f", content=b"1"), Member(path="g"), Member(path="f", content=b"two", mode=0o4755)]
    )
    assert sorted(content.paths) == ["f", "g"]
    assert content.kept["f"] == b"two"
    assert content.mode_column[content.paths.index("f")] == 0o4755


def test_an_entry_beneath_a_link_of_its_layer_stands_where_the_link_leads() -> None:
    tree = merge_layers(
        [content_of([Member(path="lib/x", content=b"x"), Member(path="lib", kind="2", link="usr/lib")])]
    )
    assert tree.read("usr/lib/x") == b"x"
    assert tree.read("lib/x") == b"x"


def test_an_entry_beneath_a_file_of_its_layer_is_left_out_and_told() -> None:
    content = content_of(
        [Member(path="f", content=b"x"), Member(path="f/below", content=b"y"), Member(path="f/b2")]
    )
    assert content.paths == ["f"]
    assert "2 entries beneath something that is no directory" in why(content)


def test_entries_beneath_links_in_a_circle_are_left_out() -> None:
    content = content_of(
        [
            Member(path="a", kind="2", link="b"),
            Member(path="b", kind="2", link="a"),
            Member(path="a/x", content=b"x"),
        ]
    )
    assert content.paths == ["a", "b"]


def test_whiteouts_are_kept_apart_and_never_remove_a_parent() -> None:
    content = content_of(
        [
            Member(path="d/.wh.gone"),
            Member(path=".wh.top"),
            Member(path="d/.wh.dir/", kind="5"),
            Member(path="o/.wh..wh..opq"),
            Member(path=".wh..wh.plnk", kind="5"),
            Member(path="o/.wh..wh..opqX"),
            Member(path="d/.wh."),
            Member(path="d/.wh..."),
            Member(path="d/.wh..\x20"),
        ]
    )
    assert content.paths == []
    assert content.removed == ("d/. ", "d/dir", "d/gone", "top")
    assert content.opaque == ("o",)
    assert "without a name was left out (2)" in why(content)


def test_a_layer_that_inflates_over_the_limit_is_kept_up_to_there() -> None:
    tar = tar_bytes([Member(path="first", content=b"1"), Member(path="bomb", content=bytes(30 * 2**20))])
    layer = stored_layer(gzip_bytes(tar), tar)
    content = read_layer(layer, ALL, limits(layer_bytes=2**20))
    assert content.kept == {"first": b"1"}
    assert content.diff_id is None
    assert content.digest == layer.digest
    assert f"{layer.digest}" in why(content)
    assert "inflates to more than 1048576 bytes" in why(content)


def test_a_bomb_takes_no_memory() -> None:
    tar = tar_bytes([Member(path="bomb", content=bytes(2**20))])[:512]

    class Bomb:
        """A gigabyte of zeros after a header, in many gzip members."""

        def __init__(self) -> None:
            self.parts = [gzip_bytes(tar), *[gzip_bytes(bytes(2**24), 1)] * 64]
            self.left = b""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, size: int, /) -> bytes:
            if not self.left and self.parts:
                self.left = self.parts.pop(0)
            part, self.left = self.left[:size], self.left[size:]
            return part

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    layer = StoredLayer(
        digest=None, diff_id=DiffId("sha256", ZERO), size_bytes=None, media_type="", open_blob=Bomb
    )
    content = read_layer(layer, ALL, limits(layer_bytes=2**28))
    assert "inflates to more than" in why(content)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_more_entries_than_the_limit_are_told() -> None:
    content = content_of(
        [Member(path=f"f{number}", content=b"x") for number in range(5)], limits=limits(entries=3)
    )
    assert len(content.paths) == 3
    assert content.diff_id is None
    assert "more than 3 entries" in why(content)


def test_files_over_the_limits_are_left_out_by_name_and_the_rest_is_kept() -> None:
    members = [
        Member(path="large", content=bytes(101)),
        *[Member(path=f"f{at}", content=bytes(90)) for at in range(3)],
    ]
    content = content_of(members, limits=limits(file_bytes=100, kept_bytes=200))
    assert sorted(content.kept) == ["f0", "f1"]
    assert "'large'" in why(content)
    assert "'f2'" in why(content)
    assert content.diff_id is not None


def test_a_wanted_sparse_file_is_told_and_not_read() -> None:
    content = content_of(
        [Member(path="db", content=b"0\n", pax={"GNU.sparse.major": b"1", "GNU.sparse.realsize": b"9"})]
    )
    assert content.kept == {}
    assert "sparse" in why(content)
    assert list(content.size_column) == [9]


def test_condensed_files_keep_only_what_the_reader_made_of_them() -> None:
    content = content_of(
        [Member(path="lib/a.so", content=bytes(77)), Member(path="b", content=b"b")],
        "b",
        condenses=("lib/*.so",),
    )
    assert content.kept == {"b": b"b"}
    assert content.condensed == {"everything": {"lib/a.so": b"lib/a.so has 77 bytes"}}


def test_every_kind_of_entry_has_its_letter() -> None:
    kinds = "01234567"
    members = [Member(path=kind, kind=kind, link="0" if kind in "12" else "") for kind in kinds]
    content = content_of([*members, Member(path="volume", kind="V"), Member(path="odd", kind="Z")])
    assert content.kinds == b"-hlcbdp--"
    assert DIRECTORY == "d"


def test_errors_name_the_layer() -> None:
    layer = layer_of(Member(path="f", checksum=False))
    with pytest.raises(ImageError, match=str(layer.digest)):
        read_layer(layer, ALL)
