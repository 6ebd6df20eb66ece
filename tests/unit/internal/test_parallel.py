"""The same work on several things: the same result as one after the other."""

from __future__ import annotations

import threading

import pytest

from basewise._internal.parallel import map_in_threads

pytestmark = pytest.mark.usefixtures("way")


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
