"""Threads: the same work on several things, and hashing beside the work that makes the bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Protocol, TypeVar

__all__ = ["Hashing", "hashing_beside", "map_in_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")
_QUEUED_CHUNKS = 4
_SECONDS_AFTER_INTERRUPTION = 1.0


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Hashing:
    """Hashes that are computed in another thread; `hashlib` lets go of the interpreter for large pieces."""

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes: list[_Hash] = [hashlib.new(name, usedforsecurity=True) for name in algorithms]
        self._queue: Queue[tuple[int, bytes] | None] = Queue(_QUEUED_CHUNKS)
        self._thread = Thread(target=self._work, name="basewise-hash", daemon=True)
        self._thread.start()
        self._ended = False

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            self._hashes[job[0]].update(job[1])

    def update(self, number: int, data: bytes) -> None:
        """Add bytes to the hash of this number; they must not be changed afterwards."""
        self._queue.put((number, data))

    def end(self) -> None:
        """Wait until everything is hashed."""
        if not self._ended:
            self._ended = True
            self._queue.put(None)
            self._thread.join()

    def value(self, number: int) -> str:
        """Return a hash in hexadecimal digits; nothing can be added afterwards."""
        self.end()
        return self._hashes[number].hexdigest()


@contextmanager
def hashing_beside(*algorithms: str) -> Iterator[Hashing]:
    """Give hashes that work in a thread of their own, which ends with the block."""
    hashing = Hashing(algorithms)
    try:
        yield hashing
    finally:
        hashing.end()


def map_in_threads(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> list[Result]:
    """Return `work` of each item, in order; the first failure in order is raised, and nothing more is begun.

    A failure is raised when the work that was begun has ended; an interruption, at the latest a second after it.

    Args:
        work: Called from several threads at once.
        items: What to work on.
        threads: How many at a time.
    """
    todo = list(items)
    if threads == 1 or len(todo) <= 1:
        return [work(item) for item in todo]
    from concurrent.futures import ThreadPoolExecutor, wait  # noqa: PLC0415 - not where one thread is enough

    pool = ThreadPoolExecutor(threads, thread_name_prefix="basewise")
    futures = [pool.submit(work, item) for item in todo]
    try:
        results = [future.result() for future in futures]
    except (KeyboardInterrupt, SystemExit):
        pool.shutdown(wait=False, cancel_futures=True)
        wait([future for future in futures if not future.done()], _SECONDS_AFTER_INTERRUPTION)
        raise
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return results
