"""Layers with more of everything than any honest image has: memory follows the limit, not the layer."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import msgspec
import pytest

from basewise.image.content import LayerContent
from basewise.image.image import StoredLayer
from basewise.image.limits import DEFAULT_LIMITS
from basewise.image.read_layer import read_layer
from basewise.image.wanted import Wanted
from basewise.model.digest import DiffId
from basewise.testing.layers import Everything, content_of
from basewise.testing.tar_writer import Member, gzip_bytes, tar_header

EMPTY_BYTES = 512


@pytest.fixture(autouse=True)
def _without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read ahead would be counted too; how much that may be has a test of its own."""
    monkeypatch.setattr("basewise._internal.beside.start_thread", lambda *_: None)


def repeated_layer(members: int, member: Callable[[int], Member]) -> StoredLayer:
    """Return a layer of members without content, compressed in parts so that it is never whole in memory."""
    parts = []
    for first in range(0, members, 5_000):
        tar = b"".join(tar_header(member(number)) for number in range(first, min(members, first + 5_000)))
        parts.append(gzip_bytes(tar, 1))
    stored = b"".join(parts)

    def open_blob() -> AbstractContextManager[io.BytesIO]:
        return nullcontext(io.BytesIO(stored))

    return StoredLayer(
        digest=None, diff_id=DiffId("sha256", "0" * 64), size_bytes=None, media_type="", open_blob=open_blob
    )


def read_with_cap(layer: StoredLayer, entries: int) -> tuple[LayerContent, int]:
    """Read with a limit of entries; return what was read and the peak of memory."""
    limits = msgspec.structs.replace(DEFAULT_LIMITS, entries=entries)
    wanted = Wanted([Everything()], limits)
    tracemalloc.start()
    try:
        content = read_layer(layer, wanted, limits)
        return content, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


KINDS: dict[str, Callable[[int], Member]] = {
    "files": lambda number: Member(path=f"d/f{number:07}"),
    "whiteouts": lambda number: Member(path=f"d/.wh.f{number:07}"),
    "opaque directories": lambda number: Member(path=f"d{number:07}/.wh..wh..opq"),
    "symbolic links": lambda number: Member(path=f"d/f{number:07}", kind="2", link="x"),
    "hard links": lambda number: Member(path=f"d/f{number:07}", kind="1", link="x"),
    "sparse files": lambda number: Member(path=f"d/f{number:07}", kind="S"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_memory_follows_the_limit_of_entries_and_not_the_layer(kind: str) -> None:
    few, many = (repeated_layer(count, KINDS[kind]) for count in (4_000, 16_000))
    content, small = read_with_cap(few, 3_000)
    assert "more than 3000 entries; the others were not read" in str(content.not_covered)
    content, large = read_with_cap(many, 3_000)
    assert "more than 3000 entries; the others were not read" in str(content.not_covered)
    assert content.diff_id is None
    assert max(len(content.kinds), len(content.removed), len(content.opaque)) == 3_000
    assert large < 1.5 * small + 2**20, (small, large)


def test_an_entry_costs_less_than_half_a_kilobyte() -> None:
    layer = repeated_layer(16_000, KINDS["files"])
    _, few = read_with_cap(layer, 5_000)
    _, more = read_with_cap(layer, 15_000)
    assert (more - few) / 10_000 < EMPTY_BYTES, (few, more)


def test_a_million_times_the_same_entry_is_an_error_that_names_the_limit() -> None:
    with pytest.raises(Exception, match="more than 200 members"):
        read_with_cap(repeated_layer(1_000, lambda _: Member(path="d/.wh.same")), 100)


def test_no_more_than_a_thousand_unreadable_files_are_named() -> None:
    content = content_of([Member(path=f"f{number}", kind="S") for number in range(1_500)])
    assert len(content.not_covered) == 1_001
    assert "more of it could not be read than is named here (500)" in str(content.not_covered)
