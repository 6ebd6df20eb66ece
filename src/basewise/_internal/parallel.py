"""Threads: the same work on several things, and work on a stream beside the work that makes its bytes.

Where the system allows no further thread, the same is done without it, slower.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Generic, Protocol, TypeVar, cast

__all__ = ["Hashing", "hashing_beside", "map_in_threads", "read_beside"]

Item = TypeVar("Item")
Result = TypeVar("Result")
_QUEUED_PIECES = 8
_SECONDS_AFTER_INTERRUPTION = 1.0
_TURN_SECONDS = 0.0001
"""How long a thread may keep the interpreter while another waits for it; Python's own 5 ms are seven pieces' time."""


class _Pieces(Generic[Item]):
    """What one thread hands to another, at most so many at a time; `queue.Queue` costs ten times as much."""

    def __init__(self) -> None:
        self._given: SimpleQueue[Item] = SimpleQueue()
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(_QUEUED_PIECES):
            self._places.put(None)

    def put(self, item: Item) -> None:
        """Hand on; waits while there are too many."""
        self._places.get()
        self._given.put(item)

    def get(self) -> Item:
        """Take the next; waits for it."""
        item = self._given.get()
        self._places.put(None)
        return item


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Hashing:
    """Hashes that are computed in another thread; `hashlib` lets go of the interpreter for large pieces."""

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes: list[_Hash] = [hashlib.new(name, usedforsecurity=True) for name in algorithms]
        self._queue: _Pieces[tuple[int, bytes] | None] = _Pieces()
        self._thread = _started(self._work, "basewise-hash")

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            self._hashes[job[0]].update(job[1])

    def update(self, number: int, data: bytes) -> None:
        """Add bytes to the hash of this number; they must not be changed afterwards."""
        if self._thread is None:
            self._hashes[number].update(data)
        else:
            self._queue.put((number, data))

    def end(self) -> None:
        """Wait until everything is hashed."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def value(self, number: int) -> str:
        """Return a hash in hexadecimal digits; nothing can be added afterwards."""
        self.end()
        return self._hashes[number].hexdigest()


class _ShortTurns:
    """Lets threads take turns often while anybody asks for it, and then as before; the setting is the process's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asking = 0
        self._before = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if self._asking == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._before, _TURN_SECONDS))
            self._asking += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._asking -= 1
            if self._asking == 0:
                sys.setswitchinterval(self._before)


_short_turns = _ShortTurns()


@contextmanager
def hashing_beside(*algorithms: str) -> Iterator[Hashing]:
    """Give hashes that work in a thread of their own, which ends with the block."""
    hashing = Hashing(algorithms)
    try:
        yield hashing
    finally:
        hashing.end()


class Reader(Protocol):
    """Something to read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; nothing only at the end."""


class _Fed(Generic[Result]):
    """A stream that another thread fills, and the thread that works on it."""

    def __init__(self, work: Callable[[Reader], Result]) -> None:
        self._work = work
        self._queue: _Pieces[bytes | BaseException] = _Pieces()
        self._rest = b""
        self._ended = False
        self._result: Result | None = None
        self.failure: BaseException | None = None
        self.thread = _started(self._run, "basewise-read")

    def _run(self) -> None:
        try:
            self._result = self._work(self)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self.failure = error
        while not self._ended:
            self._next()

    def _next(self) -> bytes | BaseException:
        """Return what comes next; an end, or an error, comes once."""
        found = self._queue.get()
        self._ended = not found or isinstance(found, BaseException)
        return found

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, to the thread that works on them."""
        if not self._rest:
            if self._ended:
                return b""
            found = self._next()
            if isinstance(found, BaseException):
                raise found
            self._rest = found
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def feed(self, part: bytes | BaseException) -> None:
        """Hand on the next part; nothing is the end, an error is raised where the stream is read."""
        self._queue.put(part)

    def result(self) -> Result:
        """Wait for the work; return or raise what came of it."""
        if self.thread is not None:
            self.thread.join()
        if self.failure is not None:
            raise self.failure
        return cast("Result", self._result)


def read_beside(stream: Reader, work: Callable[[Reader], Result], *, piece_bytes: int) -> Result:
    """Return `work(stream)`, with the stream read in this thread and worked on in another.

    What `work` sees, returns and raises is the same as without threads, but that the stream has been read further
    than `work` asked; when `work` returns, the rest of the stream is read too.

    Args:
        stream: Read from this thread only, to its end or until `work` fails.
        work: Called with a stream of the same bytes and errors, from another thread.
        piece_bytes: How much is read at a time.
    """
    fed = _Fed(work)
    if fed.thread is None:
        result = work(stream)
        while stream.read(piece_bytes):
            pass
        return result
    try:
        with _short_turns:
            while fed.failure is None and (part := stream.read(piece_bytes)):
                fed.feed(part)
    except Exception as error:
        fed.feed(error)
        fed.result()
        raise
    except BaseException as interruption:
        fed.feed(interruption)
        raise
    fed.feed(b"")
    return fed.result()


def _started(work: Callable[[], None], name: str) -> Thread | None:
    """Return a thread that works; None where the system allows no more of them."""
    thread = Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


class _Run(Generic[Item, Result]):
    """Items that several threads take one after the other, and what came of them."""

    def __init__(
        self, work: Callable[[Item], Result], items: list[Item], begun: Callable[[Item], None] | None
    ) -> None:
        self._work = work
        self._items = items
        self._begun = begun
        self._next = 0
        self._taking = Lock()
        self.stopped = False
        self.results: dict[int, Result] = {}
        self.failures: dict[int, Exception] = {}

    def go(self) -> None:
        """Work until there is nothing more to take."""
        while (number := self._take()) is not None:
            try:
                self.results[number] = self._work(self._items[number])
            except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
                self.failures[number] = error
                self.stopped = True

    def _take(self) -> int | None:
        with self._taking:
            number = self._next
            if self.stopped or number == len(self._items):
                return None
            self._next += 1
            if self._begun is not None:
                self._begun(self._items[number])
            return number


def map_in_threads(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int,
    begun: Callable[[Item], None] | None = None,
    interrupt: Callable[[], None] | None = None,
) -> list[Result]:
    """Return `work` of each item, in order; the first failure in order is raised, and nothing more is begun.

    A failure is raised when the work that was begun has ended; an interruption, at the latest a second after it.

    Args:
        work: Called from this thread and from others at once.
        items: What to work on.
        threads: How many at a time, this one included.
        begun: Told what is begun, in order, by one thread at a time.
        interrupt: Ends the work of the other threads when this one was interrupted.
    """
    todo = list(items)
    run = _Run(work, todo, begun)
    others = [
        thread for _ in range(min(threads, len(todo)) - 1) if (thread := _started(run.go, "basewise-work"))
    ]
    try:
        run.go()
        for thread in others:
            thread.join()
    except BaseException:
        run.stopped = True
        if interrupt is not None:
            interrupt()
        until = monotonic() + _SECONDS_AFTER_INTERRUPTION
        for thread in others:
            thread.join(max(0.0, until - monotonic()))
        raise
    if run.failures:
        raise run.failures[min(run.failures)]
    return [run.results[number] for number in range(len(todo))]
