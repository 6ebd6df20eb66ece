"""Work beside: another thread does what it is given, in order, while the giving one makes what comes next.

Where the system allows no further thread, everything is done at once by the giving one, slower.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Protocol, Self, TypeAlias, TypeVar, cast

from basewise._internal.parallel import start_thread

__all__ = ["Beside", "Reader"]

Result = TypeVar("Result")
_Work: TypeAlias = Callable[[bytes], object]
_Job: TypeAlias = "tuple[_Work | None, bytes | BaseException]"
"""What to do, and with what; without a work it is the next piece of the stream that is being read."""
_NO_MORE: _Job = (None, EOFError("the reading was given up"))
"""The last job; to work on a stream that was left in the middle, an error."""
_QUEUED_JOBS = 32
_RETAINED_BYTES = 16 * 1024**2
"""More than any piece and half of what waits, with room."""


class Reader(Protocol):
    """Something to read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; nothing only at the end."""


class _Jobs:
    """What one thread hands to another, at most so much at a time; `queue.Queue` costs ten times as much."""

    def __init__(self) -> None:
        self._given: SimpleQueue[_Job] = SimpleQueue()
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(_QUEUED_JOBS):
            self._places.put(None)

    def put(self, job: _Job) -> None:
        """Hand on; waits while there are too many."""
        self._places.get()
        self._given.put(job)

    def get(self) -> _Job:
        """Take the next; waits for it."""
        job = self._given.get()
        self._places.put(None)
        return job


class Beside:
    """Another thread, which ends with the `with` block that it is opened by."""

    def __init__(self) -> None:
        self._jobs = _Jobs()
        self._ended = False
        self._failure: BaseException | None = None
        self._thread = start_thread(self._run, "basewise-beside")
        if self._thread is not None:
            _retain_freed_memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._jobs.put(_NO_MORE)
            self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            self._do(self._take())

    def _take(self) -> _Job:
        job = self._jobs.get()
        self._ended = job is _NO_MORE
        return job

    def _do(self, job: _Job) -> None:
        """Do one thing, in this thread; the first failure is kept for `wait`."""
        work, data = job
        if work is None or not isinstance(data, bytes):
            return
        try:
            work(data)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = self._failure or error

    def give(self, work: _Work, data: bytes) -> None:
        """Have `work(data)` done after all that was given before."""
        if self._thread is None:
            work(data)
        else:
            self._jobs.put((work, data))

    def wait(self) -> None:
        """Wait until all that was given is done.

        Raises:
            BaseException: The first failure of it.
        """
        if self._thread is not None:
            done: SimpleQueue[bytes] = SimpleQueue()
            self._jobs.put((done.put, b""))
            done.get()
        if self._failure is not None:
            raise self._failure

    def read(self, stream: Reader, work: Callable[[Reader], Result], *, piece_bytes: int) -> Result:
        """Return `work(stream)`, with the stream read in this thread and worked on in the other.

        What `work` sees, returns and raises is the same as without threads, but that the stream has been read
        further than `work` asked; when `work` returns, the rest of the stream is read too.

        Args:
            stream: Read from this thread only, to its end or until `work` fails.
            work: Called with a stream of the same bytes and errors, from the other thread.
            piece_bytes: How much is read at a time.
        """
        if self._thread is None:
            result = work(stream)
            while stream.read(piece_bytes):
                pass
            return result
        fed = _Fed(self._piece, work)
        self._jobs.put((fed.run, b""))
        try:
            while fed.failure is None and (part := stream.read(piece_bytes)):
                self._jobs.put((None, part))
        except Exception as error:
            self._jobs.put((None, error))
            fed.result()
            raise
        except BaseException as interruption:
            self._jobs.put((None, interruption))
            raise
        self._jobs.put((None, b""))
        return fed.result()

    def _piece(self) -> bytes | BaseException:
        """Return the next piece of the stream that is being read; do on the way what else was given."""
        while True:
            work, data = job = self._take()
            if work is None:
                return data
            self._do(job)


class _Fed(Generic[Result]):
    """A stream that another thread reads, and the work on it."""

    def __init__(self, piece: Callable[[], bytes | BaseException], work: Callable[[Reader], Result]) -> None:
        self._piece = piece
        self._work = work
        self._rest = b""
        self._ended = False
        self._result: Result | None = None
        self._done: SimpleQueue[None] = SimpleQueue()
        self.failure: BaseException | None = None

    def run(self, _: bytes) -> None:
        """Work on the stream, then take what is left of it."""
        try:
            self._result = self._work(self)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self.failure = error
        while not self._ended:
            self._next()
        self._done.put(None)

    def _next(self) -> bytes | BaseException:
        """Return what comes next; an end, or an error, comes once."""
        found = self._piece()
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

    def result(self) -> Result:
        """Wait for the work; return or raise what came of it."""
        self._done.get()
        if self.failure is not None:
            raise self.failure
        return cast("Result", self._result)


def _retain_freed_memory() -> None:
    """Have glibc keep the memory of freed pieces for the next ones, instead of giving each back to the system.

    It raises its thresholds to the largest block that was freed. Nothing is touched of this one; other allocators
    do nothing with it.
    """
    with suppress(MemoryError):
        bytes(_RETAINED_BYTES)
