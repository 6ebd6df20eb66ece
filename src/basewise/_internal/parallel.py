"""The same work on several things, in several threads; in fewer where the system allows no more of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

__all__ = ["map_in_threads", "start_thread"]

Item = TypeVar("Item")
Result = TypeVar("Result")
_SECONDS_AFTER_INTERRUPTION = 1.0


def start_thread(work: Callable[[], None], name: str) -> Thread | None:
    """Return a thread that works and does not keep the process alive; None where the system allows no more of them."""
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
        thread
        for _ in range(min(threads, len(todo)) - 1)
        if (thread := start_thread(run.go, "basewise-work"))
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
