"""Work on a stream beside the work that makes its bytes: the same result as one after the other."""

from __future__ import annotations

import hashlib
import io
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from basewise._internal import parallel
from basewise._internal.parallel import Reader, hashing_beside, map_in_threads, read_beside

PIECE_BYTES = 1000
DATA = bytes(range(256)) * 100


@pytest.fixture(params=["threads", "no threads"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run with threads, and as where the system allows no more of them."""
    way: str = request.param
    if way == "no threads":

        def refuse(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
    return way


class Source:
    """A stream that fails after so many pieces."""

    def __init__(self, pieces: int, failure: BaseException | None = None) -> None:
        self.given = 0
        self._pieces = pieces
        self._failure = failure

    def read(self, size: int, /) -> bytes:
        if self.given == self._pieces:
            if self._failure is not None:
                raise self._failure
            return b""
        self.given += 1
        return DATA[:size]


def everything(stream: Reader) -> list[bytes]:
    return list(iter(lambda: stream.read(PIECE_BYTES), b""))


def test_work_sees_the_bytes_of_the_stream() -> None:
    assert read_beside(Source(50), everything, piece_bytes=PIECE_BYTES) == [DATA[:PIECE_BYTES]] * 50


def test_work_may_ask_for_smaller_pieces_than_are_read() -> None:
    def in_small_pieces(stream: Reader) -> bytes:
        parts: Iterator[bytes] = iter(lambda: stream.read(7), b"")
        return b"".join(parts)

    whole = DATA[:PIECE_BYTES] * 3
    assert read_beside(io.BytesIO(whole), in_small_pieces, piece_bytes=PIECE_BYTES) == whole


def test_after_work_that_ends_early_the_stream_is_read_to_its_end() -> None:
    source = Source(100)
    first = read_beside(source, lambda stream: stream.read(PIECE_BYTES), piece_bytes=PIECE_BYTES)
    assert first == DATA[:PIECE_BYTES]
    assert source.given == 100


def test_work_that_fails_ends_the_reading() -> None:
    def fail(stream: Reader) -> None:
        stream.read(PIECE_BYTES)
        raise ValueError("damaged")

    source = Source(10**9)
    with pytest.raises(ValueError, match="damaged"):
        read_beside(source, fail, piece_bytes=PIECE_BYTES)
    assert source.given < 10**9


@pytest.mark.parametrize("failure", [OSError("gone"), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_a_failure_of_the_stream_is_raised(failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        read_beside(Source(20, failure), everything, piece_bytes=PIECE_BYTES)


def test_a_failure_of_the_stream_after_the_work_has_ended_is_raised_too() -> None:
    with pytest.raises(OSError, match="gone"):
        read_beside(
            Source(20, OSError("gone")), lambda stream: stream.read(PIECE_BYTES), piece_bytes=PIECE_BYTES
        )


def test_of_two_failures_the_one_that_comes_first_in_the_stream_is_raised() -> None:
    """However far the stream was read when the work failed: the same image has the same error each time."""

    def fail_at(number: int) -> Callable[[Reader], None]:
        def work(stream: Reader) -> None:
            for _ in range(number):
                stream.read(PIECE_BYTES)
            raise ValueError("damaged")

        return work

    for _ in range(20):
        with pytest.raises(ValueError, match="damaged"):
            read_beside(Source(4, OSError("gone")), fail_at(4), piece_bytes=PIECE_BYTES)
        with pytest.raises(OSError, match="gone"):
            read_beside(Source(4, OSError("gone")), fail_at(5), piece_bytes=PIECE_BYTES)


def test_no_thread_outlives_the_work() -> None:
    before = threading.active_count()
    read_beside(Source(20), everything, piece_bytes=PIECE_BYTES)
    with hashing_beside("sha256"):
        pass
    assert threading.active_count() == before


def test_only_so_many_pieces_are_read_ahead(way: str) -> None:
    """The stream waits for the work, so that memory has a bound."""
    source = Source(1_000)
    ahead = []

    def slowly(stream: Reader) -> None:
        taken = 0
        while stream.read(PIECE_BYTES):
            taken += 1
            ahead.append(source.given - taken)

    read_beside(source, slowly, piece_bytes=PIECE_BYTES)
    assert len(ahead) == 1_000
    # Those that wait, and the one that is at hand on either side.
    assert max(ahead) <= (parallel._QUEUED_PIECES + 2 if way == "threads" else 0)


def test_hashes_are_those_of_all_pieces_in_order() -> None:
    with hashing_beside("sha256", "sha512") as hashing:
        for number in range(100):
            hashing.update(number % 2, bytes([number]) * 5000)
        assert (
            hashing.value(0)
            == hashlib.sha256(b"".join(bytes([n]) * 5000 for n in range(0, 100, 2))).hexdigest()
        )
        assert (
            hashing.value(1)
            == hashlib.sha512(b"".join(bytes([n]) * 5000 for n in range(1, 100, 2))).hexdigest()
        )


def test_results_come_in_the_order_of_the_items() -> None:
    begun: list[int] = []
    found = map_in_threads(lambda number: number * 2, range(50), threads=4, begun=begun.append)
    assert found == [number * 2 for number in range(50)]
    assert begun == list(range(50))
    assert map_in_threads(str, [], threads=4) == []


def test_the_first_failure_in_order_is_raised_and_nothing_more_is_begun() -> None:
    begun: list[int] = []
    late = threading.Event()

    def fail_from_two(number: int) -> None:
        if number == 2:
            late.wait(0.05)
        if number >= 2:
            raise ValueError(str(number))

    with pytest.raises(ValueError, match="2"):
        map_in_threads(fail_from_two, range(1_000), threads=4, begun=begun.append)
    assert len(begun) <= 6


def test_an_interruption_ends_the_work_of_the_other_threads() -> None:
    ended, main = threading.Event(), threading.main_thread()
    running = threading.Event()

    def work(_: int) -> None:
        if threading.current_thread() is main:
            running.wait(1)
            raise KeyboardInterrupt
        running.set()
        assert ended.wait(30)

    with pytest.raises(KeyboardInterrupt):
        map_in_threads(work, range(100), threads=3, interrupt=ended.set)
    assert ended.is_set()


def test_turns_are_short_while_a_stream_is_read_and_then_as_before(way: str) -> None:
    seen: list[float] = []

    class Watched(Source):
        def read(self, size: int, /) -> bytes:
            seen.append(sys.getswitchinterval())
            if len(seen) == 2:
                read_beside(Source(2), lambda inner: inner.read(1), piece_bytes=PIECE_BYTES)
            return super().read(size)

    before = sys.getswitchinterval()
    read_beside(Watched(4), lambda reader: [reader.read(10) for _ in range(3)], piece_bytes=PIECE_BYTES)
    with pytest.raises(OSError, match="cut"):
        read_beside(Source(1, OSError("cut")), drained, piece_bytes=PIECE_BYTES)
    assert sys.getswitchinterval() == before
    short = [turn < before for turn in seen]
    assert all(short) if way == "threads" else not any(short)


def drained(reader: Reader) -> None:
    while reader.read(PIECE_BYTES):
        pass
