"""Work on a stream beside the work that makes its bytes: the same result as one after the other."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from basewise._internal import beside
from basewise._internal.beside import Beside, Reader

PIECE_BYTES = 1000
DATA = bytes(range(256)) * 100


pytestmark = pytest.mark.usefixtures("way")
Result = TypeVar("Result")


def read_beside(stream: Reader, work: Callable[[Reader], Result]) -> Result:
    with Beside() as other:
        return other.read(stream, work, piece_bytes=PIECE_BYTES)


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
    assert read_beside(Source(50), everything) == [DATA[:PIECE_BYTES]] * 50


def test_work_may_ask_for_smaller_pieces_than_are_read() -> None:
    def in_small_pieces(stream: Reader) -> bytes:
        parts: Iterator[bytes] = iter(lambda: stream.read(7), b"")
        return b"".join(parts)

    whole = DATA[:PIECE_BYTES] * 3
    assert read_beside(io.BytesIO(whole), in_small_pieces) == whole


def test_after_work_that_ends_early_the_stream_is_read_to_its_end() -> None:
    source = Source(100)
    first = read_beside(source, lambda stream: stream.read(PIECE_BYTES))
    assert first == DATA[:PIECE_BYTES]
    assert source.given == 100


def test_work_that_fails_ends_the_reading() -> None:
    def fail(stream: Reader) -> None:
        stream.read(PIECE_BYTES)
        raise ValueError("damaged")

    source = Source(10**9)
    with pytest.raises(ValueError, match="damaged"):
        read_beside(source, fail)
    assert source.given < 10**9


@pytest.mark.parametrize("failure", [OSError("gone"), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_a_failure_of_the_stream_is_raised(failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        read_beside(Source(20, failure), everything)


def test_a_failure_of_the_stream_after_the_work_has_ended_is_raised_too() -> None:
    with pytest.raises(OSError, match="gone"):
        read_beside(Source(20, OSError("gone")), lambda stream: stream.read(PIECE_BYTES))


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
            read_beside(Source(4, OSError("gone")), fail_at(4))
        with pytest.raises(OSError, match="gone"):
            read_beside(Source(4, OSError("gone")), fail_at(5))


def test_no_thread_outlives_the_block() -> None:
    before = threading.active_count()
    read_beside(Source(20), everything)
    with Beside() as other:
        other.give(hashlib.sha256().update, DATA)
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

    read_beside(source, slowly)
    assert len(ahead) == 1_000
    # Those that wait, and the one that is at hand on either side.
    assert max(ahead) <= (beside._QUEUED_JOBS + 2 if way == "threads" else 0)


def test_everything_is_done_in_the_order_in_which_it_was_given() -> None:
    hashes = [hashlib.sha256(), hashlib.sha512()]
    with Beside() as other:
        for number in range(100):
            other.give(hashes[number % 2].update, bytes([number]) * 5000)
        other.wait()
        for at, found in enumerate(hashes):
            whole = b"".join(bytes([n]) * 5000 for n in range(at, 100, 2))
            assert found.hexdigest() == hashlib.new(found.name, whole).hexdigest()


def test_what_is_given_while_a_stream_is_read_is_done_too() -> None:
    """Also what comes after the work has ended, and after it has failed."""

    class Telling(Source):
        def read(self, size: int, /) -> bytes:
            other.give(given.append, b"%d" % self.given)
            return super().read(size)

    def fail(stream: Reader) -> None:
        stream.read(PIECE_BYTES)
        raise ValueError("damaged")

    given: list[bytes] = []
    with Beside() as other:
        assert other.read(Telling(50), lambda stream: stream.read(1), piece_bytes=PIECE_BYTES) == DATA[:1]
        other.wait()
        assert given == [b"%d" % number for number in range(51)]
        with pytest.raises(ValueError, match="damaged"):
            other.read(Telling(50), fail, piece_bytes=PIECE_BYTES)
        before = len(given)
        other.give(given.append, b"last")
        other.wait()
        assert given[before - 1 :][-1] == b"last"


def test_a_failure_of_what_was_given_is_raised_by_the_one_who_waits(way: str) -> None:
    def fail(_: bytes) -> None:
        raise MemoryError

    done: list[bytes] = []
    with Beside() as other:
        if way == "no threads":
            with pytest.raises(MemoryError):
                other.give(fail, b"")
            return
        other.give(fail, b"")
        other.give(done.append, b"next")
        with pytest.raises(MemoryError):
            other.wait()
        assert done == [b"next"]


def test_a_block_that_is_left_while_its_stream_is_read_ends_its_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An interruption may come at any line, also where the other thread is not yet told of it."""

    def interrupted(_: object, job: beside._Job) -> None:
        put(other._jobs, job)
        if job[1] == DATA[:PIECE_BYTES]:
            monkeypatch.setattr(
                beside._Jobs, "put", lambda _, job: None if job[1] is interruption else put(_, job)
            )
            raise interruption

    put, interruption = beside._Jobs.put, KeyboardInterrupt()
    before = threading.active_count()
    with Beside() as other:
        monkeypatch.setattr(beside._Jobs, "put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            other.read(Source(3, interruption), everything, piece_bytes=PIECE_BYTES)
    assert threading.active_count() == before


def test_without_memory_to_spare_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_RETAINED_BYTES", 2**62)
    assert read_beside(Source(3), everything) == [DATA[:PIECE_BYTES]] * 3
